"""PostgreSQL's own ways: what it is asked about durability, and servers, lines and databases that go away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigurationError, Unavailable
from server.audit.sql import schema
from server.audit.store import open_store
from server.audit.store.session import Session
from tests.audit.making import decision, execute, opened
from tests.audit.stores import PostgresServer

SOUND = Session(0.0, "on", "on", "on", "UTF8", in_recovery=False, cluster=1, database=2)


def name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def server_setting(postgres: PostgresServer, setting: str) -> Iterator[None]:
    """The whole server runs with `setting` off."""
    postgres.execute("ALTER SYSTEM SET {} = off", setting)
    postgres.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        postgres.execute("ALTER SYSTEM RESET {}", setting)
        postgres.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"fsync": "off"}, "fsync is off"),
        ({"full_page_writes": "off"}, "full_page_writes is off"),
        ({"synchronous_commit": "off"}, "synchronous_commit is off"),
        ({"encoding": "SQL_ASCII"}, "server_encoding is SQL_ASCII"),
        ({"in_recovery": True}, "standby"),
    ],
)
def test_what_would_lose_entries_is_complained_about(changed: dict[str, Any], complaint: str) -> None:
    assert SOUND.complaints() == []
    assert replace(SOUND, synchronous_commit="remote_apply").complaints() == []
    assert complaint in " ".join(replace(SOUND, **changed).complaints())


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_does_not_wait_for_its_disk_is_refused(
    postgres: PostgresServer, postgres_log_url: str, setting: str
) -> None:
    with server_setting(postgres, setting), closing(open_store(postgres_log_url)) as store:
        with pytest.raises(ConfigurationError, match=f"{setting} is off"):
            store.assert_durable()
        # Nor is it written or read later on, when a connection leads there.
        for use in (store.writing, store.reading):
            with pytest.raises(Unavailable, match="not durable"), use():
                pass
    with closing(open_store(postgres_log_url)) as store:
        store.assert_durable()


def test_a_database_whose_commits_do_not_wait_is_made_to(postgres: PostgresServer, postgres_log_url: str) -> None:
    postgres.execute("ALTER DATABASE {} SET synchronous_commit = off", name_of(postgres_log_url))
    with closing(open_store(postgres_log_url)) as store:
        store.assert_durable()
        with store.writing() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"


def test_another_encoding_is_refused(postgres: PostgresServer) -> None:
    name = "log_in_ascii"
    postgres.execute("CREATE DATABASE {} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0", name)
    try:
        with closing(open_store(postgres.url(name))) as store, pytest.raises(ConfigurationError, match="SQL_ASCII"):
            store.assert_durable()
    finally:
        postgres.execute("DROP DATABASE {} WITH (FORCE)", name)


def test_transactions_are_what_they_should_be(postgres_log_url: str) -> None:
    with closing(open_store(postgres_log_url, timeout=3, deadline=7)) as store:
        with store.writing() as connection:
            asked = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in SETTINGS]
            assert asked == ["read committed", "off", "3s", "7s", "7s"]
        with store.reading() as connection:
            asked = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in SETTINGS]
            assert asked == ["repeatable read", "on", "3s", "7s", "0"]


SETTINGS = (
    "transaction_isolation",
    "transaction_read_only",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
)


def test_a_read_only_database_is_not_writable(postgres: PostgresServer, postgres_log_url: str) -> None:
    postgres.execute("ALTER DATABASE {} SET default_transaction_read_only = on", name_of(postgres_log_url))
    with closing(open_store(postgres_log_url)) as store:
        with store.reading():
            pass
        with pytest.raises(Unavailable, match="read-only"):
            store.assert_writable()


def test_a_statement_that_takes_too_long_ends(postgres_log_url: str) -> None:
    with closing(open_store(postgres_log_url, deadline=0.1)) as store:
        with pytest.raises(Unavailable), store.reading() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(5)")
        with store.reading():
            pass


def test_a_writer_that_hangs_does_not_keep_the_others_out(postgres_log_url: str) -> None:
    with closing(open_store(postgres_log_url, deadline=0.1)) as hanging, closing(open_store(postgres_log_url)) as other:
        with pytest.raises(Unavailable), hanging.writing():
            time.sleep(0.5)
        for store in (other, hanging):
            with store.writing():
                pass


def test_connections_that_were_cut_are_made_again(postgres_log_url: str) -> None:
    with closing(open_store(postgres_log_url)) as store:
        with store.writing(), store.reading():
            pass
        execute(postgres_log_url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND datname = current_database()")  # fmt: skip
        for use in (store.writing, store.reading):
            with pytest.raises(Unavailable, match="cannot be used"), use() as connection:
                connection.exec_driver_sql("SELECT 1")
            with use() as connection:
                assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_a_database_put_in_the_place_of_another_is_noticed_once(
    postgres: PostgresServer, postgres_log_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_store(postgres_log_url, readers=1)) as store:
        with store.writing(), store.reading():
            pass
        postgres.execute("DROP DATABASE {} WITH (FORCE)", name_of(postgres_log_url))
        postgres.execute("CREATE DATABASE {}", name_of(postgres_log_url))
        schema.upgrade(postgres_log_url)
        for use in (store.writing, store.reading):  # both lost their connections
            with pytest.raises(Unavailable, match="cannot be used"), use() as connection:
                connection.exec_driver_sql("SELECT 1")
        with pytest.raises(Unavailable, match="replaced"), store.reading():
            pass
        assert "another database" in caplog.text
        for use in (store.writing, store.reading):
            with use():
                pass


def test_a_log_without_a_place_for_it_has_no_mark(postgres_log_url: str, tmp_path: Path) -> None:
    with closing(open_store(postgres_log_url)) as store:
        assert store.mark is None
        assert store.rendezvous is None
    with closing(open_store(postgres_log_url, mark_dir=tmp_path)) as store:
        assert store.mark == tmp_path / "log.checkpoint"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_urls_are_taken_as_people_write_them(postgres_log_url: str, scheme: str) -> None:
    with closing(open_store(postgres_log_url.replace("postgresql", scheme, 1))) as store:
        assert store.dialect == "postgresql"


async def test_a_server_needs_no_right_to_change_the_schema(postgres: PostgresServer, postgres_log_url: str) -> None:
    role = f"server_{name_of(postgres_log_url)}"
    postgres.execute("CREATE ROLE {} LOGIN", role)
    try:
        execute(postgres_log_url, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        url = postgres_log_url.replace("postgres:@", f"{role}@")
        schema.upgrade(url)  # as every start of a server does: there is nothing to do
        async with opened(url) as log:
            assert (await log.append(decision(1))).fresh
            await log.ping()
        with closing(open_store(url)) as store:
            store.assert_writable()
    finally:
        execute(postgres_log_url, f"DROP OWNED BY {role}")
        postgres.execute("DROP ROLE {}", role)
