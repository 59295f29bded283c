"""What is said of pictures by probes that have seen neither their source nor their photograph.

What ships was fitted on the whole collection, and knows too much of it. So probes, what is familiar, and calibrations
are made anew without each source of generated pictures and a share of the photographs, and judge what was left out.
Calibrations are not fully apart: they are fitted on `odds_of` the other pictures, made once, by probes that did learn
from what is left out. Areas do not depend on that; rates, shares of verdicts and calibration errors do, and are a
little optimistic. A trial with everything nested gave an area of .98, false positives of .04 and an ECE of .09.
Knows no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from detectors.base import Verdict
from training.evaluation.detecting.listing import Label, Row
from training.evaluation.detecting.looking import Look
from training.evaluation.detecting.normal import QUALITY, SIDE
from training.evaluation.detecting.passes import Facts, Pass, Seen
from training.generated.export import Variant, made_of, odds_of
from training.generated.features import Figures, Floats
from training.generated.fitting import folds
from training.generated.plan import GeneratedPlan

Looks = Mapping[str, Mapping[str, Look]]
"""By a picture's name and a variant's."""


def looks(learned: Figures, steps: Mapping[str, Figures], plan: GeneratedPlan) -> dict[str, dict[str, dict[str, Look]]]:
    """By step, picture and variant. learned: what the probes are made from. steps: the pictures that are judged, as
    they arrive after each step; those that nothing is learned from are among them, and have a share in folds, too.
    """
    found: dict[str, dict[str, dict[str, Look]]] = {step: {} for step in steps}
    odds = odds_of(learned, plan)
    judged = {step: [mask for _, mask in folds(figures)] for step, figures in steps.items()}
    for number, (others, _) in enumerate(folds(learned)):
        made = list(made_of(learned.rows(others), {name: each[others] for name, each in odds.items()}, plan))
        for step, figures in steps.items():
            asked = figures.rows(judged[step][number])
            for name, looked in zip(asked.names.tolist(), _looked(made, asked), strict=True):
                found[step][name] = looked
    return found


def _looked(made: Sequence[Variant], asked: Figures) -> Iterator[dict[str, Look]]:
    scores = {variant.name: variant.judge(asked) for variant in made}
    for at, pixels in enumerate(asked.pixels):
        yield {variant.name: _look(variant, float(scores[variant.name][at]), pixels) for variant in made}


def _look(variant: Variant, score: float, pixels: Floats) -> Look:
    """As the detector judges: what is unlike all that is known has no verdict."""
    judged = variant.calibration.judge(score)
    familiar = variant.familiar.distance(pixels) <= variant.familiar.limit
    return Look(score, judged.log10_lr, judged.verdict if familiar else Verdict.ABSTAINED, read=True)


def passes(steps: Mapping[str, tuple[Figures, Floats]], found: Mapping[str, Looks]) -> tuple[Pass, ...]:
    """For the evaluation. steps: figures and mean colours (n, 3) of the same pictures, in the same order."""
    return tuple(
        Pass(step, tuple(_seen(figures, at, colours[at], found[step]) for at in range(len(figures.names))))
        for step, (figures, colours) in steps.items()
    )


def _seen(figures: Figures, at: int, colour: Floats, looked: Looks) -> Seen:
    name, made = str(figures.names[at]), bool(figures.made[at])
    row = Row(
        line=at + 1,
        name=name,
        path=Path(name),
        label=Label.AI if made else Label.REAL,
        generator=str(figures.generators[at]),
        mask=None,
        photograph=name,
    )
    red, green, blue = np.asarray(colour, np.float64).tolist()
    # Sides and encodings are alike by `normal`: the baseline of sizes and formats has nothing to go by.
    return Seen(row, Facts(SIDE, SIDE, "image/jpeg", QUALITY, (red, green, blue)), looked[name])
