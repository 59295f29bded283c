"""The `thumbnail` detector: whether the small picture in a JPEG's EXIF shows what the picture itself shows.

Cameras write it; programs that change a picture often leave it as it was. The finding says that the two differ, which a
crop explains as well as a forgery. Pixels are compared in grey, after whatever changed tones all over was taken back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.exposure import match_histograms

from core.media import Kind, Media, Pixels, View
from detectors.base import Evidence, Finding
from detectors.calibration import Logistic
from detectors.single import SingleDetector, version_of
from detectors.verdicts.heat import heatmap

LEAST_SIDE = 48
"""Of a thumbnail, pixels: cameras write 160 × 120."""
_WINDOW = 7  # pixels of the thumbnail over which differences are averaged: larger than a JPEG block's errors
_BORDER = 4  # pixels, where filters and bars differ
_BAR, _BAR_SHARE = 20, 0.95  # grey levels, and the share of pixels below in the bars that fill 3:2 up to 4:3
_ASPECT = 0.05  # relative; bars and rounding explain less
_MOST = 64.0  # grey levels that are white in the evidence
# python -m training.evaluation.thumbnail
CALIBRATION = Logistic(weights=(3.838,), bias=-11.607, bound=2.0)
THRESHOLD = 25.65  # grey levels
MEASURED_FPR = 0.018


@dataclass(frozen=True, eq=False, slots=True)
class Comparison:
    """aspect: relative difference of the sides' ratios. difference: float32 (h, w), in grey levels of the thumbnail,
    averaged over a few pixels. turned: whether the thumbnail had to be turned or mirrored to fit.
    """

    aspect: float
    difference: NDArray[np.float32]
    turned: bool

    @property
    def most(self) -> float:
        """The largest difference, grey levels."""
        return float(self.difference.max())


def features(found: Comparison) -> tuple[float]:
    """What the calibration reads: the natural logarithm of the largest difference."""
    return (float(np.log(found.most + 1.0)),)


def compare(pixels: Pixels, thumbnail: Pixels) -> Comparison:
    """The picture with its thumbnail, both RGB uint8, in whichever of eight positions the two fit best."""
    whole = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    small = np.asarray(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    as_it_is = _difference(whole, small)
    if float(as_it_is[1].max()) < THRESHOLD:
        return Comparison(*as_it_is, turned=False)
    found = [as_it_is, *(_difference(whole, _turned(small, position)) for position in range(1, 8))]
    best = int(np.argmin([float(each.mean()) for _, each in found]))
    aspect, difference = found[best]
    return Comparison(aspect, difference, best != 0)


class ThumbnailDetector(SingleDetector):
    """Compares a JPEG with the thumbnail in its EXIF."""

    name = "thumbnail"
    label = "stale_thumbnail"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("thumbnail",))
    summary = "Compares a JPEG with the small picture that its camera put into the EXIF, and marks where they differ."
    limits = (
        "Sees nothing where there is no thumbnail: most platforms strip it, and most editors write a new one. Changes "
        "of a few pixels of the thumbnail are too small to see, as are tones changed all over. A crop or a turn leaves "
        "an old thumbnail as a forgery does, and whoever forges can write one that fits."
    )

    def __init__(self) -> None:
        constants = [LEAST_SIDE, _WINDOW, _BORDER, _BAR, _BAR_SHARE, _ASPECT, repr(CALIBRATION), THRESHOLD]
        self.version = version_of(2, constants)

    def examine(self, media: Media) -> Finding:
        """DETECTED where shape or content differ; ABSTAINED where there is no thumbnail, or none that can be read."""
        view = media.view("thumbnail")
        small = _pixels(view)
        if small is None:
            code = "thumbnail.none" if not view.error or media.mime != "image/jpeg" else "thumbnail.damaged"
            return self.abstain("No thumbnail that could be read.", (code,))
        if min(small.shape[:2]) < LEAST_SIDE or min(media.width, media.height) < LEAST_SIDE:
            reason = f"Too small to compare: {LEAST_SIDE} pixels a side are needed of picture and thumbnail."
            return self.abstain(reason, ("thumbnail.too_small",))
        found = compare(media.frames()[0].pixels, small)
        return self._judged(found, (media.width, media.height), small)

    def _judged(self, found: Comparison, size: tuple[int, int], small: Pixels) -> Finding:
        measurements = {"thumbnail.aspect": round(found.aspect, 4), "thumbnail.difference": round(found.most, 2)}
        chance, ratio = CALIBRATION.judge(features(found))
        figures: dict[str, Any] = {
            "fpr_at_threshold": MEASURED_FPR,
            "calibration": CALIBRATION.digest,
            "measurements": measurements,
        }
        reasons = {"thumbnail.aspect": found.aspect > _ASPECT, "thumbnail.content": found.most >= THRESHOLD}
        codes = [code for code, holds in reasons.items() if holds]
        if not codes:
            return self.not_detected(
                "Picture and thumbnail show the same.", probability=chance, log10_lr=ratio, **figures
            )
        # A crop changes both: the calibration knows contents only, so shape alone gets no probability.
        judged = {"probability": chance, "log10_lr": ratio} if found.most >= THRESHOLD else {}
        turned = ["thumbnail.turned"] if found.turned else []
        evidence = (_heat(found, size), _shown(small)) if found.most >= THRESHOLD else (_shown(small),)
        return self.detected(
            f"The thumbnail in the EXIF shows another picture or another part of it: shape off by {found.aspect:.0%}, "
            f"tones by up to {found.most:.0f} grey levels. A crop explains that as well as a forgery.",
            [*codes, *turned],
            evidence,
            **judged,
            **figures,
        )


def _pixels(view: View) -> Pixels | None:
    """The thumbnail, if the view has one in the form that the parser promises."""
    small = view.arrays.get("pixels")
    if view.error or small is None:
        return None
    return small if small.dtype == np.uint8 and small.ndim == 3 and small.shape[2] == 3 else None


def _difference(whole: Pixels, small: Pixels) -> tuple[float, NDArray[np.float32]]:
    """Of the aspect, and of the tones where both are brought to the thumbnail's shape."""
    small = _without_bars(small, whole.shape[1] / whole.shape[0])
    height, width = small.shape
    aspect = abs(np.log((whole.shape[1] / whole.shape[0]) / (width / height)))
    reduced = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
    alike = match_histograms(reduced, small.astype(np.float32))
    away = cv2.blur((small - alike).astype(np.float32), (_WINDOW, _WINDOW))
    away[:_BORDER] = away[-_BORDER:] = away[:, :_BORDER] = away[:, -_BORDER:] = 0
    return float(aspect), np.abs(away)


def _turned(small: Pixels, position: int) -> Pixels:
    """One of the eight positions that EXIF knows; 0 is as it is."""
    flipped = small[:, ::-1] if position >= 4 else small
    return np.ascontiguousarray(np.rot90(flipped, position % 4))


def _without_bars(small: Pixels, aspect: float) -> Pixels:
    """Without the black bars, above and below or at the sides, that fill up a picture of that aspect; as it is where
    they are not black.
    """
    if aspect < small.shape[1] / small.shape[0]:
        return np.ascontiguousarray(_without_bars(small.T, 1 / aspect).T)
    height = round(small.shape[1] / aspect)
    top = (small.shape[0] - height) // 2
    bars = np.concatenate([small[:top], small[top + height + 1 :]])
    cut = height >= LEAST_SIDE and bars.size and float(np.quantile(bars, _BAR_SHARE)) < _BAR
    return small[top : top + height] if cut else small


def _heat(found: Comparison, size: tuple[int, int]) -> Evidence:
    """The differences, as a PNG of the media's size; where the thumbnail had to be turned, for eyes only."""
    drawn = heatmap(found.difference / _MOST, None, size, "Where the thumbnail differs from the picture")
    return replace(drawn, kind="picture") if found.turned else drawn


def _shown(small: Pixels) -> Evidence:
    _, png = cv2.imencode(".png", small[..., ::-1])
    return Evidence("picture", "image/png", png.tobytes(), "The thumbnail in the EXIF")
