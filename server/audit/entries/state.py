"""The state of a decision: the fold of the entries that refer to it. Pure; knows no SQL.

    decided REVIEW ──> AWAITING ── review ──> RESOLVED
    decided otherwise ──> NONE
    any ── appeal ──> APPEALED ── review ──> UPHELD (same action) | OVERTURNED (another)

A review names the final action. The recorded decision itself never changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import InvalidInput
from policies.base import Action


class ReviewState(StrEnum):
    """Where a decision stands. AWAITING: a person has to decide, and nobody did yet."""

    NONE = "none"
    AWAITING = "awaiting"
    APPEALED = "appealed"
    RESOLVED = "resolved"
    UPHELD = "upheld"
    OVERTURNED = "overturned"


@dataclass(frozen=True, slots=True)
class Event:
    """A review or an appeal. action: what a review decides, 0 for an appeal. index: in the log."""

    kind: str
    action: int
    index: int


@dataclass(frozen=True, slots=True)
class State:
    """action: what holds now. events: reviews and appeals so far. last_index: of the latest of them, or the decision's
    own: what a reviewer has seen when nothing came after it.
    """

    review: ReviewState
    action: int
    events: int
    last_index: int


def initial(action: int, index: int) -> State:
    """The state of a decision that nobody looked at since."""
    review = ReviewState.AWAITING if action == Action.REVIEW else ReviewState.NONE
    return State(review, action, 0, index)


def after(state: State, event: Event) -> State:
    """The state after one more event."""
    if event.kind == "appeal":
        return State(ReviewState.APPEALED, state.action, state.events + 1, event.index)
    return State(outcome(state.action, event.action), event.action, state.events + 1, event.index)


def fold(action: int, index: int, events: Iterable[Event]) -> State:
    """The state after `events`, in the order of the log."""
    state = initial(action, index)
    for event in events:
        state = after(state, event)
    return state


def outcome(before: int, decided: int) -> ReviewState:
    """What a review comes to, that decides on `decided` where `before` held."""
    if before == decided:
        return ReviewState.UPHELD
    return ReviewState.RESOLVED if before == Action.REVIEW else ReviewState.OVERTURNED


def final_action(name: str) -> Action:
    """The action that a review names; InvalidInput unless it is one that ends the matter."""
    found = Action.__members__.get(name)
    if found is None or found is Action.REVIEW:
        raise InvalidInput("a review ends in ALLOW, LABEL or BLOCK", field="action", limit="final", found=name)
    return found
