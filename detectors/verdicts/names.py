"""The measurements by which a policy may decide, and the ranges they lie in. Knows names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

OUTLYING, SPREAD, FLIPS = "outlying", "spread", "flips"
FACES = "faces.count"
"""Of detectors that look at faces: how many were found."""

CARRIED: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        OUTLYING: (0.0, math.inf),
        SPREAD: (0.0, 1.0),
        FLIPS: (0.0, math.inf),
        "quality.short_side": (1.0, math.inf),
        "quality.long_side": (1.0, math.inf),
        "quality.jpeg": (1.0, 100.0),
        "quality.sharpness": (0.0, 1.0),
        "quality.noise": (0.0, math.inf),
    }
)
"""Of every learned detector's findings, in the closed ranges of these.

outlying: distance from the known pictures, in units of the limit beyond which nothing is said. spread: largest less
smallest probability over re-deliveries; flips: how many of these have the opposite verdict. Both: see `redelivery`;
the others: see `quality`.
"""
