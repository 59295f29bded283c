"""A configuration: what decisions are made with from now on, with the documents whose digests it names.

Entry and documents are written in one transaction, so that no entry names a text that nobody kept. A second server
with the same configuration, or the same one started again, finds the entry of the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.errors import IntegrityError
from core.media import digest_of
from countersign.verify.canonical import canonical_json
from server.audit.entries.entry import OPERATOR, Draft, Entry, Kind
from server.audit.sql.documents import Document, document_of, keep


@dataclass(frozen=True, slots=True)
class Configure:
    """content: what the entry says, see `countersign.verify.case.setting`. documents: (mime, name, text) each."""

    content: Mapping[str, Any]
    documents: Sequence[tuple[str, str, str]]

    @property
    def tenant(self) -> str:
        """The service's own."""
        return OPERATOR

    @property
    def kind(self) -> Kind:
        """Of the entry."""
        return "configuration"

    @property
    def request_digest(self) -> str:
        """Digest of the content: what decisions name a configuration by."""
        return digest_of(canonical_json(self.content))

    @property
    def request_id(self) -> str:
        """One entry for each content."""
        return request_id_of(self.request_digest)

    def prepare(self, connection: Connection) -> Entry:
        """IntegrityError where a text that the content names is neither given nor kept."""
        given = {document.digest for document in self._documents()}
        for digest in named_in(self.content):
            if digest not in given and document_of(connection, digest) is None:
                raise IntegrityError(f"the configuration names a document that is not there: {digest}")
        return Entry(
            kind=self.kind,
            tenant=self.tenant,
            actor="",
            request_id=self.request_id,
            request_digest=self.request_digest,
            body={"configuration": dict(self.content)},
        )

    def apply(self, connection: Connection, index: int, draft: Draft) -> None:  # noqa: ARG002 - the protocol's
        """The documents are there as soon as the entry is."""
        keep(connection, self._documents())

    def _documents(self) -> list[Document]:
        return [Document(mime, name, text.encode()) for mime, name, text in self.documents]


def request_id_of(digest: str) -> str:
    """Under which the configuration with this digest is recorded."""
    return f"configuration-{digest}"


def named_in(content: Mapping[str, Any]) -> list[str]:
    """The digests of the documents that a configuration names."""
    found = [content["policy"]["digest"], content["trust"], *(model["card"] for model in content["models"])]
    return [str(digest) for digest in found if digest]
