"""What the pictures of a burst say together, on a grid twice as fine as theirs.

    robust weights → normalised splatting → a network's enlargement of the mean → back-projection

Every sample counts where it was taken, weighted by its distance and by how well it agrees with the first picture: what
moved meanwhile is taken from the first alone. Samples taken between those of others tell what one picture cannot. After
B. Wronski et al., "Handheld Multi-Frame Super-Resolution", SIGGRAPH 2019 (weights and kernels), and M. Irani, S. Peleg,
CVGIP 1991 (back-projection), here with a prior: a network's enlargement of what all of them agree on.

This module knows windows of pictures as floats. It does not know files, nor how the pictures were aligned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Unit: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = NDArray[np.float64]
SCALE = 2
ROUNDS = 14
MOMENTUM = 0.7
"""Of Y. Nesterov's method, by which fewer rounds do."""
DETAIL = 9.0 / 255
"""σ of what a network's enlargement is off by: against the noise it says how far the samples are believed."""
KERNEL = 0.3
"""σ of a sample's weight, old pixels."""
TOLERANCE = 3.0
"""How many times the expected difference a sample may be off before it counts less."""
TEXTURE = 0.5
"""How much of a neighbourhood's variance counts as expected: samples are taken beside each other."""
_LEAST_NOISE = 1.0 / 255
_INVERSE = cv2.WARP_INVERSE_MAP
_BORDER = cv2.BORDER_REFLECT_101


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """A window of one picture. pixels: (h, w, 3), 0 to 1. matrix: from the first window's (x, y) to this one's."""

    pixels: Unit
    matrix: Matrix


def merge(
    pieces: Sequence[Piece], noise: float, enlarge: Callable[[Unit], Unit], smoothing: float = 1.0
) -> tuple[Unit, float]:
    """The first piece's window (h·2, w·2, 3), and the share of the others' samples that agreed with it.

    noise: σ, where white is 1. enlarge: (h, w, 3) → (h·2, w·2, 3), 0 to 1. smoothing: how many times as noisy the
    samples are taken to be, in squares.
    """
    first, others = pieces[0], pieces[1:]
    agreeing = [np.ones(first.pixels.shape[:2], np.float32)]
    agreeing += [agreement(first.pixels, each, noise) for each in others]
    merged = splatted(pieces, agreeing)
    doubt = smoothing * (max(noise, _LEAST_NOISE) / DETAIL) ** 2
    made = projected(enlarge(np.clip(reduced(merged), 0, 1)), pieces, agreeing, doubt)
    return made, float(np.mean([weight.mean() for weight in agreeing[1:]])) if others else 1.0


def agreement(first: Unit, other: Piece, noise: float) -> Unit:
    """(h, w) of the other piece: how far each sample may count, 0 to 1."""
    height, width = other.pixels.shape[:2]
    seen = cv2.warpAffine(
        first, _inverted(other.matrix), (width, height), flags=cv2.INTER_LINEAR | _INVERSE, borderMode=_BORDER
    )
    wanted = np.asarray(seen, np.float32)
    apart = np.square(other.pixels - wanted).mean(axis=2)
    mean, square = _blurred(wanted), _blurred(np.square(wanted))
    variance = np.maximum(square - np.square(mean), 0).mean(axis=2)
    expected = 2 * max(noise, _LEAST_NOISE) ** 2 + TEXTURE * variance
    ratio = _blurred(apart) / expected
    inside = _inside(first.shape, other)
    return np.where(inside, np.exp(-np.maximum(ratio / TOLERANCE - 1, 0)), 0).astype(np.float32)


def splatted(pieces: Sequence[Piece], agreeing: Sequence[Unit]) -> Unit:
    """(h·2, w·2, 3): every new pixel as the mean of the samples near it, by distance and agreement."""
    height, width = pieces[0].pixels.shape[:2]
    x, y = _places(height, width)
    total = np.zeros((height * SCALE, width * SCALE, 3), np.float32)
    weights = np.zeros((height * SCALE, width * SCALE, 1), np.float32)
    for piece, weight in zip(pieces, agreeing, strict=True):
        there = [piece.matrix[axis, 0] * x + piece.matrix[axis, 1] * y + piece.matrix[axis, 2] for axis in (0, 1)]
        nearest = [np.rint(axis) for axis in there]
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                column, row = nearest[0] + right, nearest[1] + down
                distance = np.square(there[0] - column) + np.square(there[1] - row)
                at = column.astype(np.float32), row.astype(np.float32)
                sample = cv2.remap(piece.pixels, *at, cv2.INTER_NEAREST, borderMode=_BORDER)
                trust = cv2.remap(weight, *at, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT)
                share = (np.exp(-distance / (2 * KERNEL**2)) * trust)[..., None].astype(np.float32)
                total += sample * share
                weights += share
    merged: Unit = np.divide(total, np.maximum(weights, np.float32(1e-8)), dtype=np.float32)
    return merged


def projected(start: Unit, pieces: Sequence[Piece], agreeing: Sequence[Unit], doubt: float) -> Unit:
    """The likeliest picture near `start` of which every piece is a reduced, shifted view, as far as it agrees.

    doubt: variance of a sample's noise over that of `start`'s errors (maximum a posteriori).
    """
    pairs = list(zip(pieces, agreeing, strict=True))
    counted = np.maximum(sum(_counted(piece, weight, start) for piece, weight in pairs), 1.0)[..., None] + doubt
    made = ahead = start
    for _ in range(ROUNDS):
        change = np.sum([_back(piece, weight, ahead) for piece, weight in pairs], axis=0)
        moved = np.asarray(ahead + (change + doubt * (start - ahead)) / counted, np.float32)
        made, ahead = moved, moved + MOMENTUM * (moved - made)
    return np.clip(made, 0, 1).astype(np.float32)


def reduced(fine: Unit) -> Unit:
    """(h·2, w·2, 3) → (h, w, 3): what a sensor's pixel sees is the mean over its area."""
    height, width = (side // SCALE for side in fine.shape[:2])
    means: Unit = fine.reshape(height, SCALE, width, SCALE, 3).mean(axis=(1, 3), dtype=np.float32)
    return means


def _back(piece: Piece, weight: Unit, made: Unit) -> Unit:
    """What one piece would change of the picture: its differences, seen from the picture's grid."""
    height, width = piece.pixels.shape[:2]
    fine = _finer(piece.matrix)
    size = (width * SCALE, height * SCALE)
    view = cv2.warpAffine(made, _inverted(fine), size, flags=cv2.INTER_CUBIC | _INVERSE, borderMode=_BORDER)
    missing = (piece.pixels - reduced(np.asarray(view, np.float32))) * weight[..., None]
    return _spread(missing, fine, made)


def _counted(piece: Piece, weight: Unit, made: Unit) -> Unit:
    """(h·2, w·2): how much one piece has to say of each new pixel."""
    return _spread(weight, _finer(piece.matrix), made)


def _spread(values: Unit, fine: Matrix, made: Unit) -> Unit:
    """A piece's values on the picture's grid; nothing where the piece does not lie."""
    size = (values.shape[1] * SCALE, values.shape[0] * SCALE)
    spread = cv2.resize(values, size, interpolation=cv2.INTER_NEAREST)  # the adjoint of a mean over an area
    target = (made.shape[1], made.shape[0])
    return np.asarray(cv2.warpAffine(spread, fine, target, flags=cv2.INTER_LINEAR | _INVERSE), np.float32)


def _places(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(x, y) in the first piece of every new pixel's middle."""
    rows = (np.arange(height * SCALE) + 0.5) / SCALE - 0.5
    columns = (np.arange(width * SCALE) + 0.5) / SCALE - 0.5
    x, y = np.meshgrid(columns, rows)
    return x, y


def _finer(matrix: Matrix) -> Matrix:
    """The same map between grids twice as fine: a middle x there is (x + ½)·2 − ½ here."""
    moved = matrix.copy()
    half = np.full(2, 0.5)
    moved[:, 2] = (matrix[:, 2] + half - matrix[:, :2] @ half) * SCALE - half + matrix[:, :2] @ half
    return moved


def _inverted(matrix: Matrix) -> Matrix:
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def _inside(shape: tuple[int, ...], other: Piece) -> NDArray[np.bool_]:
    """Which samples of the other piece lie on the first."""
    height, width = other.pixels.shape[:2]
    back = _inverted(other.matrix)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    there_x, there_y = (back[axis, 0] * x + back[axis, 1] * y + back[axis, 2] for axis in (0, 1))
    inside: NDArray[np.bool_] = (there_x > -1) & (there_x < shape[1]) & (there_y > -1) & (there_y < shape[0])
    return inside


def _blurred(values: Unit) -> Unit:
    return np.asarray(cv2.blur(values, (5, 5), borderType=_BORDER), np.float32)
