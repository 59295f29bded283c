"""From a learned detector's score to a verdict, a probability and a bounded likelihood ratio.

A calibration is fitted by `training.evaluation.detecting.fit` and travels as a JSON file, which the manifest of weights
pins beside the weights whose scores it judges. Knows no detector.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np

from core.errors import ConfigurationError
from core.media import digest_of
from core.weights import PinnedWeights, read_pinned
from detectors.base import Verdict

SCORE_DIGITS = 4
"""Decimals at which scores are compared: the last digits of a network's change with its company in a batch."""
HIGHEST_RATIO = 6.0
"""No |log10 likelihood ratio| above it: a million photographs would have to stand behind it."""
_HUGE = 10**300
_SLACK = 1e-9  # of rounding, where a bound is compared with a logarithm


@dataclass(frozen=True, slots=True)
class Judged:
    """What a score says. probability: at equal odds, 0 to 1. log10_lr: within the calibration's bound."""

    verdict: Verdict
    probability: float
    log10_lr: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What scores meant on pictures whose truth was known.

    knots, log10_lrs: the likelihood ratio is linear between these scores and constant beyond them; both non-decreasing,
    as many of one as of the other. |log10_lrs| is at most the logarithm of `photographs`.
    detected_from, absent_to: a score from the one on is DETECTED, up to the other NOT_DETECTED, and between them, where
    more than the agreed share of either kind lies, nothing is said. Both are conformal quantiles, moved out as far as
    their ratios need: MUST NOT be below 0 at detected_from, nor above it at absent_to.
    fpr, fpr_low, fpr_high: false-positive rate at such a limit, counted on photographs that it was set without, and its
    95% Wilson interval.
    photographs: independent source photographs behind the fit, of the class that has fewer.

    Raises ConfigurationError, naming the field, for figures that cannot be.
    """

    knots: tuple[float, ...]
    log10_lrs: tuple[float, ...]
    detected_from: float
    absent_to: float
    fpr: float
    fpr_low: float
    fpr_high: float
    photographs: int

    def __post_init__(self) -> None:
        for field, wrong in _faults(self):
            raise ConfigurationError(f"calibration: {field} {wrong}, found {getattr(self, field)!r:.80}")

    @property
    def digest(self) -> str:
        """Digest of all figures, which names this calibration in findings."""
        return digest_of(_written(self))

    def judge(self, score: float) -> Judged:
        """What the score says, rounded to SCORE_DIGITS. A higher score never has a lower probability or a milder
        verdict.

        Raises ValueError for what is no number.
        """
        if math.isnan(score):
            raise ValueError("a score is a number")
        score = round(score, SCORE_DIGITS)
        ratio = float(np.interp(score, self.knots, self.log10_lrs))
        return Judged(self._verdict(score), 1.0 / (1.0 + 10.0**-ratio), ratio)

    def _verdict(self, score: float) -> Verdict:
        if score >= self.detected_from:
            return Verdict.DETECTED
        return Verdict.NOT_DETECTED if score <= self.absent_to else Verdict.ABSTAINED

    def write(self, path: Path) -> str:
        """Writes the file, whole or not at all, and returns its sha256, 64 hexadecimal digits, for the manifest."""
        data = _written(self)
        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(data)
        partial.replace(path)
        return hashlib.sha256(data).hexdigest()

    @classmethod
    def read(cls, path: Path, sha256: str) -> Self:
        """The calibration of a file whose digest is `sha256`, 64 hexadecimal digits.

        Raises PreconditionFailed where there is no such file, IntegrityError for another digest, and
        ConfigurationError, naming file and field, for what is no calibration.
        """
        data = read_pinned(path, sha256, "calibration")
        try:
            return cls(**_read(data))
        except ConfigurationError as error:
            raise ConfigurationError(f"{path.name}: {error}") from error


def of_weights(pinned: PinnedWeights) -> Calibration:
    """The calibration that a manifest pins beside weights, by the parameters calibration and calibration_sha256.

    Raises as `Calibration.read`, and ConfigurationError where the manifest does not name one beside it.
    """
    file, sha256 = (pinned.parameters.get(key) for key in ("calibration", "calibration_sha256"))
    if not (isinstance(file, str) and isinstance(sha256, str)) or Path(file).name != file:
        raise ConfigurationError(f"weights manifest: {pinned.name!r} lacks calibration and calibration_sha256")
    return Calibration.read(pinned.path.parent / file, sha256)


def _written(calibration: Calibration) -> bytes:
    """Floats are written so that they read back as the same."""
    return json.dumps(asdict(calibration), sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def _read(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise ConfigurationError(f"calibration: not JSON ({error})") from error
    known = {field.name for field in fields(Calibration)}
    if not isinstance(value, dict) or set(value) != known:
        found = sorted(known ^ set(value)) if isinstance(value, dict) else type(value).__name__
        raise ConfigurationError(f"calibration: an object with the fields {sorted(known)}; missing or unknown: {found}")
    for name, each in value.items():
        if not _is_series(each) if name in ("knots", "log10_lrs") else not _is_number(each):
            raise ConfigurationError(f"calibration: {name} is not made of numbers, found {each!r:.80}")
    return {name: tuple(map(float, each)) if isinstance(each, list) else each for name, each in value.items()}


def _is_number(value: object) -> bool:
    """As far as a float goes: JSON knows longer ones."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE


def _is_series(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _faults(made: Calibration) -> Iterator[tuple[str, str]]:
    """Fields that cannot be as they are, with what is wrong. The last two need those before them to be right."""
    if not made.knots or not _rises(made.knots):
        yield "knots", "has to be one number or more, none below the one before it"
    if len(made.log10_lrs) != len(made.knots) or not _rises(made.log10_lrs):
        yield "log10_lrs", "has to be as many numbers as knots, none below the one before it"
    if not isinstance(made.photographs, int) or made.photographs < 1:
        yield "photographs", "has to be a whole number of 1 or more"
    elif max(map(abs, made.log10_lrs)) > min(HIGHEST_RATIO, math.log10(made.photographs)) + _SLACK:
        yield "log10_lrs", f"goes beyond what {made.photographs} photographs support"
    if not math.isfinite(made.detected_from):
        yield "detected_from", "has to be finite"
    if not made.absent_to < made.detected_from or not math.isfinite(made.absent_to):
        yield "absent_to", f"has to be below detected_from, {made.detected_from!r}"
    if not 0 <= made.fpr_low <= made.fpr <= made.fpr_high <= 1:
        yield "fpr", f"has to be within 0 ≤ fpr_low {made.fpr_low!r} ≤ fpr ≤ fpr_high {made.fpr_high!r} ≤ 1"
    if np.interp(made.detected_from, made.knots, made.log10_lrs) < 0:
        yield "detected_from", "has to be where log10_lrs is 0 or more: scores there are likelier of the others"
    if np.interp(made.absent_to, made.knots, made.log10_lrs) > 0:
        yield "absent_to", "has to be where log10_lrs is 0 or less: scores there are likelier of what is looked for"


def _rises(values: tuple[float, ...]) -> bool:
    return all(map(math.isfinite, values)) and all(a <= b for a, b in pairwise(values))
