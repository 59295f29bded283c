"""An evaluation as one JSON object. Knows figures, not how they came about."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from training.evaluation.detecting import normal
from training.evaluation.detecting.evaluation import Evaluation
from training.evaluation.detecting.listing import Label, Row
from training.evaluation.detecting.opening import LeftOut
from training.evaluation.detecting.tasks import GENERATED

AS_FILES_ARE = "files as they are: sizes and formats may tell the classes apart, see the baseline"
NORMALISED = (
    f"both classes alike: reduced to {normal.LONGEST} pixels or less, the middle {normal.SIDE}×{normal.SIDE}, JPEG "
    f"{normal.QUALITY}, without metadata"
)
CHANCE: Mapping[str, float] = {
    "auc": 0.5,
    "balanced_accuracy": 0.5,
    "tpr_at_1": 0.01,
    "tpr_at_5": 0.05,
    "ece": 0.0,
    "cllr": 1.0,
    "cllr_min": 1.0,
    "aurc": 0.5,
}
"""What guessing reaches. Guessing at equal odds is perfectly calibrated: an ECE of 0 alone is no merit."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found. rows: of the listing that took part. unmeasured: detectors, and why."""

    normalised: bool
    rows: tuple[Row, ...]
    left_out: tuple[LeftOut, ...]
    evaluations: tuple[Evaluation, ...]
    unmeasured: Mapping[str, str]

    @property
    def protocol(self) -> str:
        """What was done to the files before anything was measured."""
        return NORMALISED if self.normalised else AS_FILES_ARE

    @property
    def counts(self) -> Mapping[str, int]:
        """Files of each label."""
        counted = Counter(row.label for row in self.rows)
        return {label.value: counted[label] for label in Label}


def to_json(report: Report) -> str:
    """One object; a figure that does not exist is null."""
    top = next((each.whole.figures.auc for each in report.evaluations if each.detector == GENERATED), None)
    found = {
        "auc": top.value if top else None,
        "auc_low": top.low if top else None,
        "auc_high": top.high if top else None,
        "normalised": report.normalised,
        "protocol": report.protocol,
        "files": report.counts,
        "left_out": report.left_out,
        "unmeasured": report.unmeasured,
        "chance": CHANCE,
        "detectors": {each.detector: each for each in report.evaluations},
    }
    return json.dumps(_plain(found), indent=2, allow_nan=False, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """For JSON: rounded, and None for what is not a finite number."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return round(value, _DIGITS) if math.isfinite(value) else None
    return value


def told(report: Report) -> Iterable[str]:
    """A line for every file that was left out, and every detector that could not be measured."""
    for each in report.left_out:
        yield f"left out, line {each.line}, {each.file}: {each.reason}"
    for name, reason in report.unmeasured.items():
        yield f"not measured: {name}: {reason}"
