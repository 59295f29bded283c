"""An erasure: the log forgets what it holds about one person in plaintext, and says that it did.

The entry names nobody. It binds how many entries lost their plaintext and, by a digest over their indexes, which; so
that fsck can tell what was erased from what went missing. Nothing that could confirm a guess at the name is kept, not
even a digest of the request: that one request_id was used for two persons is noticed by `privacy.erasure`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.errors import IntegrityError, InvalidInput
from server.audit.entries.entry import Draft, Entry, Kind
from server.audit.operations.decisions import digest_of_request
from server.audit.privacy.plaintext import delete_evidence, delete_fields
from server.audit.privacy.subject import Holdings, holdings_of
from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import erased
from server.audit.tree.membership import digest_of_set

MOST = 2000
"""Entries of the person that one erasure takes on: it holds the lock that every append waits for."""
_TELLING = 4


@dataclass(frozen=True, slots=True)
class Erase:
    """actor: who asked for it. subject: the person, as it was recorded. Takes the oldest 2000 entries of theirs; the
    body's "more" says whether there are others.
    """

    tenant: str
    actor: str
    request_id: str
    subject: str = field(repr=False)

    @property
    def kind(self) -> Kind:
        """Of the entry."""
        return "erasure"

    @property
    def request_digest(self) -> str:
        """The same for every person."""
        return digest_of_request({"method": "erase"})

    def prepare(self, connection: Connection) -> Entry:
        """An erasure that finds nothing is recorded too: that it was asked for is part of the record.

        InvalidInput without a subject, or with a request_id that repeats it: request_ids stay for ever.
        """
        if not self.subject:
            raise InvalidInput("an erasure names a subject", field="subject")
        # One to three characters occur in any id by chance.
        if self.subject == self.request_id or (len(self.subject) >= _TELLING and self.subject in self.request_id):
            raise InvalidInput("the request_id, which cannot be erased, repeats the subject", field="request_id")
        return Entry(
            kind=self.kind,
            tenant=self.tenant,
            actor="" if self.actor == self.subject else self.actor,
            request_id=self.request_id,
            request_digest=self.request_digest,
            body=_body(self._holdings(connection)),
        )

    def apply(self, connection: Connection, index: int, draft: Draft) -> None:
        """Plaintext, evidence and postings go; tombstones come."""
        found = self._holdings(connection)
        if _body(found) != draft.entry.body:
            raise IntegrityError("the log changed while an erasure was recorded")
        delete_fields(connection, found.parts)
        delete_evidence(connection, found.evidence)
        bulk_insert(connection, erased, [(each, index) for each in found.indexes])

    def _holdings(self, connection: Connection) -> Holdings:
        return holdings_of(connection, self.tenant, self.subject, MOST)


def _body(found: Holdings) -> dict[str, object]:
    return {
        "entries": {"count": len(found.parts), "digest": digest_of_set(found.indexes)},
        "more": found.more,
    }
