"""What signed files are found by, and what is kept of them.

The only reads that are no tenant's own: a manifest went out with the file, so that whoever shows the file may have it.
Who may learn what else of an entry is the caller's business.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, literal, select, tuple_

from core.errors import IntegrityError
from server.audit.sql.tables import bindings, entries, manifests

_OF_VALUE = (
    select(bindings.c.log_index)
    .where(bindings.c.kind == bindparam("of"), bindings.c.value == bindparam("wanted"))
    .order_by(bindings.c.log_index.desc())
    .limit(bindparam("most"))
)
_KEPT = (
    select(manifests, entries.c.tenant, entries.c.decision_id, entries.c.leaf)
    .join(entries, entries.c.log_index == manifests.c.log_index)
    .where(manifests.c.log_index.in_(bindparam("indexes", expanding=True)))
)
_BOUND = (
    select(bindings)
    .where(bindings.c.log_index.in_(bindparam("indexes", expanding=True)))
    .order_by(bindings.c.log_index, bindings.c.kind, bindings.c.value)
)
_OF_ID = select(manifests.c.data).where(manifests.c.manifest_id == bindparam("id")).limit(1)
_KEY = (bindings.c.log_index, bindings.c.kind, bindings.c.value)


@dataclass(frozen=True, slots=True)
class Bound:
    """One binding: the entry at `index` is found by `value` of a kind."""

    index: int
    kind: str
    value: bytes

    @property
    def place(self) -> tuple[int, str, bytes]:
        """Where it stands in the order of `bindings_after`."""
        return self.index, self.kind, self.value


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one signed file. source_digest: of the upload that it was made from, "" where there was none.

    manifest: JUMBF. sketches: small pictures of it, one after the other.
    """

    index: int
    tenant: str
    decision_id: str
    manifest_id: str
    manifest: bytes
    sketches: bytes
    bindings: tuple[tuple[str, bytes], ...]
    source_digest: str


def bindings_after(
    connection: Connection, place: tuple[int, str, bytes], kinds: Sequence[str], most: int
) -> list[Bound]:
    """The next bindings of some kinds behind `place`, in the order of the log."""
    after = tuple_(*_KEY) > tuple_(*(literal(value, column.type) for value, column in zip(place, _KEY, strict=True)))
    statement = select(bindings).where(after, bindings.c.kind.in_(kinds)).order_by(*_KEY).limit(most)
    return [Bound(row.log_index, row.kind, row.value) for row in connection.execute(statement)]


def bound_to(connection: Connection, kind: str, value: bytes, most: int) -> list[int]:
    """Entries that are found by exactly this, the newest first."""
    return list(connection.scalars(_OF_VALUE, {"of": kind, "wanted": value, "most": most}))


def kept_at(connection: Connection, indexes: Sequence[int]) -> dict[int, Kept]:
    """What is kept of the signed files at these places of the log, by index; what was erased is not among it."""
    bound: dict[int, list[tuple[str, bytes]]] = {}
    for row in connection.execute(_BOUND, {"indexes": list(indexes)}):
        bound.setdefault(row.log_index, []).append((row.kind, row.value))
    rows = connection.execute(_KEPT, {"indexes": list(indexes)})
    return {row.log_index: _kept(row, tuple(bound.get(row.log_index, ()))) for row in rows}


def manifest_of(connection: Connection, manifest_id: str) -> bytes | None:
    """The manifest store whose active manifest is labelled so; None where none is kept."""
    # No label holds U+0000, and PostgreSQL takes no text that does.
    return None if "\x00" in manifest_id else connection.execute(_OF_ID, {"id": manifest_id}).scalar_one_or_none()


def _kept(row: Row[Any], bound: tuple[tuple[str, bytes], ...]) -> Kept:
    try:
        making = json.loads(row.leaf).get("making") or {}
        source = str((making.get("source") or {}).get("media_digest", ""))
    except (ValueError, AttributeError) as error:
        raise IntegrityError(f"entry {row.log_index} is not the one that was recorded; run `log fsck`") from error
    return Kept(
        index=row.log_index,
        tenant=row.tenant,
        decision_id=row.decision_id,
        manifest_id=row.manifest_id,
        manifest=row.data,
        sketches=row.sketches,
        bindings=bound,
        source_digest=source,
    )


class DurableReads:
    """The same, each question a snapshot. read: runs a query (`reader.LogReader`). Raises Unavailable."""

    def __init__(self, read: Callable[..., Awaitable[Any]]) -> None:
        self._read = read

    async def after(self, place: tuple[int, str, bytes], kinds: Sequence[str], most: int) -> list[Bound]:
        """See `bindings_after`."""
        found: list[Bound] = await self._read(bindings_after, place, kinds, most)
        return found

    async def bound_to(self, kind: str, value: bytes, most: int) -> list[int]:
        """See `bound_to`."""
        found: list[int] = await self._read(bound_to, kind, value, most)
        return found

    async def kept_at(self, indexes: Sequence[int]) -> dict[int, Kept]:
        """See `kept_at`."""
        found: dict[int, Kept] = await self._read(kept_at, indexes) if indexes else {}
        return found

    async def manifest(self, manifest_id: str) -> bytes | None:
        """See `manifest_of`."""
        found: bytes | None = await self._read(manifest_of, manifest_id)
        return found
