"""How good a picture is to look at, as far as it decides what a detector can see in it. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pywt

from core.media import Media, Pixels

LEAST_SIDE = 16
_BLURRED_BY = 11  # pixels of the mean that edges are compared after, as skimage's blur_effect has it
_EDGE = (slice(2, -1), slice(2, -1))  # likewise: what its sums leave out
_NORMAL_MEDIAN = 0.6745  # of |x|, where x is normal with deviation 1
_WINDOW = 512  # pixels of the middle that are measured: the figures hardly change with more, and time does


@dataclass(frozen=True, slots=True)
class Quality:
    """short_side, long_side: pixels.

    jpeg: IJG quality, 1 to 100, of the file's luma table; None where it is no JPEG or no detector asked for that view.
    sharpness: 0 (blurred) to 1, of the middle, after Crété-Roffet et al. (2007). noise: standard deviation in grey
    levels of white noise there, after Donoho & Johnstone (1994); both None on pictures with a side below LEAST_SIDE.
    """

    short_side: int
    long_side: int
    jpeg: int | None = None
    sharpness: float | None = None
    noise: float | None = None

    def measurements(self) -> dict[str, float]:
        """By their names in a finding; what is not known is absent."""
        figures = {
            "quality.short_side": self.short_side,
            "quality.long_side": self.long_side,
            "quality.jpeg": self.jpeg,
            "quality.sharpness": self.sharpness,
            "quality.noise": self.noise,
        }
        return {name: float(value) for name, value in figures.items() if value is not None}


def quality_of(media: Media) -> Quality:
    """Of the media's first picture."""
    pixels = media.frames()[0].pixels
    short, long = sorted(pixels.shape[:2])
    read = media.view("jpeg")
    jpeg = None if read.error else int(read.facts["quality"])
    if short < LEAST_SIDE:
        return Quality(short, long, jpeg)
    grey = _middle(pixels)
    return Quality(short, long, jpeg, _sharpness(grey), _noise(grey))


def _sharpness(grey: Pixels) -> float:
    """Along the more blurred axis, among those with an edge; a flat picture has none that could be sharp.

    The figures are those of skimage's `blur_effect`, which takes thirty times as long.
    """
    along = [each for each in (_blur(grey, axis) for axis in (0, 1)) if each is not None]
    return round(min(1.0, max(0.0, 1.0 - max(along, default=1.0))), 4)


def _blur(grey: Pixels, axis: int) -> float | None:
    """What of the slopes along an axis is left after a mean over some pixels, 0 to 1; None without any slope."""
    values = grey.astype(np.float32)
    size, order = ((1, _BLURRED_BY), (0, 1)) if axis == 0 else ((_BLURRED_BY, 1), (1, 0))
    border = cv2.BORDER_REFLECT
    soft = cv2.blur(values, size, borderType=border)
    before, after = (np.abs(cv2.Sobel(each, cv2.CV_32F, *order, borderType=border))[_EDGE] for each in (values, soft))
    slopes = float(before.sum(dtype=np.float64))
    lost = float(np.maximum(before - after, 0).sum(dtype=np.float64))
    return 1 - lost / slopes if slopes > 0 else None


def _noise(grey: Pixels) -> float:
    """Of the finest diagonal details. Their median is zero where a picture was drawn, and not taken, as it should be;
    skimage's `estimate_sigma` leaves zeros out.
    """
    _, (_, _, diagonal) = pywt.dwt2(grey.astype(np.float32), "db2")
    return round(float(np.median(np.abs(diagonal))) / _NORMAL_MEDIAN, 3)


def _middle(pixels: Pixels) -> Pixels:
    """The luma of the window in the middle, uint8 (h, w)."""
    height, width = pixels.shape[:2]
    top, left = max(0, height - _WINDOW) // 2, max(0, width - _WINDOW) // 2
    window = pixels[top : top + _WINDOW, left : left + _WINDOW].astype(np.float32)
    return np.rint(window @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
