"""Parquet: one decision a row, typed, in row groups, compressed.

The file says of itself which log it is from: metadata `countersign.origin`, `.checkpoint` (the signed note), `.tenant`
and `.filter`. Every row carries its index and leaf hash, so that it can be held against the tiles under it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from countersign.verify.checkpoint import parse_body
from countersign.verify.note import parse_note
from server.audit.entries.leaf import format_time, to_microseconds
from server.audit.export.columns import COLUMNS, row_of
from server.audit.reading.matching import Filter
from server.audit.reading.queries import History

ROW_GROUP = 10_000
# Findings can be long: a group that fills up with them ends before it has its rows.
_GROUP_BYTES = 64 << 20


class ParquetRows:
    """Holds back one row group. checkpoint: the log's, as a signed note."""

    wants_events = False

    def __init__(self, tenant: str, wanted: Filter, checkpoint: str) -> None:
        self._schema = pa.schema(COLUMNS, metadata=_metadata(tenant, wanted, checkpoint))
        self._sink = _Drain()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._group: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, histories: Sequence[History]) -> bytes:
        """A row for each; the bytes of a row group whenever one is full."""
        rows = [row_of(history.decision) for history in histories]
        while rows:
            room = ROW_GROUP - self._rows
            self._group.append(pa.RecordBatch.from_pylist(rows[:room], schema=self._schema))
            self._rows += self._group[-1].num_rows
            rows = rows[room:]
            if self._rows == ROW_GROUP or sum(batch.nbytes for batch in self._group) > _GROUP_BYTES:
                self._write_group()
        return self._sink.take()

    def end(self) -> bytes:
        """The last row group and the footer."""
        self._write_group()
        self._writer.close()
        return self._sink.take()

    def _write_group(self) -> None:
        if self._group:
            self._writer.write_table(pa.Table.from_batches(self._group), row_group_size=ROW_GROUP)
            self._group, self._rows = [], 0


class _Drain:
    """A file for Arrow to write to, whose content is taken away as it comes."""

    closed = False

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._written = 0

    def write(self, data: Any) -> int:
        """All of it."""
        self._waiting.append(bytes(data))
        self._written += len(self._waiting[-1])
        return len(self._waiting[-1])

    def tell(self) -> int:
        """How much was written, whether taken away or not."""
        return self._written

    def take(self) -> bytes:
        """What was written since the last time."""
        waiting, self._waiting = self._waiting, []
        return b"".join(waiting)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open."""


def _metadata(tenant: str, wanted: Filter, checkpoint: str) -> dict[str, str]:
    return {
        "countersign.origin": parse_body(parse_note(checkpoint).text).origin,
        "countersign.checkpoint": checkpoint,
        "countersign.tenant": tenant,
        "countersign.filter": json.dumps(_filter_json(wanted), sort_keys=True),
    }


def _filter_json(wanted: Filter) -> dict[str, Any]:
    """What was asked for; what was not is absent."""
    asked = {name: value for name, value in asdict(wanted).items() if value != getattr(Filter(), name)}
    times = {name: format_time(to_microseconds(asked[name])) for name in ("since", "until") if name in asked}
    return asked | times
