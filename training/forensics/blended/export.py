"""What ships beside the weights of a trained blend network: what is familiar to them, and their calibration.

Both are fitted on whole photographs that the network never saw, with the weights as they are served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.media import Pixels
from detectors.blends.looker import Look, Looker
from detectors.blends.weights import MARKED_FROM
from training.evaluation.detecting import localisation
from training.evaluation.detecting.familiar import fit_familiar
from training.evaluation.detecting.fit import fit
from training.forensics.blended.pairs import Pair, Pairs
from training.forensics.scripted.regions import Mask
from training.forensics.shipping import HALF, STRANGE, WRONG

UNTOUCHED = "untouched"
LONGEST = 640
"""Pixels of the longer side of whole photographs, for the calibration and every figure."""


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """What was seen in one picture. kind: of the blend, or UNTOUCHED. host: the number of its photograph. truth: how
    much of each pixel is the source's, where it was blended.
    """

    kind: str
    host: int
    pixels: Pixels
    look: Look
    truth: Mask | None = None


def seen(looker: Looker, host: int, pair: Pair) -> tuple[Sample, Sample]:
    """Of the two pictures of a pair."""
    looks = looker.look([pair.blended, pair.untouched])
    return (
        Sample(pair.kind, host, pair.blended, looks[0], pair.share),
        Sample(UNTOUCHED, host, pair.untouched, looks[1]),
    )


def wholes(looker: Looker, pairs: Pairs, *choices: Sequence[str]) -> Iterator[Sample]:
    """Every photograph whole, blended in one kind of each of `choices`, which take turns, and its twin each time."""
    for host in range(len(pairs.hosts)):
        for kinds in choices:
            yield from seen(looker, host, pairs.whole(host, kinds[host % len(kinds)], LONGEST))


def fitted(samples: Sequence[Sample]) -> dict[str, Any]:
    """The `calibration`, what is `familiar`, and from where on cells are marked, by their names; of samples that the
    network did not learn from.
    """
    changed = [
        (localisation.fitted(sample.look.part, sample.pixels.shape), sample.truth >= HALF)
        for sample in samples
        if sample.truth is not None
    ]
    groups = [sample.host for sample in samples]
    scores = [sample.look.score for sample in samples]
    truths = [sample.truth is not None for sample in samples]
    return {
        MARKED_FROM: localisation.best_threshold(*zip(*changed, strict=True)),
        "calibration": fit(scores, truths, groups, alpha=WRONG),
        "familiar": fit_familiar(np.stack([each.look.features for each in samples]), groups, alpha=STRANGE),
    }
