"""What the log asks SQLite, and how SQLite answers: by index, so that no call costs more as the log grows."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event

from server.audit import AuditLog, Filter
from server.audit.store import sqlite_path
from tests.audit.making import decision, intent, now, opened

# What a plan may scan: a page's own candidates, and the open intents, which are as many as there is work going on.
# The log's few keys, and the newest of the checkpoints that others vouch for, of which there is one a minute at most.
ALLOWED = (
    "SCAN candidate",
    "SCAN open_intents",
    "SCAN CONSTANT ROW",
    "SCAN alembic_version",
    "SCAN log_keys",
    "SCAN witnessed",
)
FILTERS = [
    Filter(),
    Filter(since=now(), until=now()),
    Filter(action=2),
    Filter(detector="copy_move"),
    Filter(detector="copy_move", action=2),
    Filter(media_digest=decision(1).media_digest),
    Filter(media_digest=decision(1).media_digest, action=2, detector="copy_move"),
]


@pytest.fixture
def url(sqlite_log_url: str) -> str:
    """Plans are SQLite's: PostgreSQL weighs the sizes of tables, and takes no index on empty ones."""
    return sqlite_log_url


@contextmanager
def statements() -> Iterator[set[str]]:
    """Every statement that any engine runs within the block."""
    seen: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.add(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def scans(url: str, seen: set[str]) -> list[str]:
    """Plans that go through a table, and sorts of one."""
    found = []
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        for statement in seen:
            if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                continue
            values = [1] * statement.count("?")
            for *_, detail in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values):
                if detail.startswith("SCAN") and detail not in ALLOWED:
                    found.append(f"{detail}: {statement}")
    return found


async def test_recording_and_reading_go_by_index(log: AuditLog, url: str) -> None:
    with statements() as seen:
        recorded = [await log.append(entry) for entry in (intent(0), decision(0), decision(1), decision(1))]
        await log.get("acme", recorded[1].decision_id)
        await log.find("acme", "request-1")
        await log.evidence("acme", "sha256:")
        await log.receipt("acme", recorded[1].decision_id)
        await log.orphaned_intents(now() + timedelta(days=1))
        await log.checkpoint()
    assert len(seen) > 10
    assert scans(url, seen) == []


@pytest.mark.parametrize("first_page", [True, False])
@pytest.mark.parametrize("wanted", FILTERS)
async def test_every_list_goes_by_index(log: AuditLog, url: str, wanted: Filter, first_page: bool) -> None:
    for number in range(24):
        await log.append(decision(number))
    with statements() as seen:
        page = await log.list("acme", wanted, 1)
        if not first_page and page.next_page_token:
            await log.list("acme", wanted, 1, page.next_page_token)
    assert scans(url, seen) == []


async def test_receipts_of_an_earlier_run_go_by_index(url: str) -> None:
    async with opened(url) as log:
        recorded = await asyncio.gather(*(log.append(decision(number)) for number in range(300)))
    async with opened(url) as log:
        with statements() as seen:
            await log.receipt_for(recorded[0])
    assert any("tiles" in statement for statement in seen)
    assert scans(url, seen) == []


async def test_a_receipt_from_memory_is_the_one_from_the_store(url: str) -> None:
    async with opened(url) as log:
        recorded = await asyncio.gather(*(log.append(decision(number)) for number in range(600)))
        with statements() as seen:
            from_memory = [await log.receipt_for(record) for record in recorded]
        assert not seen
    async with opened(url) as log:
        assert [await log.receipt_for(record) for record in recorded] == from_memory
