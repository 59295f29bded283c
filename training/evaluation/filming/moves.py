"""Shots made of one photograph by moving a camera over it. Stand-ins for real films: only the camera moves, and one
piece of another photograph, and light, focus and rolling shutters are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

RATE = 25
WIDTH, HEIGHT = 320, 180
MOVES = ("pan", "hand", "zoom", "tripod", "whip")
"""pan: even. hand: shaking. zoom: closer or away. tripod: only the passer-by moves. whip: with sudden turns."""
_PASSER = 48  # pixels a side of what passes through the picture


@dataclass(frozen=True, eq=False, slots=True)
class Path:
    """Where the camera looks: centre (n, 2) as a share of the free way, 0 to 1; width of the window (n,), as a share of
    the photograph's.
    """

    centre: NDArray[np.float64]
    window: NDArray[np.float64]


def shot(photograph: Pixels, passer: Pixels, move: str, count: int, rng: np.random.Generator) -> Pixels:
    """`count` RGB pictures (n, HEIGHT, WIDTH, 3). passer: a photograph of which a piece moves through the shot."""
    path = path_of(move, count, rng)
    height, width = photograph.shape[:2]
    track = _track(count, rng)
    side = min(passer.shape[:2])
    piece = np.asarray(cv2.resize(passer[:side, :side], (_PASSER, _PASSER)), np.uint8)
    with_passer = move == "tripod" or rng.random() < 0.5
    grain = rng.uniform(0.5, 3.0)
    made = np.empty((count, HEIGHT, WIDTH, 3), np.uint8)
    for number in range(count):
        across = min(path.window[number] * width, height * WIDTH / HEIGHT)
        picture = seen(photograph, path.centre[number], across, (WIDTH, HEIGHT))
        if with_passer:
            picture = _pasted(picture, piece, track[number])
        made[number] = np.clip(picture + rng.normal(0, grain, picture.shape), 0, 255)
    return made


def seen(photograph: Pixels, centre: NDArray[np.float64], across: float, size: tuple[int, int]) -> Pixels:
    """What the camera sees, of `size` (width, height). centre: (2,), as in `Path`. across: pixels of the photograph."""
    height, width = photograph.shape[:2]
    scale = size[0] / across
    free = np.array([width - across, height - across * size[1] / size[0]])
    left, top = free * np.clip(centre, 0, 1)
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    return np.asarray(cv2.warpAffine(photograph, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)


def path_of(move: str, count: int, rng: np.random.Generator) -> Path:
    """How the camera moves through `count` pictures. move: one of MOVES."""
    time = np.arange(count) / RATE
    start, drift = rng.uniform(0.15, 0.85, 2), rng.uniform(-0.12, 0.12, 2)
    drift = np.where(np.abs(drift) < 0.04, np.sign(drift) * 0.04, drift)
    centre = start + time[:, None] * drift
    window = np.full(count, rng.uniform(0.45, 0.7))
    if move == "hand":
        centre = centre + np.cumsum(_smooth(rng.normal(0, 0.006, (count, 2)), 5), axis=0)
        centre += _smooth(rng.normal(0, 0.012, (count, 2)), 3)
    if move == "zoom":
        window = window * np.exp(time * rng.choice([-1, 1]) * rng.uniform(0.04, 0.12))
        centre = start + time[:, None] * drift / 3
    if move == "tripod":
        centre = np.repeat(start[None], count, axis=0)
    if move == "whip":
        centre = centre + _turns(count, rng)
    # A camera that reaches the photograph's edge turns round, softly.
    return Path(0.5 - 0.5 * np.cos(np.pi * centre), np.clip(window, 0.3, 0.95))


def _turns(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Every second or two the camera swings elsewhere within 4 to 10 pictures, speeding up and slowing down."""
    moved = np.zeros((count, 2))
    at = int(rng.integers(15, 40))
    while at < count - 12:
        length = int(rng.integers(4, 11))
        ease = np.clip((np.arange(count) - at) / length, 0, 1)
        moved += (3 * ease**2 - 2 * ease**3)[:, None] * rng.uniform(-0.35, 0.35, 2)
        at += int(rng.integers(25, 60))
    return moved


def _track(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Corners (n, 2) of the passer-by, pixels: across the picture and back, never at one pace."""
    phase = rng.uniform(0, 6.3, 2)
    pace = rng.uniform(0.5, 1.6, 2)
    time = np.arange(count)[:, None] / RATE
    swing = np.sin(phase + pace * time + 0.35 * np.sin(2.7 * pace * time + phase[::-1]))
    corners: NDArray[np.float64] = (0.5 + 0.45 * swing) * np.array([WIDTH - _PASSER, HEIGHT - _PASSER])
    return corners


def _pasted(picture: Pixels, piece: Pixels, corner: NDArray[np.float64]) -> Pixels:
    matrix = np.array([[1, 0, corner[0]], [0, 1, corner[1]]], np.float64)
    over = cv2.warpAffine(piece, matrix, (WIDTH, HEIGHT))
    mask = cv2.warpAffine(np.ones(piece.shape[:2], np.float32), matrix, (WIDTH, HEIGHT))[..., None]
    return np.asarray(picture * (1 - mask) + over * mask, np.uint8)


def _smooth(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    kernel = np.hanning(width + 2)[1:-1]
    kernel /= kernel.sum()
    return np.stack([np.convolve(column, kernel, "same") for column in values.T], axis=1)
