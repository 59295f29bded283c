"""Checks pixel by pixel whether one part of a picture repeats another under an affine map.

Windows, bricks and leaves give matching keypoints without having been copied; copied pixels agree everywhere between
the keypoints too. Knows pixels and one map; does not know where the map came from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.self_similarity import Repetition

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """window: side in pixels of the correlation. least: zero-mean normalised correlation of a repetition, −1 to 1.
    texture: least standard deviation, grey levels, that makes a window's correlation meaningful. spread: least ratio of
    the structure tensor's eigenvalues, 0 to 1: along a straight line everything repeats, so lines alone do not count.
    sigma: pixels of smoothing beforehand, against what JPEG does differently on either side.
    """

    window: int = 13
    least: float = 0.75
    texture: float = 2.5
    spread: float = 0.05
    sigma: float = 0.8


@dataclass(frozen=True, eq=False, slots=True)
class Overlap:
    """Where source and target agree. source, target: bool (h, w).

    The rest counts only windows with structure in two directions. share: of the picture's area, source only, that
    agrees. correlation: median of that. filled: share of what lies between the matched points that agrees.
    members: matched points inside `source`.
    """

    source: NDArray[np.bool_]
    target: NDArray[np.bool_]
    share: float
    correlation: float
    filled: float
    members: int


def overlap(grey: Pixels, repetition: Repetition, settings: Settings) -> Overlap:
    """The part of `grey`, uint8 (h, w), that repeats under the map and hangs together with the matched points."""
    height, width = grey.shape
    smooth = np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), settings.sigma), np.float32)
    affine = repetition.affine
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    image = np.asarray(cv2.warpAffine(smooth, affine, (width, height), flags=flags, borderValue=-1.0), np.float32)
    inside = image >= 0
    agreement, textured = _correlation(smooth, image, settings)
    agree = (agreement > settings.least) & textured & inside
    region = _with_points(_close(agree, settings.window), repetition.source)
    telling = textured & inside & _two_dimensional(smooth, settings)
    hull = _hull(repetition.source, (height, width)) & telling
    proof = region & agree & telling
    members = int(_at(region, repetition.source).sum())
    moved = cv2.warpAffine(region.astype(np.uint8), affine, (width, height), flags=cv2.INTER_NEAREST) > 0
    return Overlap(
        source=region,
        target=moved,
        share=float(proof.mean()),
        correlation=float(np.median(agreement[proof])) if proof.any() else 0.0,
        filled=float((agree & hull).sum() / max(1, hull.sum())),
        members=members,
    )


def _correlation(first: Floats, second: Floats, settings: Settings) -> tuple[Floats, NDArray[np.bool_]]:
    """Zero-mean normalised correlation in windows, and where both have texture."""
    size = (settings.window, settings.window)
    mean_1, mean_2 = cv2.blur(first, size), cv2.blur(second, size)
    var_1 = cv2.blur(first * first, size) - mean_1 * mean_1
    var_2 = cv2.blur(second * second, size) - mean_2 * mean_2
    covariance = cv2.blur(first * second, size) - mean_1 * mean_2
    floor = settings.texture**2
    correlation = covariance / np.sqrt(np.maximum(var_1, floor) * np.maximum(var_2, floor))
    return correlation.astype(np.float32), (var_1 > floor) & (var_2 > floor)


def _two_dimensional(smooth: Floats, settings: Settings) -> NDArray[np.bool_]:
    """Windows whose gradients point in more than one direction. Source: Harris & Stephens (1988)."""
    size = (settings.window, settings.window)
    dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, yy, xy = cv2.blur(dx * dx, size), cv2.blur(dy * dy, size), cv2.blur(dx * dy, size)
    mean, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    return np.asarray(mean - half > settings.spread * (mean + half), dtype=np.bool_)


def _close(mask: NDArray[np.bool_], window: int) -> NDArray[np.bool_]:
    """Bridges gaps of less than a window, then drops specks."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (window, window))
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    opened: NDArray[np.bool_] = cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel) > 0
    return opened


def _with_points(mask: NDArray[np.bool_], points: Floats) -> NDArray[np.bool_]:
    """The connected parts of the mask that hold at least one of the points."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    held = np.unique(_at(labels, points))
    return np.isin(labels, held[held > 0])


def _at(values: NDArray[Any], points: Floats) -> NDArray[Any]:
    height, width = values.shape
    x = points[:, 0].round().astype(int).clip(0, width - 1)
    y = points[:, 1].round().astype(int).clip(0, height - 1)
    picked: NDArray[Any] = values[y, x]
    return picked


def _hull(points: Floats, shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.round().astype(np.int32)), 1)
    return mask > 0
