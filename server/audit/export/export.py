"""Exports decisions of one tenant as a stream of bytes, newest first, whatever their number.

    checkpoint ── which log, and how far it had come ──> encoder ── bytes ──> pieces
    pages of the list ── one snapshot each ────────────────^

Between two pages nothing is held, in the database or here, but what the encoder has to hold back: a reader may be as
slow as it likes. What is recorded while the export runs is left out of it; what becomes of a decision meanwhile, a
review or an erasure, shows if its page was not read yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from core.errors import PreconditionFailed
from server.audit.entries.entry import Recorded
from server.audit.export.dsa.lines import StatementLines
from server.audit.export.dsa.mapping import DsaMapping
from server.audit.export.encoder import Encoder
from server.audit.export.jsonl import JsonLines, View
from server.audit.reading.listing import Page
from server.audit.reading.matching import Filter
from server.audit.reading.queries import History
from server.audit.tree.receipts import SignedCheckpoint

PIECE = 1 << 20
"""Bytes that are handed on at a time, at most."""
_PAGE = 500


class Format(StrEnum):
    """JSONL: a decision a line. PARQUET: a decision a row. DSA: a statement of reasons a line."""

    JSONL = "jsonl"
    PARQUET = "parquet"
    DSA = "dsa"


class Log(Protocol):
    """What an export needs of `AuditLog`."""

    async def checkpoint(self) -> SignedCheckpoint:
        """The newest."""
        ...

    async def list(self, tenant: str, filter: Filter, page_size: int = 0, page_token: str = "") -> Page:  # noqa: A002
        """A page of decisions, newest first."""
        ...

    async def history(self, tenant: str, decision_id: str) -> History:
        """A decision with what refers to it."""
        ...


async def export(
    log: Log,
    tenant: str,
    wanted: Filter,
    form: Format,
    view: View,
    mapping: DsaMapping | None = None,
) -> AsyncGenerator[bytes, None]:
    """The decisions of `tenant` that `wanted` asks for, as one file in pieces of at most PIECE bytes.

    view: a decision as a line of JSON has it. mapping: what only the operator knows for statements of reasons; by
    default the careful one. PreconditionFailed if this server lacks what the format needs, or a decision cannot be
    stated in it; otherwise as the log's methods.
    """
    signed = await log.checkpoint()
    encoder = await asyncio.to_thread(_encoder, form, tenant, wanted, signed, view, mapping or DsaMapping())
    async for page in _pages(log, tenant, wanted, signed.size):
        histories = [await _history(log, tenant, each, encoder) for each in page]
        for piece in _pieces(await asyncio.to_thread(encoder.add, histories)):
            yield piece
    for piece in _pieces(await asyncio.to_thread(encoder.end)):
        yield piece


def _encoder(
    form: Format, tenant: str, wanted: Filter, signed: SignedCheckpoint, view: View, mapping: DsaMapping
) -> Encoder:
    match form:
        case Format.JSONL:
            return JsonLines(view)
        case Format.DSA:
            return StatementLines(mapping)
        case Format.PARQUET:
            try:
                # Imported when asked for: it needs a library that not every server has.
                from server.audit.export.parquet import ParquetRows
            except ModuleNotFoundError as error:
                raise PreconditionFailed(f"this server cannot write Parquet: {error}") from error
            return ParquetRows(tenant, wanted, signed.text)


async def _pages(log: Log, tenant: str, wanted: Filter, size: int) -> AsyncIterator[Sequence[Recorded]]:
    """Decisions among the first `size` entries of the log, in pages. A page may be empty."""
    token = ""
    while True:
        page = await log.list(tenant, wanted, _PAGE, token)
        yield [each for each in page.items if each.index < size]
        token = page.next_page_token
        if not token:
            return


async def _history(log: Log, tenant: str, decision: Recorded, encoder: Encoder) -> History:
    """The decision, with its events where the format wants them and there are any."""
    if encoder.wants_events and decision.state is not None and decision.state.events:
        return await log.history(tenant, decision.decision_id)
    return History(decision, ())


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]
