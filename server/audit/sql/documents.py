"""Documents that decisions were made with: policies, model cards, trust lists, kept by digest for whoever asks later.

Entries of kind "configuration" name their digests; the rows alone prove nothing. This module does not know what a
document says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from core.errors import IntegrityError
from core.media import digest_of
from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import documents

_OF_DIGEST = select(documents).where(documents.c.digest == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Document:
    """name: for people, at most 256 characters. data: as it was when it was used."""

    mime: str
    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """Of `data`: "sha256:…"."""
        return digest_of(self.data)


def keep(connection: Connection, wanted: Iterable[Document]) -> None:
    """Store documents that are not there yet, within a writing transaction."""
    rows = {each.digest: (each.digest, each.mime, each.name, each.data) for each in wanted}
    bulk_insert(connection, documents, list(rows.values()), ignore=True)


def document_of(connection: Connection, digest: str) -> Document | None:
    """The document, None if it was never kept. IntegrityError for one that was altered."""
    row = connection.execute(_OF_DIGEST, {"of": digest}).one_or_none()
    if row is None:
        return None
    found = Document(row.mime, row.name, row.data)
    if found.digest != digest:
        raise IntegrityError(f"the document {digest} was altered; run `log fsck`")
    return found
