"""Draws a label onto a picture: opaque, black on white or white on black, upright as people will see the picture.

The plate is opaque because a label has to be read on every ground and after every recompression. Everything outside its
box stays as it was. This module knows pixels; it does not know files, nor who demands a label. For a film it is called
with each frame that has to carry the label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.media import Frame, Pixels
from generators.marking.label import Label, Placement
from generators.marking.plate import lay_out

_DARK, _LIGHT = 16, 250
_EVEN = 0.179  # relative luminance at which black and white contrast equally: sqrt(1.05 × 0.05) − 0.05


@dataclass(frozen=True, slots=True)
class Box:
    """A region of the picture as it is stored, pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, eq=False, slots=True)
class Labelled:
    """The picture with its label. character: height of the label's characters, pixels.

    contrast: between ink and plate, WCAG 2.2 contrast ratio, 1 to 21.
    """

    frame: Frame
    box: Box
    character: int
    contrast: float


def draw(frame: Frame, label: Label, orientation: int = 1) -> Labelled:
    """`frame` with `label`; pixels and alpha are copies. Under the label the picture is opaque.

    orientation: the EXIF orientation under which the picture will be shown, 1 to 8 (Exif 3.0, 4.6.5.1.6): placement and
    the way up are meant as people see it. Raises InvalidInput naming "label" where it does not fit.
    """
    pixels = frame.pixels.copy()
    alpha = None if frame.alpha is None else frame.alpha.copy()
    seen = upright(pixels, orientation)
    height, width = seen.shape[:2]
    plate = lay_out(label, height, width)
    ink = _on_bar(plate.ink, width) if label.placement is Placement.BOTTOM_BAR else plate.ink
    rows, columns = _place(label.placement, ink.shape, (height, width), plate.character // 2)
    plate_tone, ink_tone = _tones(seen[rows, columns])
    seen[rows, columns] = _blend(ink, plate_tone, ink_tone)[..., None]
    if alpha is not None:
        upright(alpha, orientation)[rows, columns] = 255
    box = _stored_box(rows, columns, (height, width), orientation)
    return Labelled(
        replace(frame.with_pixels(pixels), alpha=alpha), box, plate.character, contrast(plate_tone, ink_tone)
    )


def upright(stored: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of a picture as it is shown under an EXIF orientation; writing to it writes to `stored`."""
    turned = stored.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else stored
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    return turned[:, ::-1] if orientation in (2, 3, 6, 7) else turned


def contrast(one: int, other: int) -> float:
    """Contrast ratio of two greys, 0 to 255, by WCAG 2.2."""
    low, high = sorted((float(_luminance(np.uint8(one))), float(_luminance(np.uint8(other)))))
    return (high + 0.05) / (low + 0.05)


def _luminance(values: NDArray[np.uint8] | np.uint8) -> NDArray[np.float64]:
    """Values of sRGB, 0 to 255, as linear light, 0 to 1 (WCAG 2.2, relative luminance)."""
    share = np.asarray(values, dtype=np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _tones(beneath: Pixels) -> tuple[int, int]:
    """(plate, ink): the plate that stands out more from what it covers, and from what is around it."""
    lit = float((_luminance(beneath) @ np.array([0.2126, 0.7152, 0.0722])).mean())
    return (_DARK, _LIGHT) if lit > _EVEN else (_LIGHT, _DARK)


def _blend(ink: Pixels, plate_tone: int, ink_tone: int) -> Pixels:
    """Greys of the plate, with a line along its edge in the tone of the ink."""
    edged = ink.copy()
    edged[[0, -1], :] = 255
    edged[:, [0, -1]] = 255
    share = edged.astype(np.float32) / 255
    return np.rint(plate_tone + (ink_tone - plate_tone) * share).astype(np.uint8)


def _on_bar(ink: Pixels, width: int) -> Pixels:
    spare = width - ink.shape[1]
    return np.pad(ink, ((0, 0), (spare // 2, spare - spare // 2)))


def _place(placement: Placement, plate: tuple[int, ...], picture: tuple[int, int], margin: int) -> tuple[slice, slice]:
    """Rows and columns of the plate on the upright picture; the margin gives way where there is no room for it."""
    spare = [whole - part for whole, part in zip(picture, plate, strict=True)]
    if placement is Placement.BOTTOM_BAR:
        starts = [spare[0], 0]
    elif placement is Placement.CENTRE:
        starts = [each // 2 for each in spare]
    else:
        gap = [min(margin, each // 2) for each in spare]
        vertical, horizontal = placement.value.split("-")
        starts = [
            gap[0] if vertical == "top" else spare[0] - gap[0],
            gap[1] if horizontal == "left" else spare[1] - gap[1],
        ]
    rows, columns = (slice(start, start + part) for start, part in zip(starts, plate, strict=True))
    return rows, columns


def _stored_box(rows: slice, columns: slice, shape: tuple[int, int], orientation: int) -> Box:
    """The box where it lies in the stored picture."""
    stored_shape = shape[::-1] if orientation in (5, 6, 7, 8) else shape
    covered = np.zeros(stored_shape, np.uint8)
    upright(covered, orientation)[rows, columns] = 1
    down, across = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    return Box(int(across[0]), int(down[0]), len(across), len(down))
