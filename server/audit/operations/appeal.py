"""An appeal: somebody whom a decision concerns asks for another look at it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.errors import Conflict
from server.audit.entries.entry import Draft, Entry, Kind
from server.audit.entries.leaf import Reference
from server.audit.entries.state import Event, ReviewState
from server.audit.operations.decisions import before_json, decision_of, digest_of_request, move, open_decision


@dataclass(frozen=True, slots=True)
class Appeal:
    """actor: the platform's credential that filed it. appellant: the platform's opaque name of the person, "" where
    not told. reason_code: the platform's own. statement: the person's words. Both the words and the name are erasable.
    """

    tenant: str
    actor: str
    request_id: str
    decision_id: str
    reason_code: str
    statement: str = ""
    appellant: str = ""

    @property
    def kind(self) -> Kind:
        """Of the entry."""
        return "appeal"

    @property
    def request_digest(self) -> str:
        """Over everything but who files it, and for whom: it stays when names are erased, and names can be guessed."""
        asked = (self.decision_id, self.reason_code, self.statement)
        return digest_of_request({"method": "appeal", "asked": asked})

    def prepare(self, connection: Connection) -> Entry:
        """NotFound for a decision that is not the tenant's, LimitExceeded for one with too many events; Conflict while
        an appeal of it is open.
        """
        decision, state = open_decision(connection, self.tenant, self.decision_id)
        if state.review is ReviewState.APPEALED:
            raise Conflict(f"an appeal of decision {self.decision_id!r} is open")
        body = {
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
            codes=(self.reason_code,),
            subject=self.appellant,
            private={"statement": self.statement} if self.statement else {},
            refers_to=Reference(decision.decision_id, decision.index),
        )

    def apply(self, connection: Connection, index: int, draft: Draft) -> None:  # noqa: ARG002 - the protocol's
        """The decision is found by its new state."""
        decision, _ = decision_of(connection, self.tenant, self.decision_id)
        move(connection, decision, Event(self.kind, 0, index))
