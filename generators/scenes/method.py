"""What the generators offer for scenes: a function of float tiles, in place of one of 8-bit tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from generators.tiling import Plan

FloatTransform: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""RGB float32 (h, w, 3), 0 to 1 → float32 (h·scale, w·scale, 3)."""


@dataclass(frozen=True, slots=True)
class Tiled:
    """What is done to each tile. The plan's margin MUST reach as far as the transform looks.

    multiple_of: the pixel grid on which tiles must start.
    """

    transform: FloatTransform
    plan: Plan
    multiple_of: int = 1


@dataclass(frozen=True, slots=True)
class Method:
    """A generator's way with measured values. scale: new pixels for an old one along each side.

    prepare: from pieces of a group of bands, RGB uint8 (h, w, 3), to what is done to its tiles; None where the group is
    to stay as it is.
    """

    scale: int
    prepare: Callable[[Pixels], Tiled | None]
