"""What attacks did to verdicts, counted, with intervals. Knows what was said; attacks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detectors.base import Verdict
from training.evaluation.adversarial.suspects import Case, Said
from training.evaluation.detecting.ranking import Interval, auc_interval
from training.evaluation.detecting.tables import Sheet, cell

HEADS = ("attack", "AUC", "detected of what is looked for", "detected of other pictures", "abstained", "flipped", "dB")


@dataclass(frozen=True, slots=True)
class Row:
    """After one attack on every picture of both classes. detected, alarmed: shares with that verdict, of what is looked
    for and of the others. flipped: with the opposite verdict of before; abstained: of all. psnr: mean, decibels; None
    where nothing was changed.
    """

    auc: Interval
    detected: Interval
    alarmed: Interval
    abstained: Interval
    flipped: Interval
    psnr: float | None

    def cells(self) -> tuple[str, ...]:
        """Those of `HEADS` but the first."""
        loud = "" if self.psnr is None else f"{self.psnr:.0f}"
        figures = (self.auc, self.detected, self.alarmed, self.abstained, self.flipped)
        return (*map(cell, figures), loud)


@dataclass(frozen=True, slots=True)
class Attacked:
    """One detector. rows: by attack, that without any first. pictures: of what is looked for, and others."""

    name: str
    version: str
    pictures: tuple[int, int]
    rows: dict[str, Row]

    def sheet(self) -> Sheet:
        """As a table."""
        positives, negatives = self.pictures
        title = f"{self.name}: {positives} pictures of what it looks for, {negatives} others, attacked alike"
        return Sheet(title, HEADS, tuple((name, *row.cells()) for name, row in self.rows.items()))


def counted(cases: Sequence[Case], before: Sequence[Said], after: Sequence[Said], psnr: float | None) -> Row:
    """before, after: of each case, without the attack and with it. Pictures of one photograph count as one trial."""
    truth = np.array([case.truth for case in cases], bool)
    groups = [case.photograph for case in cases]
    verdicts = [said.verdict for said in after]
    loud = np.array([each is Verdict.DETECTED for each in verdicts], bool)
    turned = [
        then is not now and Verdict.ABSTAINED not in (then, now)
        for then, now in zip((said.verdict for said in before), verdicts, strict=True)
    ]
    scores = np.array([said.score for said in after])
    positives, negatives = ([groups[at] for at in np.flatnonzero(each)] for each in (truth, ~truth))
    return Row(
        auc_interval(scores, truth, groups),
        Interval.share(loud[truth], positives),
        Interval.share(loud[~truth], negatives),
        Interval.share([each is Verdict.ABSTAINED for each in verdicts], groups),
        Interval.share(turned, groups),
        psnr,
    )
