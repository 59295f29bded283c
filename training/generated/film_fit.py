"""Fits the probe and the calibration of films, and scores films by probes that know none of their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.films.fusion import judged
from detectors.generated.detector import SEMANTIC, STATISTICS
from detectors.generated.video import NAME
from detectors.verdicts.calibration import Calibration, Judged
from training.evaluation.detecting.familiar import fit_familiar
from training.evaluation.detecting.fit import fitted as calibrated
from training.generated.export import Variant, features_of
from training.generated.features import Figures
from training.generated.filmed import SHOTS
from training.generated.fitting import Floats, Mask, balanced, fit, folds, fuse, scores_of
from training.generated.plan import GeneratedPlan

Features = NDArray[np.float32]
HELD = "test/"
"""What the names of photographs begin with that nothing is fitted on."""


@dataclass(frozen=True, eq=False, slots=True)
class Films:
    """Figures of shots. alone: of films of one shot. together: of films of SHOTS shots, one behind the other."""

    alone: Figures
    together: Figures

    def learned(self) -> Figures:
        """All shots whose pictures may be fitted on."""
        return self.alone.and_then(self.together).where(lambda name: not name.startswith(HELD))

    def held(self) -> Figures:
        """The others."""
        return self.alone.and_then(self.together).where(lambda name: name.startswith(HELD))


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """variant: what ships; its scores are of the shots of `Films.learned`, by probes that had not seen their pictures.
    What its calibrations say of shots left out is less apart: the scores that they know are by probes that had.
    stills: such scores of stills.
    """

    variant: Variant
    stills: Floats


def variant(stills: Figures, films: Films, plan: GeneratedPlan) -> Fitted:
    """The probe learns from stills, as that of `generated_image` does: from films, too, it was no better. Scale and
    calibration are those of shots. Raises as the fits do.

    What decides is what pictures show, or, where no tower looked, the figures of their pixels.
    """
    known, shots = stills.where(lambda name: not name.startswith(HELD)), films.learned()
    figures = known.and_then(shots)
    filmed = np.arange(len(figures.names)) >= len(known.names)
    features = features_of(figures)
    branch = SEMANTIC if SEMANTIC in features else STATISTICS
    values = features[branch]
    penalty = plan.penalty if branch == SEMANTIC else plan.statistics_penalty
    odds = _left_out(values, figures, ~filmed, penalty)
    columns = odds[filmed][:, None]
    fusion = fuse(columns, shots.made, balanced(shots, np.ones(len(shots.names), bool)), (True,))
    scores = scores_of(fusion, columns)
    learned = balanced(figures, ~filmed)[~filmed]
    ships = Variant(
        NAME,
        {branch: fit(values[~filmed], known.made, learned, penalty)},
        fusion,
        fit_familiar(figures.pixels, figures.names, alpha=plan.strange),
        calibrated(scores, shots.made, shots.names, plan.alpha, shots.sources),
        columns,
        scores,
        (),
    )
    return Fitted(ships, odds[~filmed])


def _left_out(values: Features, figures: Figures, rows: Mask, penalty: float) -> Floats:
    """(n,): scores of all by the probe of the fold that judges them, which learned from some of `rows`."""
    scores = np.full(len(values), np.nan)
    for learned, out in folds(figures):
        here = learned & rows
        probe = fit(values[here], figures.made[here], balanced(figures, here)[here], penalty)
        scores[out] = scores_of(probe, values[out])
    return scores


def films_of(
    figures: Figures, scores: Floats, calibration: Calibration
) -> Iterator[tuple[int, tuple[str, ...], Judged]]:
    """Of every film of several shots: how many of them were made, the names of its pictures, and what is said of it."""
    for start in range(0, len(scores), SHOTS):
        rows = slice(start, start + SHOTS)
        yield int(figures.made[rows].sum()), tuple(figures.names[rows]), judged(scores[rows].tolist(), calibration)
