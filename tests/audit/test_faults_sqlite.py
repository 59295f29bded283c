"""SQLite fails: callers get Unavailable, never a record that is not there, and the log recovers by itself."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from core.errors import ConfigurationError, IntegrityError, Unavailable
from server.audit import AuditLog
from server.audit.fsck import fsck
from server.audit.store import sqlite_path
from server.audit.store.sqlite import mark_path
from tests.audit.making import VKEY, decision, opened


@pytest.fixture
def url(sqlite_log_url: str) -> str:
    """These tests are about its file."""
    return sqlite_log_url


@contextmanager
def files_may_not_grow(size: int) -> Iterator[None]:
    """As a full disk: a write beyond `size` bytes of any file fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def assert_recovered(log: AuditLog, url: str, size: int) -> None:
    """The same request is taken now, and once."""
    await log.ping()
    assert (await log.append(decision(1))).fresh
    assert (await log.checkpoint()).size == size
    assert fsck(url, VKEY).ok


async def test_a_locked_database(log: AuditLog, url: str) -> None:
    await log.append(decision(0))
    with closing(sqlite3.connect(sqlite_path(url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        outcomes = await asyncio.gather(*(log.append(decision(1)) for _ in range(5)), return_exceptions=True)
        assert all(isinstance(outcome, Unavailable) and outcome.retry_after > 0 for outcome in outcomes)
        assert await log.find("acme", "request-0") is not None  # reading goes on
    await assert_recovered(log, url, 2)


async def test_a_removed_database_that_comes_back(log: AuditLog, url: str) -> None:
    await log.append(decision(0))
    path = sqlite_path(url)
    path.rename(path.with_suffix(".away"))
    for ask in (log.append(decision(1)), log.ping(), log.checkpoint()):
        with pytest.raises(Unavailable):
            await ask
    path.with_suffix(".away").rename(path)
    await assert_recovered(log, url, 2)


async def test_a_full_disk(log: AuditLog, url: str) -> None:
    await log.append(decision(0))
    path = sqlite_path(url)
    written = path.with_name(path.name + "-wal").stat().st_size
    with files_may_not_grow(written + 10_000):
        # The first may still fit; a hundred do not.
        outcomes = await asyncio.gather(*(log.append(decision(n)) for n in range(100, 200)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
        assert len(refused) >= 90
    await assert_recovered(log, url, 2 + 100 - len(refused))


async def test_a_log_that_is_read_and_not_written_is_not_well(log: AuditLog, url: str) -> None:
    await log.append(decision(0))
    path = sqlite_path(url)
    with files_may_not_grow(path.with_name(path.name + "-wal").stat().st_size):
        await log.ping()  # nothing failed yet
        with pytest.raises(Unavailable):
            await log.append(decision(1))
        with pytest.raises(Unavailable):
            await log.ping()
    await assert_recovered(log, url, 2)


async def put_back_older(url: str, log: AuditLog) -> None:
    """Put an older copy of the database where it stood."""
    path = sqlite_path(url)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(path.with_suffix(".backup"))) as copy:
        source.backup(copy)
    await log.append(decision(1))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.with_suffix(".backup").replace(path)


async def test_an_older_database_put_back_is_never_signed_again(url: str) -> None:
    async with opened(url) as log:
        await log.append(decision(0))
        await put_back_older(url, log)
        with pytest.raises(Unavailable):
            await log.append(decision(2))
        for _ in range(2):
            with pytest.raises(IntegrityError, match="no longer holds"):
                await log.append(decision(2))
        with pytest.raises(Unavailable, match="no longer holds"):
            await log.ping()
    # Nor by the next server: the high-water mark tells.
    with pytest.raises(ConfigurationError, match="acknowledged 2"):
        async with opened(url):
            pass
    assert [damage.what for damage in fsck(url, VKEY).damages] == ["history"]
    mark_path(sqlite_path(url)).unlink()  # the operator's decision to go on from the backup
    async with opened(url) as log:
        assert (await log.append(decision(2))).index == 1


async def test_a_torn_mark_does_not_keep_a_server_from_starting(url: str) -> None:
    async with opened(url) as log:
        await log.append(decision(0))
    mark_path(sqlite_path(url)).write_bytes(b"\xff torn")
    async with opened(url) as log:
        assert (await log.append(decision(1))).index == 1
    assert fsck(url, VKEY).ok
