"""What was done to content, one act after the other: the decision, then each review that changed its action.

    decided BLOCK ── review upholds ──> the same act
                  ── review: ALLOW ──> the act ends
                  ── review: LABEL ──> the act ends, another begins

Each act with a restriction is owed a statement of reasons of its own. Pure; knows neither statements nor mappings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from policies.base import Action
from server import record
from server.audit.entries.entry import Recorded
from server.audit.reading.queries import History


@dataclass(frozen=True, slots=True)
class Act:
    """entry: the decision or the review. action: what held from then on. code: the reason code of a review, "" of a
    decision. before: what held until then, None of a decision. ended: when another action took its place.
    """

    entry: Recorded
    action: Action
    code: str = ""
    before: Action | None = None
    ended: datetime | None = None

    @property
    def by_person(self) -> bool:
        """Whether a person took it."""
        return self.before is not None


def acts_of(history: History) -> list[Act]:
    """Every act, in the order of the log; none where media was refused and nothing was decided."""
    name = record.decode(history.decision).get("action")
    if name is None:
        return []
    acts = [Act(history.decision, Action[name])]
    for event in history.events:
        if event.kind == "review":
            _review(acts, event)
    return acts


def _review(acts: list[Act], review: Recorded) -> None:
    content = record.decode(review)
    decided, before = Action[content["action"]], acts[-1].action
    if decided is not before:
        acts[-1] = replace(acts[-1], ended=review.recorded_at)
        acts.append(Act(review, decided, content["reason_code"], before))
