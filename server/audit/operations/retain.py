"""Retention: what is older than a tenant's rule allows is deleted, and the log says so first.

The entry permits the deletion of the plaintext, or the evidence, of every entry of the tenant below its own index that
was recorded before the cutoff. The rows go afterwards, in small transactions (`privacy.retention`). fsck finds the
entry by its posting, to tell what expired from what went missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.errors import InvalidInput
from server.audit.entries.entry import Draft, Entry, Kind
from server.audit.entries.leaf import Leaf, format_time
from server.audit.operations.decisions import digest_of_request
from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import postings
from server.audit.sql.terms import term

EVIDENCE = "evidence"
PRIVATE = "private"
KINDS = (EVIDENCE, PRIVATE)


@dataclass(frozen=True, slots=True)
class Retain:
    """actor: who keeps the rules. cutoff: microseconds since 1970. what: "evidence" or "private"."""

    tenant: str
    actor: str
    request_id: str
    cutoff: int
    what: str

    @property
    def kind(self) -> Kind:
        """Of the entry."""
        return "retention"

    @property
    def request_digest(self) -> str:
        """Over what may go."""
        return digest_of_request({"method": "retain", "asked": (self.cutoff, self.what)})

    def prepare(self, connection: Connection) -> Entry:  # noqa: ARG002 - what there is to delete is looked up later
        """InvalidInput for something else than evidence or private fields."""
        if self.what not in KINDS:
            raise InvalidInput("retention is of evidence or private fields", field="what", found=self.what)
        return Entry(
            kind=self.kind,
            tenant=self.tenant,
            actor=self.actor,
            request_id=self.request_id,
            request_digest=self.request_digest,
            body={"cutoff": format_time(self.cutoff), "what": [self.what]},
        )

    def apply(self, connection: Connection, index: int, draft: Draft) -> None:
        """Only the posting: nothing goes before the permission for it is durable."""
        bulk_insert(connection, postings, [(retention_term(self.tenant, self.what), draft.recorded_at, index)])


def retention_term(tenant: str, what: str) -> int:
    """The term by which the retention entries of a tenant are found."""
    return term(tenant, "retention", what)


def permitted(leaf: Leaf) -> tuple[str, tuple[str, ...]]:
    """The cutoff of a retention entry, in RFC 3339 as leaves spell times, and of what.

    Times of one spelling sort as the moments do. ("", ()) for an entry that permits nothing.
    """
    cutoff, what = leaf.content.get("cutoff"), leaf.content.get("what")
    if leaf.kind != "retention" or not isinstance(cutoff, str) or not isinstance(what, list):
        return "", ()
    return cutoff, tuple(each for each in what if each in KINDS)
