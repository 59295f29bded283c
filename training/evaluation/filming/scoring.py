"""Whether what was found is what was done. Knows edits with times; does not know how they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detectors.films.edits import DROPPED, REPEATED, Edit
from training.evaluation.filming.edits import Truth
from training.evaluation.filming.moves import RATE

OVERLAP = 0.5
"""Least intersection over union of a segment found with the one that was edited."""
NEAR = 0.15
"""Seconds that a join may lie beside the true one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one film: found, whether its edit was found as what it is; wrong: edits of each kind that match nothing."""

    kind: str
    found: bool
    wrong: tuple[str, ...]


def outcome(kind: str, truth: Truth | None, edits: Sequence[Edit]) -> Outcome:
    """What became of a film of that kind."""
    matching = [edit for edit in edits if truth is not None and matches(edit, truth)]
    return Outcome(kind, bool(matching), tuple(edit.kind for edit in edits if edit not in matching))


def matches(edit: Edit, truth: Truth) -> bool:
    """Whether the edit found is the true one. Which of two equal segments was first is not asked: nobody can know."""
    if edit.kind != truth.kind:
        return False
    start, end = truth.start / RATE, truth.end / RATE
    if edit.kind == DROPPED:
        return abs((edit.start + edit.end) / 2 - start) <= NEAR
    if _overlap(edit.start, edit.end, start, end) >= OVERLAP:
        return True
    if edit.kind != REPEATED or edit.source is None:
        return False
    return _overlap(edit.source, edit.source + edit.end - edit.start, start, end) >= OVERLAP


def f1(kind: str, outcomes: Sequence[Outcome]) -> tuple[float, int, int, int]:
    """F1 of that kind of edit over all films, with how many were found, missed, and found without being there."""
    found = sum(one.found for one in outcomes if one.kind == kind)
    missed = sum(not one.found for one in outcomes if one.kind == kind)
    wrong = sum(one.wrong.count(kind) for one in outcomes)
    return 2 * found / max(1, 2 * found + missed + wrong), found, missed, wrong


def _overlap(first: float, last: float, start: float, end: float) -> float:
    shared = max(0.0, min(last, end) - max(first, start))
    return shared / max(1e-9, max(last, end) - min(first, start)) if shared else 0.0
