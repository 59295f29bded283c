"""Pictures on their way into a diffusion model and out of it: squares, masks, tensors.

This module knows pixels. It does not know what a model makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.media import Frame, Media, Pixels
from generators import still
from generators.exif import orientation
from generators.marking.drawing import upright

Area: TypeAlias = NDArray[np.bool_]
"""Where something is made anew, shape (height, width)."""
_WHITE = 128
"""Luminance from which a mask is white."""


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """An upload as a viewer shows it: turned as its EXIF says, since what is made of it says nothing there any more.

    pixels: RGB uint8 (h, w, 3). alpha: uint8 (h, w) or None. icc: the profile of its colours, empty where it has none.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    icc: bytes = b""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, pixels."""
        height, width = self.pixels.shape[:2]
        return width, height


def shown(media: Media, field: str) -> Shown:
    """The picture in an upload. Raises InvalidInput naming `field` for video and animations."""
    frame = still.single(media, field, "can be worked from")
    tags = media.view("tags").arrays
    exif, icc = (tags[name].tobytes() if name in tags else b"" for name in ("exif", "icc"))
    turn = orientation(exif)
    picture = frame.frames()[0]
    alpha = None if picture.alpha is None else upright(picture.alpha, turn)
    return Shown(upright(picture.pixels, turn), alpha, still.rgb_profile(icc))


def opaque(picture: Shown) -> Pixels:
    """The picture over white where it is transparent: models know no transparency."""
    if picture.alpha is None:
        return picture.pixels
    share = picture.alpha[..., None].astype(np.float32) / np.float32(255)
    over: Pixels = np.rint(picture.pixels * share + 255 * (1 - share)).astype(np.uint8)
    return over


def squared(pixels: Pixels, side: int) -> Pixels:
    """The middle square of a picture, as one of `side` pixels."""
    height, width = pixels.shape[:2]
    least = min(height, width)
    top, left = (height - least) // 2, (width - least) // 2
    square = pixels[top : top + least, left : left + least]
    if least == side:
        return square
    method = cv2.INTER_AREA if least > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(square), (side, side), interpolation=method), np.uint8)


def area_of(mask: Pixels) -> Area:
    """Where a mask RGB (h, w, 3) is white."""
    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(mask), cv2.COLOR_RGB2GRAY), np.uint8)
    return np.asarray(grey >= _WHITE, np.bool_)


def reduced(area: Area, side: int) -> Area:
    """A square area on a grid of `side`: a cell of which any part is made anew is made anew."""
    factor = area.shape[0] // side
    return np.asarray(area.reshape(side, factor, side, factor).any(axis=(1, 3)), np.bool_)


def pasted(made: Pixels, source: Shown, area: Area) -> Frame:
    """What was made within `area`, and outside of it the source to the bit; opaque where it was made."""
    pixels = np.where(area[..., None], made, source.pixels)
    alpha = None if source.alpha is None else np.where(area, np.uint8(255), source.alpha)
    return Frame(pixels, alpha)


def to_tensor(pictures: Sequence[Pixels]) -> torch.Tensor:
    """Pictures of one size as float32 (n, 3, h, w) from 0 to 1."""
    stacked = np.stack(pictures).astype(np.float32) / np.float32(255)
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous()


def to_pixels(values: torch.Tensor) -> Pixels:
    """A tensor (3, h, w) from -1 to 1, clipped to it, as a picture."""
    scaled = values.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())
