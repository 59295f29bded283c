"""What the log holds about one person: entries of which the person is the subject, and what was written about those.

A subject is whoever a decision is about or from, a reviewer of a review, an appellant of an appeal. Words that others
wrote about the person's decisions (notes, statements) are about the person too, whoever wrote them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, literal, select, tuple_

from core.errors import IntegrityError
from countersign.verify.commitments import Disclosure
from countersign.verify.errors import VerificationError
from server.audit.entries.leaf import Leaf
from server.audit.privacy.plaintext import Plaintext
from server.audit.sql.rows import disclosures_of
from server.audit.sql.tables import entries, events, postings, private
from server.audit.sql.terms import SUBJECT, term

_STEP = 500
# Whose an entry is, as against what it says.
_PERSONS = ("actor", "subject")
_COLUMNS = (entries.c.log_index, entries.c.tenant, entries.c.kind, entries.c.recorded_at, entries.c.leaf)
_ABOUT: Select[Any] = (
    select(*_COLUMNS, private.c.fields)
    .join(postings, postings.c.log_index == entries.c.log_index)
    .join(private, private.c.log_index == entries.c.log_index)
    .where(postings.c.term == bindparam("of"))
    .order_by(postings.c.recorded_at, postings.c.log_index)
    .limit(_STEP)
)
_WRITTEN: Select[Any] = (
    select(*_COLUMNS, private.c.fields)
    .join(events, events.c.log_index == entries.c.log_index)
    .join(private, private.c.log_index == entries.c.log_index)
    .where(events.c.decision_index.in_(bindparam("decisions", expanding=True)))
    .order_by(entries.c.log_index)
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """parts: what has to go, by log index. evidence: keys of blobs. more: whether there are further entries."""

    parts: tuple[Plaintext, ...]
    evidence: tuple[tuple[str, str, int], ...]
    more: bool

    @property
    def indexes(self) -> list[int]:
        """Of the entries, ascending."""
        return [part.index for part in self.parts]


def holdings_of(connection: Connection, tenant: str, subject: str, most: int) -> Holdings:
    """What the log of `tenant` holds about `subject`: of the oldest `most` entries of theirs, and what refers to them.

    IntegrityError where a row is damaged.
    """
    own: list[Row[Any]] = []
    parts: dict[int, Plaintext] = {}
    more = False
    for row, disclosed in _about(connection, tenant, subject):
        more = len(own) == most
        if more:
            break
        own.append(row)
        # The platform's own name beside the person's stays: it says who answers for the entry.
        parts[row.log_index] = _part(row, disclosed, subject, spared=("actor",))
    for row in _written_about(connection, [row.log_index for row in own if row.kind == "decision"]):
        if row.log_index not in parts and row.tenant == tenant:
            part = _part(row, disclosures_of(row.log_index, row.fields), subject, spared=_PERSONS)
            if part.names:
                parts[row.log_index] = part
    blobs = tuple(key for row in own for key in _evidence_of(row))
    return Holdings(tuple(parts[index] for index in sorted(parts)), blobs, more)


def _about(connection: Connection, tenant: str, subject: str) -> Iterator[tuple[Row[Any], Mapping[str, Disclosure]]]:
    """Entries whose disclosed subject it is: terms may collide, so the index alone is not believed."""
    place = tuple_(postings.c.recorded_at, postings.c.log_index)
    of = {"of": term(tenant, SUBJECT, subject)}
    rows = connection.execute(_ABOUT, of).all()
    while rows:
        for row in rows:
            disclosed = disclosures_of(row.log_index, row.fields)
            if row.tenant == tenant and "subject" in disclosed and disclosed["subject"].value == subject:
                yield row, disclosed
        after = place > tuple_(literal(rows[-1].recorded_at), literal(rows[-1].log_index))
        rows = connection.execute(_ABOUT.where(after), of).all()


def _written_about(connection: Connection, decisions: Sequence[int]) -> Iterator[Row[Any]]:
    for start in range(0, len(decisions), _STEP):
        yield from connection.execute(_WRITTEN, {"decisions": decisions[start : start + _STEP]})


def _part(row: Row[Any], disclosed: Mapping[str, Disclosure], subject: str, spared: Sequence[str]) -> Plaintext:
    names = {name for name, each in disclosed.items() if name not in spared or each.value == subject}
    return Plaintext(row.log_index, row.tenant, row.recorded_at, disclosed, names)


def _evidence_of(row: Row[Any]) -> Iterator[tuple[str, str, int]]:
    try:
        named = Leaf.parse(row.leaf).facets.evidence
    except VerificationError as error:
        raise IntegrityError(f"entry {row.log_index} is not the one that was recorded; run `log fsck`") from error
    for digest in {digest for digest, _ in named}:
        yield row.tenant, digest, row.log_index
