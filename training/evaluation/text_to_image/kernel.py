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
    """Of two sets of n pictures of the same n prompts, (n, d) features each, in order; n ≥ 4.

    The estimate is that of Gretton et al. (JMLR 2012, equation 4): neither a picture and itself nor the two pictures of
    one prompt are held against each other, for those are alike because of the prompt. Halves are drawn without
    replacement: pictures that are there twice would be taken for closeness.
    """
    between = _kernel(made, wanted)
    terms = _kernel(made, made) + _kernel(wanted, wanted) - between - between.T
    rng = np.random.default_rng(seed)
    halves = (rng.permutation(len(made))[: len(made) // 2] for _ in range(_DRAWS))
    drawn = [_mean_of_pairs(terms[np.ix_(half, half)]) for half in halves]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Distance(_mean_of_pairs(terms), float(low), float(high))


def _kernel(one: Features, other: Features) -> NDArray[np.float64]:
    """The polynomial kernel of the paper, of third degree."""
    kernel: NDArray[np.float64] = (one.astype(np.float64) @ other.T.astype(np.float64) / one.shape[1] + 1) ** 3
    return kernel


def _mean_of_pairs(terms: NDArray[np.float64]) -> float:
    """Without the diagonal."""
    return float((terms.sum() - np.trace(terms)) / (len(terms) * (len(terms) - 1)))
