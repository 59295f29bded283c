"""What one detector says of one file, in the terms that figures are made of. Knows the contract, and no detector.

Pictures rank by what the detector read, also where its verdict is an abstention. Where nothing was read, they rank
at the score at which the detector is undecided: to leave them out would reward a detector for what it cannot see.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.media import Media
from detectors.base import Detector, Finding, Verdict
from detectors.verdicts.calibration import Calibration
from detectors.verdicts.learned import LearnedDetector, Reading
from training.evaluation.detecting.masks import Overlap, overlap


@dataclass(frozen=True, slots=True)
class Look:
    """What was said of a file. rank: higher for what is looked for. ratio: log10 likelihood ratio, 0 where nothing was
    read; None where the detector has no calibration. overlap: with the true mask, where there is one. read: whether
    the detector could read the file at all.
    """

    rank: float
    ratio: float | None
    verdict: Verdict
    read: bool
    overlap: Overlap | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """A file, opened. mask: bool (h, w) of the media's size, true where it was changed; None where nobody knows."""

    media: Media
    mask: NDArray[np.bool_] | None = None


def look(detector: Detector, samples: Sequence[Sample]) -> list[Look]:
    """What a detector says of each of a batch, in order."""
    batch = [sample.media for sample in samples]
    if not isinstance(detector, LearnedDetector):
        return [_of_finding(found, sample) for found, sample in zip(detector.detect(batch), samples, strict=True)]
    large = [media for media in batch if min(media.frames()[0].pixels.shape[:2]) >= detector.least_side]
    readings = dict(zip(map(id, large), detector.read(large) if large else (), strict=True))
    return [_of_reading(detector, readings.get(id(sample.media)), sample) for sample in samples]


def nothing(detector: Detector) -> Look:
    """The look at a file that could not even be opened."""
    if isinstance(detector, LearnedDetector):
        return Look(even(detector.calibration), 0.0, Verdict.ABSTAINED, read=False)
    return Look(0.0, None, Verdict.ABSTAINED, read=False)


def even(calibration: Calibration) -> float:
    """The score whose likelihood ratio is 1, the middle where several are; the nearest to it where none is."""
    knots, ratios = np.asarray(calibration.knots), np.asarray(calibration.log10_lrs)
    nearest = np.abs(ratios).min()
    if ratios[0] < 0 < ratios[-1] and nearest > 0:
        after = int(np.argmax(ratios > 0))
        return float(np.interp(0.0, ratios[after - 1 : after + 1], knots[after - 1 : after + 1]))
    at = np.flatnonzero(np.abs(ratios) == nearest)
    return float((knots[at[0]] + knots[at[-1]]) / 2)


def _of_reading(detector: LearnedDetector, reading: Reading | None, sample: Sample) -> Look:
    """reading: None for a picture below the detector's least side, which it is not asked to read."""
    if reading is None:
        return nothing(detector)
    verdict = detector.conclude(sample.media, reading).verdict
    found = None if sample.mask is None else overlap(reading.heat, sample.mask)
    if reading.score is None or not math.isfinite(reading.score):
        return Look(even(detector.calibration), 0.0, verdict, read=False, overlap=found)
    judged = detector.calibration.judge(reading.score)
    return Look(reading.score, judged.log10_lr, verdict, read=True, overlap=found)


def _of_finding(finding: Finding, sample: Sample) -> Look:
    """Without readings a finding ranks by its likelihood ratio, or, where it has none, by its verdict."""
    verdicts = {Verdict.DETECTED: 1.0, Verdict.NOT_DETECTED: -1.0, Verdict.ABSTAINED: 0.0}
    rank = verdicts[finding.verdict] if finding.log10_lr is None else finding.log10_lr
    found = None if sample.mask is None else overlap(_drawn(finding), sample.mask)
    return Look(rank, finding.log10_lr, finding.verdict, finding.verdict is not Verdict.ABSTAINED, found)


def _drawn(finding: Finding) -> NDArray[np.float32] | None:
    """The mask among the evidence, float32 0–1. Our own PNG: it is not parsed in the sandbox."""
    for each in finding.evidence:
        if each.kind == "mask":
            with Image.open(io.BytesIO(each.data), formats=("PNG",)) as picture:
                return np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
    return None
