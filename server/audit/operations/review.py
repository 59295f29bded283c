"""A review: a person decides on a decision, for good."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.errors import Stale
from server.audit.entries.entry import Draft, Entry, Kind
from server.audit.entries.leaf import Reference
from server.audit.entries.state import Event, final_action, outcome
from server.audit.operations.decisions import before_json, decision_of, digest_of_request, move, open_decision


@dataclass(frozen=True, slots=True)
class Review:
    """actor: the reviewer. action: "ALLOW", "LABEL" or "BLOCK", what holds from now on. reason_code: the staff's own.
    note: for the record; erasable. seen_index: `State.last_index` as the reviewer saw it, -1 to not check.
    """

    tenant: str
    actor: str
    request_id: str
    decision_id: str
    action: str
    reason_code: str
    note: str = ""
    seen_index: int = -1

    @property
    def kind(self) -> Kind:
        """Of the entry."""
        return "review"

    @property
    def request_digest(self) -> str:
        """Over everything but who asks."""
        asked = (self.decision_id, self.action, self.reason_code, self.note, self.seen_index)
        return digest_of_request({"method": "review", "asked": asked})

    def prepare(self, connection: Connection) -> Entry:
        """NotFound for a decision that is not the tenant's, LimitExceeded for one with too many events; Stale where it
        changed since the reviewer looked.
        """
        action = final_action(self.action)
        decision, state = open_decision(connection, self.tenant, self.decision_id)
        if self.seen_index not in (-1, state.last_index):
            raise Stale(
                f"decision {self.decision_id!r} has changed since it was looked at: its latest entry is "
                f"{state.last_index}, not {self.seen_index}"
            )
        body = {
            "outcome": outcome(state.action, action).value,
            "action": action.name,
            "reason_code": self.reason_code,
            "before": before_json(state),
        }
        return Entry(
            kind=self.kind,
            tenant=self.tenant,
            actor=self.actor,
            request_id=self.request_id,
            request_digest=self.request_digest,
            body=body,
            action=int(action),
            codes=(self.reason_code,),
            # A reviewer is a person too, whose name may have to go one day.
            subject=self.actor,
            private={"note": self.note} if self.note else {},
            refers_to=Reference(decision.decision_id, decision.index),
        )

    def apply(self, connection: Connection, index: int, draft: Draft) -> None:
        """The decision is found by its new state."""
        decision, _ = decision_of(connection, self.tenant, self.decision_id)
        move(connection, decision, Event(self.kind, draft.entry.action, index))
