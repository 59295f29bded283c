"""What detectors share that were trained: a network reads a score, and here it becomes a finding.

A subclass reads (`read`), and knows nothing of verdicts. From its score come a calibrated probability, a bounded
likelihood ratio and a three-valued verdict; from its features, whether the picture is like those that the calibration
knows; from its map, evidence. Whatever the verdict, the finding says how good the picture was to look at.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.media import Kind, Media
from detectors.base import BETWEEN, Evidence, Finding, Verdict, abstention, finding_of
from detectors.single import version_of
from detectors.verdicts.calibration import SCORE_DIGITS, Calibration, Judged
from detectors.verdicts.familiar import Familiar
from detectors.verdicts.heat import heatmap
from detectors.verdicts.names import CARRIED, OUTLYING
from detectors.verdicts.quality import quality_of

TOO_SMALL, NO_NUMBER = "picture.too_small", "score.not_finite"
_REVISION = 1
_FAR = 1e6  # an infinite distance is written so: figures in the log are finite


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """What a network read in one piece of media.

    score: on the detector's scale, higher for what it looks for; None where it cannot be read, and `why`, for people,
    and `codes` say why. codes: otherwise particulars of a detection. features: float32 (d,), for `Familiar`.
    heat, confidence: float32 (h, w), 0 to 1, over the whole picture. measurements: figures of its own, by name.
    """

    score: float | None
    why: str = ""
    features: NDArray[np.float32] | None = None
    heat: NDArray[np.float32] | None = None
    confidence: NDArray[np.float32] | None = None
    codes: tuple[str, ...] = ()
    measurements: tuple[tuple[str, float], ...] = ()


class LearnedDetector(ABC):
    """A `base.Detector` that reads scores, and judges them by a calibration.

    Subclasses set the class attributes and implement `read`. least_side: pixels of the shorter side below which `read`
    is not asked: at least the network's receptive field. seen, unseen: sentences for people, of either verdict.
    score_scale: what the score is, with its range. licence: of the weights. card: what their makers say,
    Markdown, where they are not ours.
    """

    name: str
    label: str
    kinds: frozenset[Kind]
    views: frozenset[str]
    summary: str
    limits: str
    least_side: int
    seen: str
    unseen: str
    score_scale: str
    version: str
    measures: Mapping[str, tuple[float, float]] = CARRIED
    licence: str = "Apache-2.0"
    card: str = ""

    def __init__(self, weights: str, calibration: Calibration, familiar: Familiar | None = None) -> None:
        """weights: digest of the weights and of whatever else decides the score. familiar: None where features are not
        looked at.
        """
        self.calibration = calibration
        self.familiar = familiar
        known = familiar.digest if familiar else ""
        self.version = version_of(_REVISION, [weights, calibration.digest, known, self.least_side])

    @abstractmethod
    def read(self, batch: Sequence[Media]) -> list[Reading]:
        """One reading for each of `batch`, in order; of none, none. Every picture has sides of `least_side` or more.

        MUST NOT raise for odd media, and MUST be pure, but for the last digits of its figures.
        """

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One finding for each of `batch`, in order."""
        return [self.conclude(media, reading) for media, reading in zip(batch, self.readings(batch), strict=True)]

    def readings(self, batch: Sequence[Media]) -> list[Reading]:
        """One reading for each of `batch`, in order; that of a picture that is too small has no score."""
        large = [media for media in batch if _short_side(media) >= self.least_side]
        found = iter(self.read(large) if large else [])
        return [next(found) if _short_side(media) >= self.least_side else self._too_small(media) for media in batch]

    def conclude(self, media: Media, reading: Reading) -> Finding:
        """The finding that follows from a reading. Abstains on what could not be read, on what is unlike all that the
        calibration knows, and between the calibration's two limits.
        """
        measurements = quality_of(media).measurements() | dict(reading.measurements)
        if reading.score is None:
            return abstention(self, reading.why, reading.codes, measurements)
        if not math.isfinite(reading.score):
            return abstention(self, "The network gave no number.", (NO_NUMBER,), measurements)
        measurements |= {"fpr_low": self.calibration.fpr_low, "fpr_high": self.calibration.fpr_high}
        outlying = self._outlying(reading)
        if outlying is not None:
            measurements[OUTLYING] = min(round(outlying, 3), _FAR)
            if outlying > 1:
                why = "The picture is unlike those that the detector was calibrated on: its figures would say nothing."
                return abstention(self, why, (OUTLYING,), measurements)
        return self._judged(media, reading, round(reading.score, SCORE_DIGITS), measurements)

    def judge(self, reading: Reading) -> Judged | None:
        """What the calibration says of a reading; None of what could not be read, or is unlike all that it knows."""
        if reading.score is None or not math.isfinite(reading.score):
            return None
        outlying = self._outlying(reading)
        return self.calibration.judge(reading.score) if outlying is None or outlying <= 1 else None

    def _judged(self, media: Media, reading: Reading, score: float, measurements: dict[str, float]) -> Finding:
        judged = self.calibration.judge(score)
        if judged.verdict is Verdict.ABSTAINED:
            why = f"The score {score:.4g} lies between the two limits, where pictures of both kinds have scores."
            return abstention(self, why, (BETWEEN,), measurements)
        figures = self._figures(judged, score)
        if judged.verdict is Verdict.NOT_DETECTED:
            return finding_of(self, judged.verdict, self.unseen, measurements=measurements, **figures)
        evidence = _drawn(reading, media)
        return finding_of(self, judged.verdict, self.seen, reading.codes, evidence, measurements, **figures)

    def _figures(self, judged: Judged, score: float) -> dict[str, Any]:
        return {
            "probability": judged.probability,
            "log10_lr": judged.log10_lr,
            "score": score,
            "score_scale": self.score_scale,
            "fpr_at_threshold": self.calibration.fpr,
            "calibration": self.calibration.digest,
        }

    def _outlying(self, reading: Reading) -> float | None:
        """The distance from known pictures, in the limits beyond which nothing is said; None where nobody looks."""
        if self.familiar is None or reading.features is None:
            return None
        return self.familiar.distance(reading.features) / self.familiar.limit

    def _too_small(self, media: Media) -> Reading:
        why = f"The shorter side has {_short_side(media)} pixels, {self.least_side} needed."
        return Reading(None, why, codes=(TOO_SMALL,))


def _short_side(media: Media) -> int:
    height, width = media.frames()[0].pixels.shape[:2]
    return int(min(height, width))


def _drawn(reading: Reading, media: Media) -> tuple[Evidence, ...]:
    """The map as a mask, and, where the network says how sure it is of it, as a picture, too."""
    if reading.heat is None:
        return ()
    height, width = media.frames()[0].pixels.shape[:2]
    mask = heatmap(reading.heat, None, (width, height))
    if reading.confidence is None:
        return (mask,)
    return mask, heatmap(reading.heat, reading.confidence, (width, height))
