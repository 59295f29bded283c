"""What ships beside the weights of a trained blend network: what is familiar to them, and their calibration.

Both are fitted on whole photographs that the network never saw, with the weights as they are served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from detectors.blends.looker import Look, Looker
from training.evaluation.detecting.fit import fit
from training.forensics import shipping
from training.forensics.blended.pairs import Pair, Pairs
from training.forensics.shipping import WRONG

Sample: TypeAlias = shipping.Sample[Look]
UNTOUCHED = "untouched"
LONGEST = 640
"""Pixels of the longer side of whole photographs, for the calibration and every figure."""


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
    """As `shipping.fitted`, and the `calibration`."""
    scores = [sample.look.score for sample in samples]
    truths = [sample.truth is not None for sample in samples]
    calibration = fit(scores, truths, [sample.host for sample in samples], alpha=WRONG)
    return shipping.fitted(samples, lambda look: look.part) | {"calibration": calibration}
