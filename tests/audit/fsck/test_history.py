"""What only an earlier checkpoint can tell: a log that was cut back, replaced, or shown to others differently."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.audit import AuditLog
from server.audit.fsck import Report, fsck
from server.audit.store import sqlite_path, sqlite_url
from server.audit.store.sqlite import mark_path
from tests.audit.fsck.conftest import Log
from tests.audit.fsck.everything import NEW_VKEY
from tests.audit.making import ORIGIN, SIGNER, VKEY, decision, execute, opened
from tests.audit.stores import PostgresServer


def kinds(report: Report) -> set[tuple[str, int | None]]:
    return {(found.what, found.index) for found in report.damages}


@pytest.fixture
def other_url(url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A second, empty log of the same store."""
    if url.startswith("sqlite"):
        from tests.audit.making import new_database

        (tmp_path / "other").mkdir()
        yield new_database(tmp_path / "other")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as other:
        yield other


async def grow(url: str, *numbers: int) -> list[str]:
    """Checkpoints after each decision."""
    async with opened(url) as log:
        found = []
        for number in numbers:
            await log.append(decision(number))
            found.append((await log.checkpoint()).text)
        return found


async def test_every_earlier_checkpoint_of_the_log_is_extended(url: str) -> None:
    checkpoints = await grow(url, *range(10))
    assert fsck(url, VKEY, checkpoints).ok


async def test_a_split_view_is_found(url: str, other_url: str) -> None:
    """One key, two histories: whoever kept a checkpoint of the one finds the other."""
    shown = await grow(url, 1, 2)
    await grow(other_url, 1, 3, 4)
    assert fsck(other_url, VKEY).ok
    assert kinds(fsck(other_url, VKEY, shown[-1:])) == {("history", None)}


async def test_a_log_that_was_cut_back_is_found(url: str, other_url: str) -> None:
    longer = await grow(url, 1, 2, 3)
    await grow(other_url, 1)
    assert kinds(fsck(other_url, VKEY, longer[-1:])) == {("history", 1)}


async def test_something_that_is_no_checkpoint_is_said(url: str) -> None:
    assert kinds(fsck(url, VKEY, ["no checkpoint"])) == {("history", None)}


async def test_the_mark_uncovers_a_log_that_was_put_back(sqlite_log_url: str, tmp_path: Path) -> None:
    await grow(sqlite_log_url, 1, 2)
    path = sqlite_path(sqlite_log_url)
    backup = Path(shutil.copy(path, tmp_path / "backup.db"))
    await grow(sqlite_log_url, 3, 4)
    shutil.copy(backup, path)
    assert kinds(fsck(sqlite_log_url, VKEY)) == {("history", 2)}


async def test_the_mark_of_a_postgresql_log_is_where_one_says(postgres_log_url: str, tmp_path: Path) -> None:
    log = await AuditLog.open(postgres_log_url, SIGNER, ORIGIN, mark_dir=tmp_path)
    await log.append(decision(1))
    await log.close()
    assert fsck(postgres_log_url, VKEY, mark_dir=tmp_path).ok
    execute(postgres_log_url, "DELETE FROM entries")
    execute(postgres_log_url, "DELETE FROM log_head")
    assert ("history", 0) in kinds(fsck(postgres_log_url, VKEY, mark_dir=tmp_path))


async def test_a_changed_byte_in_the_write_ahead_log_is_found(tmp_path: Path, sqlite_log_url: str) -> None:
    """SQLite takes a damaged frame for the end of its log, and would go back behind what was acknowledged."""
    async with opened(sqlite_log_url) as log:
        for number in range(5):
            await log.append(decision(number))
        live = sqlite_path(sqlite_log_url)
        copied = tmp_path / "copied" / "log.db"
        copied.parent.mkdir()
        for suffix in ("", "-wal", ".checkpoint"):
            shutil.copy(live.with_name(live.name + suffix), copied.with_name(copied.name + suffix))
    sound = shutil.copytree(copied.parent, tmp_path / "sound") / "log.db"
    assert fsck(sqlite_url(sound), VKEY).ok
    ahead = copied.with_name("log.db-wal")
    data = bytearray(ahead.read_bytes())
    data[len(data) - 2000] ^= 1
    ahead.write_bytes(data)
    assert mark_path(copied).exists()
    assert ("history", 4) in kinds(fsck(sqlite_url(copied), VKEY))


def test_any_key_of_the_log_vouches_for_the_others(whole: Log) -> None:
    assert fsck(whole.url, NEW_VKEY, outside=whole.outside).ok


def test_another_key_finds_that_the_log_is_not_its_own(whole: Log) -> None:
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert {("key", None), ("head", None)} <= kinds(fsck(whole.url, other))
