"""A verdict that says nothing of pictures left out is not given; one that does stays as it was."""

from __future__ import annotations

import numpy as np

from detectors.base import Verdict
from training.evaluation.detecting.fit import Fitted, fitted
from training.evaluation.detecting.silence import NEVER, silenced

TRUTH = np.arange(400) >= 200
PHOTOGRAPHS = np.arange(400)


def of(scores: np.ndarray) -> tuple[Fitted, Fitted]:
    made = fitted(scores, TRUTH, PHOTOGRAPHS, alpha=0.05)
    return made, silenced(made, TRUTH, PHOTOGRAPHS)


def test_what_tells_nothing_says_nothing() -> None:
    made, silent = of(np.random.default_rng(1).normal(size=400))
    assert set(made.held.verdicts) == set(Verdict)
    assert set(silent.held.verdicts) == {Verdict.ABSTAINED}
    assert {silent.calibration.judge(score).verdict for score in (-1e6, 0, 1e6)} == {Verdict.ABSTAINED}
    assert silent.calibration.fpr == silent.calibration.fpr_low == 0
    assert 0.01 < silent.calibration.fpr_high < 0.03
    assert silent.calibration.log10_lrs == made.calibration.log10_lrs


def test_what_tells_is_left_alone() -> None:
    made, silent = of(np.random.default_rng(2).normal(size=400) + 3 * TRUTH)
    assert silent.calibration == made.calibration
    assert silent.held.verdicts == made.held.verdicts


def test_one_side_may_tell_without_the_other() -> None:
    scores = np.random.default_rng(3).normal(size=400)
    scores[300:] += 8  # half of what is looked for stands out, and the rest looks like everything else
    made, silent = of(scores)
    assert silent.calibration.detected_from == made.calibration.detected_from
    assert silent.calibration.absent_to == -NEVER
    assert Verdict.NOT_DETECTED not in silent.held.verdicts
