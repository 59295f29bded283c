"""Tombstones against the erasures that made them: an erasure's leaf binds how many there are, and which."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from countersign.verify.errors import VerificationError
from server.audit.checks.bundle import Bundle
from server.audit.checks.raw import raw, rows_between
from server.audit.checks.report import Findings
from server.audit.entries.leaf import Leaf
from server.audit.sql.tables import entries, erased
from server.audit.tree.membership import digest_of_set


def check_erasures(connection: Connection, bundle: Bundle, findings: Findings) -> None:
    """One piece of the log: its erasures, and the tombstones of its entries."""
    for index, leaf in bundle.leaves.items():
        if leaf.kind == "erasure":
            _check_bound(connection, index, leaf, findings)
    stones = rows_between(connection, erased, bundle.start, bundle.stop, findings)
    erasures = _leaves(connection, {row.by_index for row in stones})
    for stone in stones:
        _check_stone(stone, bundle.leaves.get(stone.log_index), erasures.get(stone.by_index), findings)


def _check_bound(connection: Connection, index: int, leaf: Leaf, findings: Findings) -> None:
    bound = leaf.content.get("entries")
    count, digest = (bound.get("count"), bound.get("digest")) if isinstance(bound, dict) else (None, None)
    if type(count) is not int or not isinstance(digest, str):
        findings.add("erasure", index, "the erasure does not say what was erased")
        return
    # One more than there are to be, and no more: the table may hold anything.
    statement = raw(erased, "log_index").where(erased.c.by_index == index).order_by(erased.c.log_index)
    indexes = list(connection.scalars(statement.limit(count + 1)))
    if len(indexes) != count or digest_of_set(indexes) != digest:
        findings.add("erasure", index, f"the erasure took from {count} entries; the tombstones are not those of them")


def _check_stone(stone: Row[Any], leaf: Leaf | None, erasure: Leaf | None, findings: Findings) -> None:
    if erasure is None or erasure.kind != "erasure" or stone.by_index <= stone.log_index:
        detail = f"a tombstone names entry {stone.by_index}, which is no erasure of it"
    elif leaf is not None and leaf.tenant != erasure.tenant:
        detail = f"a tombstone names entry {stone.by_index}, the erasure of another tenant"
    else:
        return
    findings.add("erasure", stone.log_index, detail)


def _leaves(connection: Connection, indexes: set[Any]) -> dict[int, Leaf]:
    """The entries at `indexes`, as far as they are some."""
    found: dict[int, Leaf] = {}
    for index in indexes:
        leaf = connection.execute(_LEAF.where(entries.c.log_index == index)).scalar_one_or_none()
        try:
            found[index] = Leaf.parse(leaf)
        except VerificationError:
            continue
    return found


_LEAF = select(*raw(entries, "leaf").selected_columns).select_from(entries)
