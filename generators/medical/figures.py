"""What is said of an enhanced medical picture, in its rescaled units (HU, where they are): notes that go with it.

The names of `generators.fidelity` mean here what they mean there, in other units; the rest is about the promise and
about how sure the method is.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.dicom.values import Values
from generators import fidelity
from generators.base import Value
from generators.medical.consistency import Held
from generators.medical.noise import level

UNIT = fidelity.UNIT
_DIGITS = 6


def figures(
    source: NDArray[Any], made: NDArray[Any], values: Values, held: Held, spread: NDArray[np.float32], rmse: float
) -> dict[str, Value]:
    """The notes. source, made: stored values. spread: standard deviations in stored values, of `made`'s size.

    rmse: of the means of cells from those wanted, stored values.
    """
    step = abs(values.slope)
    found = {
        fidelity.CONSISTENCY_RMSE: rmse * step,
        fidelity.CONSISTENCY_MAX: held.after * step,
        fidelity.CONSISTENCY_BEFORE: held.before * step,
        fidelity.PROJECTION_RMS: held.moved * step,
        fidelity.SHARPNESS_BEFORE: _sharpness(source) * step**2,
        fidelity.SHARPNESS_AFTER: _sharpness(made) * step**2,
        fidelity.NOISE_BEFORE: level(source) * step,
        fidelity.NOISE_AFTER: level(made) * step,
        fidelity.UNCERTAINTY_MEAN: float(spread.mean()) * step,
        fidelity.UNCERTAINTY_P95: float(np.quantile(spread, 0.95)) * step,
        fidelity.UNCERTAINTY_MAX: float(spread.max()) * step,
    }
    if source.shape == made.shape:
        found[fidelity.MEAN_CHANGE] = float(np.mean(np.abs(np.subtract(made, source, dtype=np.float64)))) * step
    notes: dict[str, Value] = {name: round(value, _DIGITS) for name, value in found.items()}
    return notes | {UNIT: values.unit or "rescaled values"}


def _sharpness(stored: NDArray[Any]) -> float:
    return float(cv2.Laplacian(stored.astype(np.float64), cv2.CV_64F).var())
