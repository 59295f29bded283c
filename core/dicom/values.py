"""What stored values are, and mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Values:
    """What stored values are, and mean.

    bits: significant ones of a value. signed: two's complement. slope, intercept: rescaled = slope · stored + intercept
    (PS3.3 C.11.1). unit: of rescaled values, "HU" or "" where the file names none that we know. padding: the stored
    values, both ends included, that stand for no measurement (C.7.5.1.1.2), None for none. inverted: low is bright.
    window: centre and width in rescaled values, None for none.
    """

    bits: int
    signed: bool
    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""
    padding: tuple[int, int] | None = None
    inverted: bool = False
    window: tuple[float, float] | None = None

    @property
    def minimum(self) -> int:
        """Least value that can be stored."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @property
    def maximum(self) -> int:
        """Greatest value that can be stored."""
        return (1 << (self.bits - 1)) - 1 if self.signed else (1 << self.bits) - 1

    @property
    def dtype(self) -> type[np.int16] | type[np.uint16]:
        """Of arrays of stored values."""
        return np.int16 if self.signed else np.uint16

    def measured(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """Which stored values are measurements, and no padding."""
        if self.padding is None:
            return np.ones(stored.shape, np.bool_)
        low, high = self.padding
        return (stored < low) | (stored > high)
