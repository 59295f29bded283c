"""The detectors of brought classifiers: one with a calibration, and one that has but a score and two limits.

This module knows scores. It does not know libraries.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.media import Media, Pixels
from detectors.base import BETWEEN, Finding, Verdict, abstention, finding_of
from detectors.own.classes import log_odds
from detectors.own.cropping import SHOWN, UNSEEN, FaceCrops, Shown, counted, marked
from detectors.own.eyes import Eyes
from detectors.own.network import Classify
from detectors.own.settings import OwnCheckpoint
from detectors.own.source import SCALE, OwnSource
from detectors.verdicts.calibration import SCORE_DIGITS, Calibration
from detectors.verdicts.learned import NO_NUMBER, TOO_SMALL, LearnedDetector, Reading
from detectors.verdicts.names import FACES
from detectors.verdicts.quality import quality_of
from detectors.verdicts.running import Runner

TOO_LONG = "picture.too_long"
LONGEST = 10  # times as long as wide: squeezed to a square nothing is left of it, and scaled up it fills the memory


@dataclass(frozen=True, eq=False, slots=True)
class Reader:
    """A loaded checkpoint, from pictures to scores. detected: numbers of the classes that mean it. crops: what it is
    shown in place of whole pictures, where that is not all of them.
    """

    checkpoint: OwnCheckpoint
    classify: Classify
    eyes: Eyes
    detected: tuple[int, ...]
    runner: Runner
    crops: FaceCrops | None = None

    @property
    def least_side(self) -> int:
        """See `least_side_of`."""
        return least_side_of(self.checkpoint, self.eyes)

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        """See `LearnedDetector.read`. All pieces of all pictures go through the network together."""
        shown = [self._shown(media.frames()[0].pixels) for media in batch]
        counts: list[list[int]] = [[] for _ in shown]

        def inputs() -> Iterator[torch.Tensor]:
            for each, pieces in zip(shown, counts, strict=True):
                for picture in each.pictures:
                    pieces.append(0)
                    for piece in self._inputs(picture):
                        pieces[-1] += 1
                        yield piece

        rows = iter(self.runner.run(self.classify, inputs()))
        given = [[[next(rows)[0] for _ in range(count)] for count in pieces] for pieces in counts]
        return [
            self._reading(media.frames()[0].pixels, each, views)
            for media, each, views in zip(batch, shown, given, strict=True)
        ]

    def _shown(self, pixels: Pixels) -> Shown:
        return Shown((pixels,)) if self.crops is None else self.crops.shown(pixels)

    def _inputs(self, pixels: Pixels) -> Iterator[torch.Tensor]:
        """Nothing of a picture that cannot be brought to the network's shape."""
        if self.checkpoint.look == "tiles":
            return self.eyes.pieces(pixels, self.checkpoint.tiles)
        short, long = sorted(pixels.shape[:2])
        return self.eyes.whole(pixels) if long <= LONGEST * short else iter(())

    def _reading(self, pixels: Pixels, shown: Shown, views: list[list[torch.Tensor]]) -> Reading:
        """views: what the network gave for the pieces of each picture that it was shown."""
        if shown.refused is not None:
            return shown.refused
        scores = [self._score(rows) if rows else -math.inf for rows in views]
        best = int(np.argmax(scores))
        if not views[best]:
            return Reading(None, f"The picture is more than {LONGEST} times as long as wide.", codes=(TOO_LONG,))
        if not shown.faces:
            return Reading(scores[best])
        count = counted(shown.found, sum(map(bool, views)))
        return Reading(scores[best], heat=marked(pixels, shown.faces[best]), measurements=count)

    def _score(self, rows: list[torch.Tensor]) -> float:
        odds = log_odds(torch.stack(rows).numpy(), self.detected, self.checkpoint.outputs)
        return float(odds.mean() if self.checkpoint.combine == "mean" else odds.max())


def least_side_of(checkpoint: OwnCheckpoint, eyes: Eyes) -> int:
    """Of what it can read, pixels: pieces are never made larger than the picture has them."""
    return max(checkpoint.least_side, *eyes.shape) if checkpoint.look == "tiles" else checkpoint.least_side


class OwnDetector(OwnSource, LearnedDetector):
    """With a calibration: judged as every learned detector is."""

    score_scale = SCALE

    def __init__(self, reader: Reader, calibration: Calibration, licence: str, card: str) -> None:
        OwnSource.__init__(self, reader.checkpoint)
        self.least_side = reader.least_side
        self.seen = f"The checkpoint's score is one that it gives to pictures with {self.label}."
        self.unseen = f"The checkpoint's score is one that it gives to pictures without {self.label}."
        self.licence, self.card = licence, card
        self._reader = reader
        LearnedDetector.__init__(self, self.version, calibration)

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        """See `LearnedDetector`."""
        return self._reader.read(batch)

    def conclude(self, media: Media, reading: Reading) -> Finding:
        """See `LearnedDetector`; and abstains where faces were left out of what would be NOT_DETECTED."""
        return held(self, LearnedDetector.conclude(self, media, reading))


class UncalibratedDetector(OwnSource):
    """Without: a score, and no probability. Nobody knows what it means, so that the operator says where it is one."""

    def __init__(self, reader: Reader, absent_to: float, detected_from: float, licence: str, card: str) -> None:
        super().__init__(reader.checkpoint)
        self.least_side = reader.least_side
        self.licence, self.card = licence, card
        self._reader = reader
        self._absent_to, self._detected_from = absent_to, detected_from

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        """One reading for each of `batch`, whose pictures have sides of `least_side` or more."""
        return self._reader.read(batch)

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One finding for each of `batch`, in order."""
        large = [media for media in batch if _short_side(media) >= self.least_side]
        readings = iter(self.read(large) if large else [])
        return [
            self._concluded(media, next(readings)) if _short_side(media) >= self.least_side else self._too_small(media)
            for media in batch
        ]

    def _concluded(self, media: Media, reading: Reading) -> Finding:
        measured = quality_of(media).measurements() | dict(reading.measurements)
        if reading.score is None:
            return abstention(self, reading.why, reading.codes, measured)
        if not math.isfinite(reading.score):
            return abstention(self, "The network gave no number.", (NO_NUMBER,), measured)
        score = float(np.round(reading.score, SCORE_DIGITS))
        if self._absent_to < score < self._detected_from:
            why = f"The score {score:.4g} lies between {self._absent_to:g} and {self._detected_from:g}, the limits set."
            return abstention(self, why, (BETWEEN,), measured)
        found = score >= self._detected_from
        told = f"at least {self._detected_from:g}" if found else f"at most {self._absent_to:g}"
        verdict = Verdict.DETECTED if found else Verdict.NOT_DETECTED
        why = f"The score is {score:.4g}, {told}; it has no calibration, so that nobody knows how sure that is."
        return held(self, finding_of(self, verdict, why, measurements=measured, score=score, score_scale=SCALE))

    def _too_small(self, media: Media) -> Finding:
        why = f"The shorter side has {_short_side(media)} pixels, {self.least_side} needed."
        return abstention(self, why, (TOO_SMALL,), quality_of(media).measurements())


def held(detector: OwnSource, finding: Finding) -> Finding:
    """The finding, or an abstention where it says NOT_DETECTED of a picture some of whose faces nobody looked at."""
    measured = dict(finding.measurements)
    found, shown = (int(measured.get(name, 0)) for name in (FACES, SHOWN))
    if finding.verdict is not Verdict.NOT_DETECTED or shown >= found:
        return finding
    why = f"Of {found} faces {found - shown} were not looked at, and nothing was found in the others."
    return abstention(detector, why, (UNSEEN,), measured)


def _short_side(media: Media) -> int:
    return min(int(side) for side in media.frames()[0].pixels.shape[:2])
