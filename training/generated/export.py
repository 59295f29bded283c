"""From the figures of pictures to what ships: the probes, what is familiar, the calibration, and their entries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from detectors.generated.detector import FUSION, NAME, SEMANTIC, STATISTICS, WITH_TOWER
from detectors.generated.probe import Probe
from detectors.verdicts.calibration import Calibration
from detectors.verdicts.familiar import Familiar
from training.evaluation.detecting.familiar import fit_familiar
from training.evaluation.detecting.fit import Fitted, fitted
from training.evaluation.detecting.silence import silenced
from training.export import LICENCE, pin
from training.generated.features import Figures
from training.generated.fitting import Floats, balanced, fit, fuse, left_out, scores_of, strict
from training.generated.plan import GeneratedPlan

CARD = f"{NAME}.md"


@dataclass(frozen=True, eq=False, slots=True)
class Variant:
    """What ships under one name. scores: of the pictures that it was fitted on, by probes that had not seen them, one
    column a branch in `odds`, and put together in `scores`. calibrated: with what calibrations say of those that were
    fitted on neither their source nor their photograph, but on scores by probes that had learned from both. strict:
    areas by `fitting.strict` of what decides.
    """

    name: str
    probes: dict[str, Probe]
    fusion: Probe
    familiar: Familiar
    calibrated: Fitted
    odds: Floats
    scores: Floats
    strict: tuple[float, ...] = ()

    @property
    def calibration(self) -> Calibration:
        """That of all pictures, which ships."""
        return self.calibrated.calibration

    def judge(self, figures: Figures) -> Floats:
        """Log odds of pictures that no probe has seen, (n,)."""
        features = features_of(figures)
        odds = np.stack([scores_of(probe, features[name]) for name, probe in self.probes.items()], axis=1)
        return scores_of(self.fusion, odds)


def features_of(figures: Figures) -> dict[str, NDArray[np.float32]]:
    """By branch, (n, d): as the detector hands them to the probes."""
    made = {STATISTICS: figures.pixels}
    if figures.seen.size:
        made[SEMANTIC] = figures.seen.reshape(len(figures.seen), -1)
    return made


def variants(figures: Figures, plan: GeneratedPlan) -> Iterator[Variant]:
    """Without the tower, and with it where its figures were taken. Raises as the fits of calibrations do."""
    features, penalties = features_of(figures), _penalties(plan)
    for variant in made_of(figures, odds_of(figures, plan), plan):
        decides = list(variant.probes)[-1]
        yield replace(variant, strict=strict(features[decides], figures, penalties[decides]))


def odds_of(figures: Figures, plan: GeneratedPlan) -> dict[str, Floats]:
    """By branch, (n,): the log odds by probes that had seen neither source nor photograph."""
    penalties = _penalties(plan)
    return {name: left_out(values, figures, penalties[name]) for name, values in features_of(figures).items()}


def made_of(figures: Figures, odds: Mapping[str, Floats], plan: GeneratedPlan) -> Iterator[Variant]:
    """Probes of the figures; what follows is fitted on `odds` (n,), by branch, of probes that had not seen them."""
    features, penalties = features_of(figures), _penalties(plan)
    weights = balanced(figures, np.ones(len(figures.names), bool))
    probes = {name: fit(values, figures.made, weights, penalties[name]) for name, values in features.items()}
    familiar = fit_familiar(figures.pixels, figures.names, alpha=plan.strange)
    for name, branches in ((NAME, (STATISTICS,)), (WITH_TOWER, (STATISTICS, SEMANTIC))):
        if set(branches) <= set(features):
            columns = np.stack([odds[branch] for branch in branches], axis=1)
            fusion = fuse(columns, figures.made, weights, _voting(branches))
            scores = scores_of(fusion, columns)
            known = fitted(scores, figures.made, figures.names, plan.alpha, figures.sources)
            calibrated = silenced(known, figures.made, figures.names)
            chosen = {branch: probes[branch] for branch in branches}
            yield Variant(name, chosen, fusion, familiar, calibrated, columns, scores)


def _penalties(plan: GeneratedPlan) -> dict[str, float]:
    return {STATISTICS: plan.statistics_penalty, SEMANTIC: plan.penalty}


def _voting(branches: tuple[str, ...]) -> tuple[bool, ...]:
    """Which of them have a vote. Beside the tower the figures of pixels have none: they made left-out scores worse."""
    return tuple(name == SEMANTIC or SEMANTIC not in branches for name in branches)


def export(folder: Path, variant: Variant, plan: GeneratedPlan, training: dict[str, Any], card: str = CARD) -> None:
    """Writes weights and calibration into `folder` and pins both in `weights.toml`. card: file beside them."""
    tensors = variant.fusion.tensors(FUSION) | variant.familiar.arrays()
    for name, probe in variant.probes.items():
        tensors |= probe.tensors(name)
    data = save(tensors)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{variant.name}.safetensors"
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
    calibration = f"{variant.name}.calibration.json"
    parameters: dict[str, Any] = {"branches": list(variant.probes)}
    if SEMANTIC in variant.probes:
        parameters["layers"] = list(plan.layers)
    parameters |= {"calibration": calibration, "calibration_sha256": variant.calibration.write(folder / calibration)}
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "architecture": "linear probes",
        "card": card,
        "licence": LICENCE,
        "parameters": parameters,
        "training": training,
    }
    pin(folder / "weights.toml", variant.name, entry)
