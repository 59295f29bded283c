"""How well maps say where, and the classical maps that a learned one has to beat. Knows no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from training.forensics.scripted.histories import Coding, coded

Map: TypeAlias = NDArray[np.float32]
_ELA = Coding("jpeg", 90)
_WINDOW = 15  # pixels over which the classical maps average: about two blocks
_TINY = 1e-3
_STEPS = 40  # thresholds that are tried


def f1(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Harmonic mean of precision and recall over pixels; 1 where both are empty."""
    both = int(found.sum() + truth.sum())
    return float(2 * (found & truth).sum() / both) if both else 1.0


def iou(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union; 1 where both are empty."""
    union = int((found | truth).sum())
    return float((found & truth).sum() / union) if union else 1.0


def fitted(values: Map, shape: tuple[int, ...]) -> Map:
    """A map brought to the size of a picture, (h, w)."""
    resized = cv2.resize(values, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, dtype=np.float32)


def error_levels(pixels: Pixels) -> Map:
    """Error level analysis: what one more JPEG of quality 90 changes, in multiples of the picture's median."""
    change = np.abs(pixels.astype(np.float32) - coded(pixels, _ELA)).max(axis=2)
    return _against_the_rest(change)


def noise_levels(pixels: Pixels) -> Map:
    """Variance of the noise residual (Immerkær's filter), as the distance of its logarithm from the median's."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    residual = cv2.filter2D(grey, -1, np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6)
    logarithm = np.log(cv2.boxFilter(residual * residual, -1, (_WINDOW, _WINDOW)) + _TINY)
    away: Map = np.abs(logarithm - np.median(logarithm)).astype(np.float32)
    return away


def best_threshold(maps: Sequence[Map], truths: Sequence[NDArray[np.bool_]]) -> float:
    """The threshold with the highest mean F1 over pictures, among quantiles of all values."""
    values = np.concatenate([each.ravel()[::97] for each in maps])
    tried = np.unique(np.quantile(values, np.linspace(0, 1, _STEPS + 1)[:-1]))
    means = [np.mean([f1(each >= limit, truth) for each, truth in zip(maps, truths, strict=True)]) for limit in tried]
    return float(tried[int(np.argmax(means))])


def _against_the_rest(values: NDArray[np.float32]) -> Map:
    smooth = cv2.boxFilter(values, -1, (_WINDOW, _WINDOW))
    against: Map = (smooth / (np.median(smooth) + _TINY)).astype(np.float32)
    return against
