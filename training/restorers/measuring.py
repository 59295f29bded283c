"""What a network that is to ship gains on photographs that it never saw, beside everything that could be used instead.

Models run as a request runs them. A gain is over the best classical method, picture by picture, with the 95% interval
of a bootstrap over pictures: what differs between photographs is most of what one would otherwise see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generators.base import Generator
from generators.told import SIGMA
from training.evaluation.restoring import conditions, contest
from training.evaluation.restoring.conditions import Condition
from training.metrics import Picture, Score, mean_score, score

CROP = 256
"""Side of the middle piece of each photograph that is measured, pixels: as in docs/enhancement.md."""
_DRAWN = 2000  # samples of the bootstrap
SPOILT = (*(conditions.noised(sigma) for sigma in (15, 25, 50)), *(conditions.compressed(each) for each in (10, 40)))
"""What a denoiser is measured on."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One condition: the network's means, and the best of the others. gain: dB, with the ends of its interval."""

    psnr_y: float
    ssim_y: float
    best: str
    best_psnr_y: float
    gain: float
    gain_low: float
    gain_high: float

    @property
    def beaten(self) -> bool:
        """Whether the network is better than all of them, beyond chance."""
        return self.gain_low > 0


def asked(model: Generator, scale: int) -> tuple[Condition, ...]:
    """The conditions that a model of that factor is for."""
    if scale > 1:
        return (conditions.reduced(scale),)
    if model.task == conditions.DEBLUR:
        return conditions.BLURS
    # Nobody tells of JPEG how strong it is.
    return tuple(each for each in SPOILT if each.told or SIGMA not in model.parameters)


def shown(model: Generator) -> tuple[Condition, ...]:
    """Further ones, which its card shows: weak noise, where what is told σ easily takes texture for it."""
    return (conditions.noised(5),) if model.task == conditions.DENOISE and SIGMA in model.parameters else ()


def measured(
    model: Generator, others: Sequence[Generator], condition: Condition, originals: Mapping[str, Picture]
) -> Measured:
    """The model beside those of the others that do the condition's task, at least one. originals: RGB uint8."""
    pairs = list(pairs_of(condition, originals))
    return beside(
        scores(model, pairs), {each.name: scores(each, pairs) for each in contest.contestants(condition, others)}
    )


def beside(own: Sequence[Score], theirs: Mapping[str, Sequence[Score]]) -> Measured:
    """A model's scores beside those that others, by name, got on the same pictures."""
    best = max(theirs, key=lambda name: mean_score(list(theirs[name])).psnr_y)
    gains = np.array([mine.psnr_y - their.psnr_y for mine, their in zip(own, theirs[best], strict=True)])
    low, high = interval(gains)
    mean = mean_score(list(own))
    return Measured(
        psnr_y=round(mean.psnr_y, 3),
        ssim_y=round(mean.ssim_y, 4),
        best=best,
        best_psnr_y=round(mean_score(list(theirs[best])).psnr_y, 3),
        gain=round(float(gains.mean()), 3),
        gain_low=round(low, 3),
        gain_high=round(high, 3),
    )


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """The 95% interval of their mean, by a bootstrap that always draws the same."""
    drawn = np.random.default_rng(0).choice(values, (_DRAWN, len(values)))
    low, high = np.quantile(drawn.mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def pairs_of(condition: Condition, originals: Mapping[str, Picture]) -> Iterator[contest.Pair]:
    """The middle pieces of all pictures, in the order of their names, spoiled each by its own chance."""
    for number, name in enumerate(sorted(originals)):
        wanted = condition.cropped(middle(originals[name]))
        spoiled, *burst = condition.spoil_all(wanted, number)
        yield contest.Pair(condition, spoiled, wanted, tuple(burst))


def middle(picture: Picture) -> Picture:
    """The piece that is measured."""
    top, left = (max(side - CROP, 0) // 2 for side in picture.shape[:2])
    return picture[top : top + CROP, left : left + CROP]


def scores(model: Generator, pairs: Sequence[contest.Pair]) -> list[Score]:
    """What the model reaches on each, run as a request runs it."""
    made = ((pair, contest.run(model, contest.job_of(model, pair))) for pair in pairs)
    return [score(picture, pair.wanted, pair.condition.border) for pair, picture in made]
