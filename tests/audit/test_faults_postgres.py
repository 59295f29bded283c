"""PostgreSQL fails: callers get Unavailable, never a record that is not there, and the log recovers by itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from core.errors import ConfigurationError, Unavailable
from server.audit import AuditLog, Entry, Recorded
from server.audit.fsck import fsck
from tests.audit.cutting import Cut, breakable
from tests.audit.making import ORIGIN, SIGNER, VKEY, blob, decision, execute, opened
from tests.audit.power import control, limit_files, own_server, postmaster, restart, start
from tests.audit.stores import PostgresServer

CALLERS = 16
# A segment of the write-ahead log: a smaller limit would stop the whole server.
SEGMENT = 16 << 20


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that the tests here may maltreat."""
    with own_server() as running:
        yield running


@pytest.fixture
def server_url(server: PostgresServer) -> Iterator[str]:
    with server.database() as url:
        yield url


@pytest.fixture
async def server_log(server_url: str) -> AsyncIterator[AuditLog]:
    async with opened(server_url) as log:
        yield log


class Load:
    """Callers that record, and what was acknowledged to them. Each sends again what was refused."""

    def __init__(self, log: AuditLog) -> None:
        self.kept: dict[int, Recorded] = {}
        self.refused = 0
        self._log = log
        self._stopped = False

    async def run(self) -> None:
        await asyncio.gather(*(self._call(caller) for caller in range(CALLERS)))

    def stop(self) -> None:
        self._stopped = True

    async def until(self, count: int) -> None:
        """Wait until so many entries were acknowledged."""
        async with asyncio.timeout(30):
            while len(self.kept) < count:
                await asyncio.sleep(0.005)

    async def _call(self, caller: int) -> None:
        number = caller
        while not self._stopped:
            try:
                recorded = await self._log.append(decision(number))
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0.02)
                continue
            assert self.kept.setdefault(recorded.index, recorded).leaf == recorded.leaf
            number += CALLERS


async def recovered(log: AuditLog) -> None:
    """Wait until the log is well: each connection that died tells one caller."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(Unavailable):
                await asyncio.gather(*(log.ping() for _ in range(CALLERS)))
                return
            await asyncio.sleep(0.02)


async def assert_whole(log: AuditLog, url: str, kept: dict[int, Recorded]) -> None:
    """Everything that was acknowledged is where it was."""
    await recovered(log)
    for index, recorded in kept.items():
        found = await log.get(recorded.tenant, recorded.decision_id)
        assert (found.index, found.leaf) == (index, recorded.leaf)
    report = fsck(url, VKEY)
    assert report.ok, report.damages


async def test_the_server_is_restarted_under_load(
    server: PostgresServer, server_log: AuditLog, server_url: str
) -> None:
    load = Load(server_log)
    running = asyncio.create_task(load.run())
    for _ in range(3):
        await load.until(len(load.kept) + 50)
        await asyncio.to_thread(restart, server)
    await load.until(len(load.kept) + 50)
    load.stop()
    await running
    assert load.refused
    await assert_whole(server_log, server_url, load.kept)
    # Of what was refused, some may have been recorded all the same; what was sent again is there once.
    assert (await server_log.checkpoint()).size == len(load.kept)


async def test_the_server_is_away_and_comes_back(server: PostgresServer, server_log: AuditLog, server_url: str) -> None:
    kept = {0: await server_log.append(decision(0))}
    await asyncio.to_thread(control, server, "--mode", "immediate", "stop")
    try:
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await server_log.append(decision(1))
            assert caught.value.retry_after > 0
            with pytest.raises(Unavailable):
                await server_log.ping()
    finally:
        await asyncio.to_thread(start, server)
    await recovered(server_log)
    kept[1] = await server_log.append(decision(1))
    assert kept[1].index == 1
    await assert_whole(server_log, server_url, kept)


async def test_connections_are_terminated_under_load(
    server: PostgresServer, server_log: AuditLog, server_url: str
) -> None:
    load = Load(server_log)
    running = asyncio.create_task(load.run())
    for _ in range(5):
        await load.until(len(load.kept) + 30)
        await asyncio.to_thread(terminate_all, server_url)
    await load.until(len(load.kept) + 30)
    load.stop()
    await running
    await assert_whole(server_log, server_url, load.kept)
    assert (await server_log.checkpoint()).size == len(load.kept)


def terminate_all(url: str) -> None:
    """As an operator, a failing proxy or a firewall ends connections."""
    execute(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


async def test_somebody_else_holds_the_lock(server_log: AuditLog, server_url: str) -> None:
    await server_log.append(decision(0))
    with psycopg.connect(server_url) as other:
        # A tool that looks at the head too closely, and forgets to let go.
        other.execute("LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE")
        outcomes = await asyncio.gather(*(server_log.append(decision(1)) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        assert await server_log.find("acme", "request-0") is not None  # reading goes on
    recorded = await server_log.append(decision(1))
    assert (recorded.index, recorded.fresh) == (1, True)


async def test_an_older_copy_is_not_gone_on_from(server: PostgresServer, server_url: str, tmp_path: Path) -> None:
    async with marked(server_url, tmp_path) as log:
        await log.append(decision(0))
    older = server_url.replace("/log_", "/older_")
    name = server_url.split("/")[3].split("?")[0]
    server.execute("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG", name.replace("log_", "older_"), name)
    async with marked(server_url, tmp_path) as log:
        await log.append(decision(1))
    with pytest.raises(ConfigurationError, match="acknowledged 2"):
        async with marked(older, tmp_path):
            pass


@asynccontextmanager
async def marked(url: str, folder: Path) -> AsyncIterator[AuditLog]:
    """A log that keeps its high-water mark in `folder`."""
    log = await AuditLog.open(url, SIGNER, ORIGIN, mark_dir=folder)
    try:
        yield log
    finally:
        await log.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cs-line-") as path:
        yield Path(path)


@pytest.mark.parametrize("cut", Cut)
async def test_the_line_breaks_at_a_commit(postgres_log_url: str, folder: Path, cut: Cut) -> None:
    async with breakable(postgres_log_url, folder) as line, opened(line.url) as log:
        await log.append(decision(0))
        for number in range(1, 6):
            line.cut = cut
            with pytest.raises(Unavailable):
                await log.append(decision(number))
            # Nobody can know by now whether it was recorded. Whoever sends it again is told of one entry.
            again = await log.append(decision(number))
            assert again.index == number
            assert cut is not Cut.BEFORE or again.fresh
            assert cut is not Cut.AFTER or not again.fresh
            assert (await log.append(decision(number))).index == number
        assert line.cuts == 5
        assert (await log.checkpoint()).size == 6
    report = fsck(postgres_log_url, VKEY)
    assert report.ok, report.damages


def backends(url: str) -> list[psutil.Process]:
    """The server's processes for the log's connections."""
    own = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url) as connection:
        return [psutil.Process(pid) for (pid,) in connection.execute(own)]


def large(number: int) -> Entry:
    """A decision with a megabyte of evidence that cannot be compressed."""
    return decision(number, evidence=(blob(random.Random(number).randbytes(1 << 20)),))


async def test_tables_cannot_grow(server_log: AuditLog, server_url: str) -> None:
    kept = {0: await server_log.append(decision(0))}
    limited = backends(server_url)
    for process in limited:
        limit_files(process, SEGMENT)
    refused = []
    for number in range(1, 25):
        try:
            recorded = await server_log.append(large(number))
        except Unavailable:
            refused.append(number)
        else:
            kept[recorded.index] = recorded
    assert len(refused) >= 5
    assert len(kept) >= 5
    for process in limited:
        limit_files(process, None)
    for number in refused:
        recorded = await server_log.append(large(number))
        assert recorded.fresh
        kept[recorded.index] = recorded
    await server_log.ping()
    assert sorted(kept) == list(range(25))
    await assert_whole(server_log, server_url, kept)


async def test_there_is_no_room_for_the_servers_own_log(
    server: PostgresServer, server_log: AuditLog, server_url: str
) -> None:
    """PostgreSQL gives up where it cannot write ahead: it goes down, and comes back when there is room."""
    kept = {index: await server_log.append(decision(index)) for index in range(5)}
    first = postmaster(server)
    assert first is not None
    # What the first process may not do, none of those that it starts may.
    for process in (first, *first.children()):
        limit_files(process, os.sysconf("SC_PAGE_SIZE"))
    for _ in range(3):
        with pytest.raises(Unavailable):
            await server_log.append(decision(5))
        with pytest.raises(Unavailable):
            await server_log.ping()
    await asyncio.to_thread(first.wait, 30)
    await asyncio.to_thread(start, server)
    await recovered(server_log)
    recorded = await server_log.append(decision(5))
    assert recorded.index == 5
    await assert_whole(server_log, server_url, {**kept, 5: recorded})
