"""One method asked eight times, over all turns and flips of a picture: the mean of its answers, and how they differ.

The "geometric self-ensemble" of B. Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution",
CVPR Workshops 2017. Where a method invents, it seldom invents the same upside down: the spread shows what depends on
the method and not on the picture. It shows no error that all eight have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from generators.base import Progress, share

Plane: TypeAlias = NDArray[np.float32]
Method: TypeAlias = Callable[[Plane, Progress], Plane]
"""From a plane (h, w), 0 to 1, to one (h·scale, w·scale); tells its progress."""
PASSES = 8


def ensemble(method: Method, plane: Plane, progress: Progress) -> tuple[Plane, Plane]:
    """Mean and standard deviation of the eight answers, each (h·scale, w·scale), in the plane's own units."""
    answers = (
        back(method(turned, share(progress, number, PASSES))) for number, (turned, back) in enumerate(_turns(plane))
    )
    first = next(answers)
    total, squares = np.zeros(first.shape), np.zeros(first.shape)
    for made in answers:
        # Deviations from the first answer, in double precision: sums of squares of the values themselves would lose
        # small deviations among large values.
        difference = np.subtract(made, first, dtype=np.float64)
        total += difference
        squares += np.square(difference)
    mean = total / PASSES
    spread = np.sqrt(np.maximum(squares / PASSES - np.square(mean), 0.0))
    return (first + mean).astype(np.float32), spread.astype(np.float32)


def _turns(plane: Plane) -> Iterator[tuple[Plane, Callable[[Plane], Plane]]]:
    """Every turn of the plane and of its mirror image, each with the way back."""
    for quarters in range(4):
        for mirrored in (False, True):
            turned = np.rot90(np.fliplr(plane) if mirrored else plane, quarters)

            def back(made: Plane, quarters: int = quarters, mirrored: bool = mirrored) -> Plane:
                upright = np.rot90(made, -quarters)
                return np.fliplr(upright) if mirrored else upright

            yield np.ascontiguousarray(turned), back
