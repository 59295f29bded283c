"""Whether a picture is like those that a detector was calibrated on: of what is unlike them, its figures say nothing.

The distance is Mahalanobis' along the principal axes of the known features, and along everything else by the one
deviation that is left there (Tipping & Bishop 1999, "Probabilistic principal component analysis"). Fitted by
`training.evaluation.detecting.familiar`. Knows features and no detector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import IntegrityError
from core.media import digest_of
from core.weights import load_pinned

Floats = NDArray[np.float32]
PREFIX = "familiar."
"""Of its tensors' names, where they lie in one file with a network's."""
_NAMES = ("mean", "axes", "deviations", "rest", "limit")


@dataclass(frozen=True, eq=False, slots=True)
class Familiar:
    """What features look like on known pictures, all float32.

    mean: (d,). axes: (k, d), orthonormal. deviations: (k,), standard deviations along them, above 0. rest: the standard
    deviation along any other direction, above 0. limit: the distance that known pictures seldom exceed, above 0.

    Raises IntegrityError for shapes or figures that do not fit together.
    """

    mean: Floats
    axes: Floats
    deviations: Floats
    rest: float
    limit: float

    def __post_init__(self) -> None:
        fits = self.axes.shape == (len(self.deviations), len(self.mean)) and self.mean.ndim == self.deviations.ndim == 1
        figures = (self.mean, self.axes, self.deviations, np.array([self.rest, self.limit]))
        positive = min(self.rest, self.limit, *self.deviations.tolist()) > 0
        if not (fits and positive and len(self.mean) and all(np.isfinite(each).all() for each in figures)):
            raise IntegrityError("familiar: mean, axes, deviations, rest and limit do not fit together")

    def distance(self, features: NDArray[np.floating[Any]]) -> float:
        """How far `features` (d,) are from the known ones, in standard deviations: the root of the mean square over
        all directions, so about 1 for known pictures, whatever d.

        Infinite where a feature is not finite. Raises ValueError for another shape.
        """
        if features.shape != self.mean.shape:
            raise ValueError(f"features have the shape {features.shape}, known are {self.mean.shape}")
        off = features.astype(np.float64) - self.mean
        if not np.isfinite(off).all():
            return float("inf")
        along = self.axes.astype(np.float64) @ off
        left = max(0.0, float(off @ off - along @ along))
        return float(np.sqrt((np.square(along / self.deviations).sum() + left / self.rest**2) / len(off)))

    @property
    def digest(self) -> str:
        """Digest of all figures, for a detector's version."""
        return digest_of(b"".join(array.tobytes() for _, array in sorted(self.arrays().items())))

    def arrays(self) -> dict[str, Floats]:
        """Its tensors by name, with `PREFIX`, as they are stored."""
        parts = (self.mean, self.axes, self.deviations, np.array([self.rest]), np.array([self.limit]))
        return {PREFIX + name: part.astype(np.float32) for name, part in zip(_NAMES, parts, strict=True)}

    def write(self, path: Path) -> None:
        """A safetensors file of its own, whole or not at all."""
        from safetensors.numpy import save

        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(save(self.arrays()))
        partial.replace(path)

    @classmethod
    def read(cls, path: Path, sha256: str) -> Self:
        """Of a safetensors file. Raises as `core.weights.load_pinned`, and IntegrityError for other tensors."""
        return cls.of(load_pinned(path, sha256))

    @classmethod
    def of(cls, tensors: Mapping[str, Any]) -> Self:
        """Out of the tensors of a file, among which may be others. Raises IntegrityError where some are not there."""
        missing = [PREFIX + name for name in _NAMES if PREFIX + name not in tensors]
        if missing:
            raise IntegrityError(f"the weights lack {missing[0]}")
        mean, axes, deviations, rest, limit = (np.asarray(tensors[PREFIX + name], np.float32) for name in _NAMES)
        if rest.size != 1 or limit.size != 1:
            raise IntegrityError("familiar: rest and limit are one number each")
        return cls(mean, axes, deviations, float(rest.item()), float(limit.item()))


def apart(tensors: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors of a file that are a network's, and those that are a `Familiar`'s."""
    own = {name: tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
    return {name: tensor for name, tensor in tensors.items() if name not in own}, own
