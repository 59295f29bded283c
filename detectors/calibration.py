"""From a detector's own measure to a probability and a bounded likelihood ratio. Knows no detector."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from core.media import digest_of


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic calibration fitted with equal odds.

    weights, bias: of the log odds, natural. bound: largest |log10 likelihood ratio| that the number of independent
    photographs behind the fit supports, about the logarithm of that number.
    """

    weights: tuple[float, ...]
    bias: float
    bound: float

    @property
    def digest(self) -> str:
        """Digest of the fitted figures, which names this calibration in findings."""
        return digest_of(json.dumps(asdict(self), sort_keys=True).encode())

    def judge(self, features: Sequence[float]) -> tuple[float, float]:
        """Probability at equal odds, 0 to 1, and log10 likelihood ratio; both within the bound."""
        odds = self.bias + sum(weight * value for weight, value in zip(self.weights, features, strict=True))
        limit = self.bound * math.log(10)
        bounded = max(-limit, min(limit, odds))
        return 1.0 / (1.0 + math.exp(-bounded)), bounded / math.log(10)
