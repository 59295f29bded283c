"""The kernel distance of two sets of pictures (KID, Bińkowski et al. 2018): unbiased however few there are.

It knows features. It does not know what they were taken from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Distance:
    """Of all pictures, and the 2.5% and 97.5% points over random halves of them. 0 for sets of one distribution."""

    value: float
    low: float
    high: float


def distance(made: Features, wanted: Features, seed: int = 0) -> Distance:
    """Of two sets of n pictures each, (n, d) features; n ≥ 4. The interval is made by drawing without replacement.

    Halves drawn with replacement would hold some pictures twice, which the estimate takes for closeness.
    """
    kernels = _kernel(made, made), _kernel(wanted, wanted), _kernel(made, wanted)
    count, rng = len(made), np.random.default_rng(seed)
    drawn = []
    for _ in range(_DRAWS):
        first, second = (rng.permutation(count)[: count // 2] for _ in range(2))
        drawn.append(
            _discrepancy(
                kernels[0][np.ix_(first, first)], kernels[1][np.ix_(second, second)], kernels[2][np.ix_(first, second)]
            )
        )
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Distance(_discrepancy(*kernels), float(low), float(high))


def _kernel(one: Features, other: Features) -> NDArray[np.float64]:
    """The polynomial kernel of the paper, of third degree."""
    kernel: NDArray[np.float64] = (one.astype(np.float64) @ other.T.astype(np.float64) / one.shape[1] + 1) ** 3
    return kernel


def _discrepancy(made: NDArray[np.float64], wanted: NDArray[np.float64], between: NDArray[np.float64]) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy: no picture is held against itself."""
    inside = sum((each.sum() - np.trace(each)) / (len(each) * (len(each) - 1)) for each in (made, wanted))
    return float(inside - 2 * between.mean())
