"""Long answers that are files: exports of the record and evidence bundles, cut into messages.

A reader may take as long as its deadline allows, and holds a place meanwhile; no tenant can take them all. Between two
messages nothing is held in the database. Knows no protobuf.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from server import convert
from server.admission import Seats
from server.audit import AuditLog, Filter
from server.audit.bundle import bundle
from server.audit.export import DsaMapping, Format, export

CHUNK = 256 * 1024
"""Bytes of a file in one message, at most."""
FILES = 8
"""Files at a time."""
FILES_OF_ONE = 2
"""Of them for one tenant."""


class Files:
    """Files made of the log while they are read. mapping: what exports of statements of reasons need to know.

    The methods count a place for `reader`, the tenant who reads, whosever record it is.
    """

    def __init__(self, log: AuditLog, mapping: DsaMapping, seats: Seats | None = None) -> None:
        self._log = log
        self._mapping = mapping
        self._seats = seats or Seats(FILES, FILES_OF_ONE)

    async def export(self, tenant: str, wanted: Filter, form: Format, *, reader: str) -> AsyncIterator[bytes]:
        """The tenant's record in a format, in pieces of at most CHUNK bytes."""
        with self._seats.take(reader):
            async for part in export(self._log, tenant, wanted, form, convert.decision_view, self._mapping):
                for piece in pieces(part):
                    yield piece

    async def bundle(self, tenant: str, decision_id: str, *, reader: str) -> AsyncIterator[bytes]:
        """Everything about one decision, in pieces of at most CHUNK bytes."""
        with self._seats.take(reader):
            for piece in pieces(await bundle(self._log, tenant, decision_id)):
                yield piece


def pieces(data: bytes) -> Iterator[bytes]:
    """The data, cut."""
    return (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
