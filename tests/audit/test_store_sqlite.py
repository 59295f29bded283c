"""SQLite's own ways: one process may write, and the file may be moved away under it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from core.errors import ConfigurationError, Unavailable
from server.audit.store import open_store, sqlite_path
from server.audit.store.writer_lock import WriterLock
from tests.audit.making import decision, new_database, opened


def test_the_right_to_write_is_one_process_s(sqlite_log_url: str) -> None:
    with closing(open_store(sqlite_log_url)) as first, closing(open_store(sqlite_log_url)) as second:
        assert first.claim()
        assert first.claim()
        assert not second.claim()
        with pytest.raises(Unavailable, match="another process"), second.writing():
            pass
        with second.reading():
            pass
        first.release()
        assert second.claim()
        with pytest.raises(Unavailable, match="another process"), first.writing():
            pass


def test_a_lock_is_given_back_once(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "log.db")
    assert lock.take()
    lock.release()
    lock.release()
    assert not lock.held
    assert WriterLock(tmp_path / "log.db").take()


def test_what_is_not_there_is_not_made_unless_asked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with pytest.raises(ConfigurationError, match="db upgrade"):
        open_store(url)
    assert not (tmp_path / "log.db").exists()
    with closing(open_store(url, create=True)) as store, store.reading():
        pass
    assert (tmp_path / "log.db").exists()


def test_a_file_that_was_replaced_is_noticed_once(sqlite_log_url: str) -> None:
    path = sqlite_path(sqlite_log_url)
    with closing(open_store(sqlite_log_url)) as store:
        assert store.claim()
        with store.writing(), store.reading():
            pass
        path.rename(path.with_suffix(".away"))
        path.with_suffix(".copy").write_bytes(path.with_suffix(".away").read_bytes())
        path.with_suffix(".copy").rename(path)
        for use in (store.writing, store.reading):
            with pytest.raises(Unavailable, match="replaced"), use():
                pass
            with use():
                pass


def test_a_file_that_is_moved_away_during_a_transaction_is_not_written(sqlite_log_url: str) -> None:
    path = sqlite_path(sqlite_log_url)
    with closing(open_store(sqlite_log_url)) as store:
        assert store.claim()
        with pytest.raises(Unavailable, match="replaced"), store.writing():
            path.rename(path.with_suffix(".away"))


def test_files_beside_the_database_are_named_after_it(sqlite_log_url: str) -> None:
    path = sqlite_path(sqlite_log_url)
    with closing(open_store(sqlite_log_url, mark_dir=path.parent / "elsewhere")) as store:
        assert store.mark == path.with_name("log.db.checkpoint")
        assert store.rendezvous == path.with_name("log.db.socket")


def others_rights(directory: Path) -> dict[str, int]:
    """What group and world may do with each file but the mark."""
    return {each.name: each.stat().st_mode & 0o077 for each in directory.iterdir() if each.suffix != ".checkpoint"}


async def test_nobody_else_may_read_what_people_are_called(tmp_path: Path) -> None:
    """The files beside the database have its rights; the high-water mark holds nothing but a checkpoint."""
    async with opened(new_database(tmp_path)) as log:
        await log.append(decision(1))
        found = others_rights(tmp_path)
    assert len(found) >= 4
    assert set(found.values()) == {0}
