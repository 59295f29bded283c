"""Before and after in one picture: side by side, and a detail where they differ most, so large that pixels can be seen.

Made for people. Both panels are as large, whatever the sizes of what is in them; captions tell those. This module knows
pictures. It does not know what was done to them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.media import Frame, Pixels
from generators.marking import typeface
from generators.marking.drawing import upright

PANEL = 448
"""Longest side of a panel, pixels: seven times that of a detail, whose pixels become equal squares."""
DETAIL = 64
"""Side of the detail, pixels of the picture before."""
_LEAST_WIDTH = 320  # of a panel with its ground, pixels: room for a caption
_GAP = 16  # around panels, pixels
_CAPTION, _LEAST_CAPTION = 16, 7  # height of characters, pixels
_GROUND, _INK = 24, 235  # greys
_FRAME = np.array((255, 64, 64), np.uint8)  # around the place that the detail is of
_FRAME_WIDTH = 2


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One of the two. caption: Latin letters or digits. orientation: as of EXIF, 1 to 8; pixels are seen upright."""

    frame: Frame
    caption: str
    orientation: int = 1

    @property
    def pixels(self) -> Pixels:
        """RGB, upright; what is transparent lies on mid-grey."""
        pixels: Pixels = upright(self.frame.pixels, self.orientation)
        if self.frame.alpha is None:
            return np.ascontiguousarray(pixels)
        share = upright(self.frame.alpha, self.orientation)[..., None].astype(np.float32) / 255
        made: Pixels = np.rint(pixels * share + 128 * (1 - share)).astype(np.uint8)
        return made


def compare(before: Side, after: Side) -> Frame:
    """The two, and their detail below them. after: of the size of `before`, or larger by a whole factor."""
    first, second = before.pixels, after.pixels
    top, left = changed_most(first, second)
    scale = second.shape[0] // first.shape[0]
    panels, details = [], []
    for pixels, side, factor, word in ((first, before, 1, "before"), (second, after, scale, "after")):
        rows, columns = (slice(start * factor, (start + DETAIL) * factor) for start in (top, left))
        panels.append(_panel(_framed(fitted(pixels, PANEL), rows, columns, pixels.shape), side.caption))
        details.append(_panel(fitted(pixels[rows, columns], PANEL), f"where most was changed: {word}"))
    return Frame(_stacked([_beside(panels), _beside(details)]))


def changed_most(before: Pixels, after: Pixels) -> tuple[int, int]:
    """Top left corner (row, column) in `before` of the piece of up to `DETAIL` pixels a side that differs most.

    Pieces lie on a grid that covers the picture; each is held against its place in `after`, enlarged by bicubic where
    that is larger: the mean absolute difference counts, and of equals the first.
    """
    height, width = before.shape[:2]
    scale = after.shape[0] // height
    starts = [(top, left) for top in _starts(height) for left in _starts(width)]

    def change(start: tuple[int, int]) -> float:
        rows, columns = (slice(each, each + DETAIL) for each in start)
        small, large = before[rows, columns], after[_times(rows, scale), _times(columns, scale)]
        expected = np.asarray(Image.fromarray(small).resize(large.shape[1::-1], Image.Resampling.BICUBIC), np.int16)
        return float(np.mean(np.abs(expected - large)))

    return max(starts, key=change)


def fitted(pixels: Pixels, side: int) -> Pixels:
    """RGB (h, w, 3) with a longest side of `side` pixels. What becomes larger shows its pixels as squares."""
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    method = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, method))


def _starts(length: int) -> list[int]:
    """Where pieces begin along an axis: side by side, the last one at its end."""
    return sorted({*range(0, max(length - DETAIL, 0), DETAIL), max(length - DETAIL, 0)})


def _framed(panel: Pixels, rows: slice, columns: slice, shape: tuple[int, ...]) -> Pixels:
    """The panel of a picture (h, w, 3) with a frame around a piece of it."""
    framed = panel.copy()
    (top, bottom), (left, right) = (
        (piece.start * seen // whole, min(-(-piece.stop * seen // whole), seen))
        for piece, seen, whole in zip((rows, columns), panel.shape, shape, strict=False)
    )
    inside = framed[top + _FRAME_WIDTH : bottom - _FRAME_WIDTH, left + _FRAME_WIDTH : right - _FRAME_WIDTH].copy()
    framed[top:bottom, left:right] = _FRAME
    framed[top + _FRAME_WIDTH : bottom - _FRAME_WIDTH, left + _FRAME_WIDTH : right - _FRAME_WIDTH] = inside
    return framed


def _panel(pixels: Pixels, caption: str) -> Pixels:
    """The picture on its ground, with the caption below it, made smaller where it is too wide."""
    width = max(pixels.shape[1], _LEAST_WIDTH)
    ink = _caption(caption, width)
    height = pixels.shape[0] + _GAP // 2 + ink.shape[0]
    made = np.full((height, width, 3), _GROUND, np.uint8)
    left = (width - pixels.shape[1]) // 2
    made[: pixels.shape[0], left : left + pixels.shape[1]] = pixels
    share = ink[..., None].astype(np.float32) / 255
    written = np.rint(_GROUND + (_INK - _GROUND) * share).astype(np.uint8)
    left = (width - ink.shape[1]) // 2
    made[height - ink.shape[0] :, left : left + ink.shape[1]] = written
    return made


def _caption(text: str, width: int) -> Pixels:
    """Coverage, 0 to 255, (h, w), at most `width` wide: smaller letters where the text is long, then its beginning."""
    face = typeface.faces()[0]
    for height in range(_CAPTION, _LEAST_CAPTION, -1):
        ink = typeface.ink(typeface.fitted(face, text, height), text)
        if ink.shape[1] <= width:
            return ink
    return ink[:, :width]


def _beside(panels: list[Pixels]) -> Pixels:
    height = max(panel.shape[0] for panel in panels)
    return np.concatenate([_on_ground(panel, height, panel.shape[1]) for panel in panels], axis=1)


def _stacked(rows: list[Pixels]) -> Pixels:
    width = max(row.shape[1] for row in rows)
    return np.concatenate([_on_ground(row, row.shape[0], width) for row in rows])


def _on_ground(pixels: Pixels, height: int, width: int) -> Pixels:
    """At the top of `height` × `width` pixels, with a gap around it that rows and columns share."""
    made = np.full((height + _GAP, width + _GAP, 3), _GROUND, np.uint8)
    top, left = _GAP // 2, (width + _GAP - pixels.shape[1]) // 2
    made[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return made


def _times(piece: slice, scale: int) -> slice:
    return slice(piece.start * scale, piece.stop * scale)
