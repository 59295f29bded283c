"""What ships beside the weights of a trained localiser: what is familiar to them, and their calibration.

Both are fitted on photographs that the network never saw, with the weights as they are served.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.random import Generator

from core.media import Pixels
from detectors.manipulation.localiser import Localiser, Look
from detectors.verdicts.calibration import Calibration
from training.evaluation.detecting.fit import fit
from training.forensics import shipping
from training.forensics.scripted.histories import Delivery, deliver, draw_delivery
from training.forensics.scripted.samples import Pairs
from training.forensics.shipping import WRONG

WHOLE = "whole"
"""The kind of untouched photographs as they are, beside squares cut from them."""
Sample: TypeAlias = shipping.Sample[Look]
UNTOUCHED = "untouched"
_SIDES = 960  # longest side of whole photographs, pixels


def samples(localiser: Localiser, pairs: Pairs, rounds: int) -> Iterator[Sample]:
    """Of every photograph `rounds` pairs an operation of `pairs`, and the whole of it, delivered."""
    for host, photograph in enumerate(pairs.hosts):
        for turn, name in enumerate(name for _ in range(rounds) for name in pairs.operations):
            made = pairs.pair(host * 1000 + turn, name, host)
            yield Sample(name, host, made.manipulated, localiser.look(made.manipulated), made.mask)
            yield Sample(UNTOUCHED, host, made.untouched, localiser.look(made.untouched))
        whole = received(photograph, np.random.default_rng((pairs.seed, host)))
        yield Sample(WHOLE, host, whole, localiser.look(whole))


def received(photograph: Pixels, random: Generator) -> Pixels:
    """The whole photograph, at most 960 pixels long, after a delivery."""
    shrink = min(1.0, _SIDES / max(photograph.shape[:2]))
    return deliver(photograph, Delivery(shrink, draw_delivery(random).coding))


def fitted(seen: Sequence[Sample]) -> dict[str, Any]:
    """As `shipping.fitted`, and the `calibration`."""
    return shipping.fitted(seen, lambda look: look.heat) | {"calibration": calibrated(seen)}


def calibrated(seen: Sequence[Sample]) -> Calibration:
    """What scores mean, as of `fitted`.

    Whole photographs hold skies and blurred grounds beside each other, which squares seldom do, and score higher: they
    are what is uploaded, so that they alone say what an untouched picture may score.
    """
    judged = [sample for sample in seen if sample.kind != UNTOUCHED]
    scores = [sample.look.score for sample in judged]
    truths = [sample.truth is not None for sample in judged]
    return fit(scores, truths, [sample.host for sample in judged], alpha=WRONG)
