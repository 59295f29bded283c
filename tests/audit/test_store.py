"""What both stores promise, whatever they promise it with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from core.errors import ConfigurationError, NotFound, Unavailable
from server.audit.store import Store, open_store

SIZE = text("SELECT count(*) FROM tiles")
INSERT = text("INSERT INTO tiles (level, number, hashes) VALUES (0, :number, :hashes)")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """A store that may write."""
    with closing(open_store(url, timeout=0.2)) as opened:
        assert opened.claim()
        yield opened


def size(store: Store) -> int:
    with store.reading() as connection:
        return int(connection.execute(SIZE).scalar_one())


def insert(store: Store, number: int) -> None:
    with store.writing() as connection:
        connection.execute(INSERT, {"number": number, "hashes": b"h"})


def test_what_was_written_is_read(store: Store) -> None:
    insert(store, 1)
    assert size(store) == 1
    store.assert_durable()
    store.assert_writable()
    assert size(store) == 1


@pytest.mark.parametrize("error", [NotFound("no"), KeyError("a defect")])
def test_a_block_that_raises_writes_nothing_and_raises_the_same(store: Store, error: Exception) -> None:
    def fail() -> None:
        with store.writing() as connection:
            connection.execute(INSERT, {"number": 1, "hashes": b"h"})
            raise error

    with pytest.raises(type(error)) as raised:
        fail()
    assert raised.value is error
    assert size(store) == 0


def test_a_reader_sees_one_moment_and_cannot_write(store: Store) -> None:
    with store.reading() as connection:
        before = connection.execute(SIZE).scalar_one()
        insert(store, 1)
        assert connection.execute(SIZE).scalar_one() == before
    with pytest.raises(Unavailable), store.reading() as connection:
        connection.execute(INSERT, {"number": 2, "hashes": b"h"})
    assert size(store) == 1


def test_a_writer_excludes_every_other_one(store: Store, url: str) -> None:
    with closing(open_store(url, timeout=0.2)) as other:
        other.claim()
        with store.writing(), pytest.raises(Unavailable), other.writing():
            pass
        assert size(other) == 0


def test_a_writer_sees_what_the_one_before_it_committed(store: Store, url: str) -> None:
    """Read, then write: two threads lose nothing, because the second begins when the first has ended."""

    def count_up() -> None:
        for _ in range(20):
            with store.writing() as connection:
                number = connection.execute(SIZE).scalar_one()
                connection.execute(INSERT, {"number": number, "hashes": b"h"})

    threads = [threading.Thread(target=count_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert size(store) == 40


def test_a_fault_tells_callers_nothing_and_logs_no_values(store: Store) -> None:
    with pytest.raises(Unavailable) as caught, store.writing() as connection:
        connection.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "a person's name"})
    assert caught.value.retry_after > 0
    assert str(caught.value) == "the audit log's database cannot be used"
    assert "nowhere" in str(caught.value.__cause__)
    assert "person" not in str(caught.value.__cause__)
    insert(store, 1)


def test_a_store_that_was_closed_may_be_closed_again(url: str) -> None:
    first = open_store(url)
    assert first.claim()
    first.close()
    first.close()
    with closing(open_store(url)) as second:
        assert second.claim()
        first.close()  # not the second one's right to write
        insert(second, 1)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no url",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://log:hunter2@host/log",
        "postgresql+asyncpg://log:hunter2@host/log",
        "postgresql://log:hun/ter2@host/log",
        "postgresql://log:hun@ter2@host/log",
        "postgresql://log:hun@host/ter2@localhost:1/log",
        "postgresql://log:hunter2@localhost:port/log",
        "postgresql://log:hunter2@localhost:1/log",
        "postgresql://log:hunter2@localhost:1/log?password=hunter2",
    ],
)
def test_what_cannot_be_a_store_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_store(url, timeout=0.2)
    assert "hun" not in str(refused.value)
    assert "ter2" not in str(refused.value)
