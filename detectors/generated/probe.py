"""Figures of a picture weighed: a linear probe, and how the log odds of several are put together. Knows numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import IntegrityError

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Probe:
    """log odds = (features − mean) · weights + bias, natural. mean, weights: float32 (d,)."""

    mean: Floats
    weights: Floats
    bias: float

    def log_odds(self, features: NDArray[np.floating[Any]]) -> float:
        """Of features (d,): above 0 for what was made. Raises ValueError for another length."""
        if features.shape != self.mean.shape:
            raise ValueError(f"features have the shape {features.shape}, the probe {self.mean.shape}")
        return float((features.astype(np.float64) - self.mean) @ self.weights.astype(np.float64) + self.bias)

    def tensors(self, name: str) -> dict[str, Floats]:
        """As they are stored, under `name`."""
        figures = {"mean": self.mean, "weights": self.weights, "bias": np.array([self.bias])}
        return {f"{name}.{part}": np.ascontiguousarray(figure, np.float32) for part, figure in figures.items()}

    @classmethod
    def of(cls, tensors: Mapping[str, Any], name: str) -> Self:
        """Out of the tensors of a file. Raises IntegrityError where they are missing or do not fit together."""
        try:
            mean, weights, bias = (
                np.asarray(tensors[f"{name}.{part}"], np.float32) for part in ("mean", "weights", "bias")
            )
        except KeyError as error:
            raise IntegrityError(f"the weights lack {error.args[0]}") from error
        finite = all(np.isfinite(each).all() for each in (mean, weights, bias))
        if mean.ndim != 1 or mean.shape != weights.shape or bias.size != 1 or not finite:
            raise IntegrityError(f"the tensors of the probe {name!r} do not fit together")
        return cls(mean, weights, float(bias.item()))
