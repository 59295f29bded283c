"""What is attacked: a detector, the pictures that it judges, and, where it has one, the gradient of its score.

Both classes of pictures come in one size and one encoding. Knows no attack.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from core.media import Pixels
from detectors.base import Verdict
from detectors.generated.artefact import TILE, ArtefactBranch, starts
from detectors.generated.network import ArtefactNetwork, pooled
from detectors.manipulation.network import ManipulationNetwork, contrasts
from detectors.verdicts.learned import LearnedDetector
from training.evaluation.adversarial.attacking import Score
from training.evaluation.detecting.looking import even
from training.evaluation.shown import as_media


class Said(NamedTuple):
    """Of one picture. score: higher for what is looked for; that of no opinion where nothing could be read."""

    score: float
    verdict: Verdict


@dataclass(frozen=True, eq=False, slots=True)
class Case:
    """pixels: RGB uint8 (h, w, 3). truth: whether it is what the detector looks for. photograph: where it is from."""

    pixels: Pixels
    truth: bool
    photograph: str


@dataclass(frozen=True, eq=False, slots=True)
class Suspect:
    """score: differentiable; None where the detector has no gradient. Then `lent` is the name and the score of another,
    whose attacks are tried on this one.
    """

    name: str
    version: str
    cases: Sequence[Case]
    judge: Callable[[Pixels], Said]
    score: Score | None = None
    lent: tuple[str, Score] | None = None


def judge_of(detector: LearnedDetector) -> Callable[[Pixels], Said]:
    """What findings say of pictures as they are, without re-deliveries."""

    def judge(pixels: Pixels) -> Said:
        (reading,) = detector.readings([as_media(pixels)])
        judged = detector.judge(reading)
        score = even(detector.calibration) if reading.score is None else reading.score
        return Said(score, Verdict.ABSTAINED if judged is None else judged.verdict)

    return judge


def judge_of_branch(branch: ArtefactBranch) -> Callable[[Pixels], Said]:
    """A branch has no calibration: evens divide, and what it cannot read it abstains on."""

    def judge(pixels: Pixels) -> Said:
        ((score, _),) = branch.read([pixels])
        if score is None:
            return Said(0.0, Verdict.ABSTAINED)
        return Said(score, Verdict.DETECTED if score > 0 else Verdict.NOT_DETECTED)

    return judge


def score_of_branch(network: ArtefactNetwork, most: int) -> Score:
    """As `ArtefactBranch` reads it, over the same tiles. most: of them along an axis."""

    def score(pictures: torch.Tensor) -> torch.Tensor:
        tops, lefts = (starts(side, most) for side in pictures.shape[2:])
        tiles = torch.cat([pictures[..., top : top + TILE, left : left + TILE] for top in tops for left in lefts])
        return pooled(network(tiles).flatten()[None]).squeeze()

    return score


def score_of_localiser(network: ManipulationNetwork, half: bool) -> Score:
    """As `Localiser` reads a picture of one tile, with sides that are multiples of 32. half: as it multiplies.

    The gradient goes through the log odds, and takes the confidence beside them for given, as `contrasts` does.
    """

    def score(pictures: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            maps, _ = network.look(pictures / 127.5 - 1)
        return contrasts(maps).squeeze()

    return score
