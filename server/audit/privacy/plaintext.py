"""Deleting what entries only commit to. Every function runs within a transaction that may write.

This module knows rows, and neither who asked nor whether the log says so; that is `operations.erase` and `.retain`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, update

from countersign.verify.commitments import Disclosure, write_disclosures
from server.audit.entries.durable import DURABLE
from server.audit.sql.tables import bindings, evidence, manifests, postings, private
from server.audit.sql.terms import subject_terms

_DELETE_FIELDS = delete(private).where(private.c.log_index.in_(bindparam("indexes", expanding=True)))
_KEEP_FIELDS = update(private).where(private.c.log_index == bindparam("at")).values(fields=bindparam("kept"))
_DELETE_BINDINGS = delete(bindings).where(bindings.c.log_index.in_(bindparam("indexes", expanding=True)))
_DELETE_MANIFESTS = delete(manifests).where(manifests.c.log_index.in_(bindparam("indexes", expanding=True)))
_DELETE_POSTING = delete(postings).where(
    postings.c.term == bindparam("of"),
    postings.c.recorded_at == bindparam("at"),
    postings.c.log_index == bindparam("index"),
)
_DELETE_EVIDENCE = delete(evidence).where(
    evidence.c.tenant == bindparam("of"),
    evidence.c.digest == bindparam("named"),
    evidence.c.log_index == bindparam("index"),
)


@dataclass(frozen=True, slots=True)
class Plaintext:
    """The disclosures of one entry. recorded_at: microseconds. names: those that have to go."""

    index: int
    tenant: str
    recorded_at: int
    disclosed: Mapping[str, Disclosure]
    names: Collection[str]

    @property
    def kept(self) -> dict[str, Disclosure]:
        """What stays."""
        return {name: each for name, each in self.disclosed.items() if name not in self.names}

    @property
    def subject(self) -> str:
        """Whom the entry will no longer be found by; "" where nothing changes in that."""
        if "subject" not in self.disclosed or "subject" not in self.names:
            return ""
        return str(self.disclosed["subject"].value)


def delete_fields(connection: Connection, parts: Sequence[Plaintext]) -> None:
    """Delete the named fields of each, what finds it by a subject that goes, and what belongs to a field that goes."""
    gone = [part.index for part in parts if not part.kept]
    if gone:
        connection.execute(_DELETE_FIELDS, {"indexes": gone})
    rest = [{"at": part.index, "kept": write_disclosures(part.kept)} for part in parts if part.kept]
    if rest:
        connection.execute(_KEEP_FIELDS, rest)
    unbound = [part.index for part in parts if DURABLE in part.names and DURABLE in part.disclosed]
    if unbound:
        connection.execute(_DELETE_BINDINGS, {"indexes": unbound})
        connection.execute(_DELETE_MANIFESTS, {"indexes": unbound})
    found_by = [
        {"of": term, "at": part.recorded_at, "index": part.index}
        for part in parts
        for term in subject_terms(part.tenant, part.subject)
    ]
    if found_by:
        connection.execute(_DELETE_POSTING, found_by)


def delete_evidence(connection: Connection, keys: Iterable[tuple[str, str, int]]) -> None:
    """Delete blobs by (tenant, digest, log_index)."""
    rows = [{"of": tenant, "named": digest, "index": index} for tenant, digest, index in keys]
    if rows:
        connection.execute(_DELETE_EVIDENCE, rows)
