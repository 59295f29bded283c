"""Where a decision stands after its reviews and appeals: the fold of the entries that refer to it. Pure.

    decided REVIEW ──> awaiting ── review ──> resolved
    decided otherwise ──> none
    any ── appeal ──> appealed ── review ──> upheld (same action) | overturned (another)

The server folds in the same way (`server.audit.entries.state`); a test holds the two together. The verifier does it
again because it believes no state that it is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

ACTIONS = ("", "ALLOW", "LABEL", "REVIEW", "BLOCK")
"""Names of actions by their numbers in the log; 0 decides nothing."""
_REVIEW = ACTIONS.index("REVIEW")


@dataclass(frozen=True, slots=True)
class State:
    """review: "none", "awaiting", "appealed", "resolved", "upheld" or "overturned". action: what holds now, a number
    of ACTIONS.
    """

    review: str
    action: int

    def as_json(self) -> dict[str, Any]:
        """As a case's manifest has it."""
        return {"review": self.review, "action": action_name(self.action)}


def fold(action: int, events: Iterable[tuple[str, int]]) -> list[State]:
    """The state after the decision and after each of `events`, (kind, action) pairs in the order of the log."""
    states = [State("awaiting" if action == _REVIEW else "none", action)]
    for kind, decided in events:
        before = states[-1].action
        if kind == "appeal":
            states.append(State("appealed", before))
        elif decided == before:
            states.append(State("upheld", decided))
        else:
            states.append(State("resolved" if before == _REVIEW else "overturned", decided))
    return states


def action_name(number: int) -> str:
    """The action's name, "" for a number that is none."""
    return ACTIONS[number] if 0 <= number < len(ACTIONS) else ""
