"""The pictures of a burst cut into windows that lie on each other, so that memory is that of a window.

A window of the first picture has as much around it as merging looks, and of every other picture what lies there. This
module knows places. It does not know what is merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.media import Frame
from generators.burst.merging import Matrix, Piece, Unit
from generators.deep import MAXIMUM, to_unit
from generators.tiling import Plan, Span, spans

PLAN = Plan(size=256, margin=48)
"""Of the first picture, pixels: the network looks 16 far, each round of back-projection 2."""
_AROUND = 4  # pixels of the other pictures beside what lies in the window: kernels look so far


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """Pieces that lie on each other, the first picture's first. rows, columns: of the first picture."""

    rows: Span
    columns: Span
    pieces: tuple[Piece, ...]


def windows(frames: Sequence[Frame], matrices: Sequence[Matrix], plan: Plan = PLAN) -> Iterator[Window]:
    """Every window, row by row. matrices: of every frame but the first, from the first's (x, y) to its own."""
    height, width = frames[0].pixels.shape[:2]
    for rows in spans(height, plan):
        for columns in spans(width, plan):
            first = Piece(unit(frames[0], slice(rows.low, rows.high), slice(columns.low, columns.high)), np.eye(2, 3))
            others = (
                piece
                for frame, matrix in zip(frames[1:], matrices, strict=True)
                if (piece := _piece(frame, matrix, rows, columns)) is not None
            )
            yield Window(rows, columns, (first, *others))


def count(height: int, width: int, plan: Plan = PLAN) -> int:
    """How many windows there are."""
    return len(spans(height, plan)) * len(spans(width, plan))


def unit(frame: Frame, rows: slice, columns: slice) -> Unit:
    """A window of a frame, RGB float32 (h, w, 3) from 0 to 1, at the depth that it has."""
    if frame.deep is None:
        return to_unit(frame.pixels[rows, columns])
    values = frame.deep[rows, columns].astype(np.float32) / np.float32(MAXIMUM)
    return np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], 3)))


def _piece(frame: Frame, matrix: Matrix, rows: Span, columns: Span) -> Piece | None:
    """What of a frame lies in the window; None where nothing does."""
    corner = np.array([columns.low, rows.low], np.float64)
    there = np.array([[x, y] for x in (columns.low, columns.high) for y in (rows.low, rows.high)], np.float64)
    reached = there @ matrix[:, :2].T + matrix[:, 2]
    sides = (frame.pixels.shape[1], frame.pixels.shape[0])
    low = np.clip(np.floor(reached.min(axis=0)) - _AROUND, 0, sides).astype(int)
    high = np.clip(np.ceil(reached.max(axis=0)) + _AROUND, 0, sides).astype(int)
    if (high <= low).any():
        return None
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ corner - low
    return Piece(unit(frame, slice(low[1], high[1]), slice(low[0], high[0])), moved)
