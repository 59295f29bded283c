"""How steadily a film goes on: figures that differ between cameras and generators, and between cameras, too.

Each is a weak signal: on some sets of generated films such figures are at chance, and hand-held cameras, cuts, noise
and low rates move them more than generation does. They are measurements for people and for later study; no verdict
rests on them. Second differences over time are what D3 looks at (Zheng et al., ICCV 2025, "D3: Training-Free
AI-Generated Video Detection Using Second-Order Features", arXiv 2508.00701), which takes the deviation of a network's
features; these are of grey pictures, and D3's figures say nothing of them.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.films.timeline import Follower

Floats = NDArray[np.float64]
MOST = 150
"""Pictures that are looked at, the first of the longest shot."""
LEAST = 8
_SIDE = 32


def consistency(pictures: Pixels, shots: list[tuple[int, int]]) -> dict[str, float]:
    """Figures of the longest shot of grey pictures (m, h, w); none where it has fewer than LEAST pictures.

    flicker: median change of the change of mean brightness, grey levels. warp_error: median of what is left once
    motion is undone, grey levels. second_order, second_order_spread: median and interquartile range of the change of
    the change of the picture, as a share of its change: 0 for even motion.
    """
    start, end = max(shots, key=lambda shot: shot[1] - shot[0])
    part = pictures[start : min(end, start + MOST)]
    if len(part) < LEAST:
        return {}
    follower = Follower(part.shape[1:])
    left = [follower.step(first, second).residual for first, second in pairwise(part)]
    turning = _second_order(part)
    figures = {
        "flicker": float(np.median(np.abs(np.diff(part.mean(axis=(1, 2)), 2)))),
        "warp_error": float(np.median(left)),
        "second_order": float(np.median(turning)),
        "second_order_spread": float(np.subtract(*np.quantile(turning, (0.75, 0.25)))),
    }
    return {f"consistency.{name}": round(value, 4) for name, value in figures.items()}


def _second_order(pictures: Pixels) -> Floats:
    """(m - 2,): length of the second difference by the mean length of the two first ones around it."""
    small = np.stack([cv2.resize(one, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) for one in pictures])
    first = np.diff(small.reshape(len(small), -1).astype(np.float64), axis=0)
    length = np.linalg.norm(first, axis=1)
    turned = np.linalg.norm(np.diff(first, axis=0), axis=1)
    # A step in which nothing changes has no direction; one grey level in 100 pixels is nothing.
    return np.asarray(turned / np.maximum((length[1:] + length[:-1]) / 2, 10.0))
