from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from core.errors import ConfigurationError
from server.audit.store import sqlite_path, sqlite_url
from server.audit.schema import downgrade, upgrade
from server.audit.tables import metadata


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "log.db")


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    upgrade(url)
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []
    finally:
        engine.dispose()
    assert tables(url) == {*metadata.tables, "alembic_version"}


def test_checks_and_unique_constraints_are_made_too(url: str) -> None:
    upgrade(url)
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        sql = " ".join(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO log_head VALUES (2, 0, x'', '')")
    for name in ("entries_request", "entries_decision_id", "open_intents_request", "log_head_single"):
        assert name in sql


def test_an_upgrade_may_be_repeated_and_keeps_what_is_there(url: str) -> None:
    upgrade(url)
    with closing(sqlite3.connect(sqlite_path(url))) as connection, connection:
        connection.execute("INSERT INTO tiles VALUES (0, 0, x'00')")
    upgrade(url)
    with closing(sqlite3.connect(sqlite_path(url))) as connection:
        assert connection.execute("SELECT count(*) FROM tiles").fetchone() == (1,)


def test_two_upgrades_at_once_make_one_schema(url: str) -> None:
    with ThreadPoolExecutor(1) as other:
        racing = other.submit(upgrade, url)
        upgrade(url)
        racing.result()
    assert tables(url) == {*metadata.tables, "alembic_version"}


def test_a_downgrade_leaves_nothing_and_can_be_undone(url: str) -> None:
    upgrade(url)
    downgrade(url, "base")
    assert tables(url) == {"alembic_version"}
    upgrade(url)
    assert tables(url) == {*metadata.tables, "alembic_version"}


def test_a_migration_that_fails_leaves_the_database_as_it_was(url: str) -> None:
    with closing(sqlite3.connect(sqlite_path(url))) as connection, connection:
        connection.execute("CREATE TABLE evidence (x)")
    with pytest.raises(ConfigurationError):
        upgrade(url)
    assert tables(url) == {"evidence"}


def test_what_is_no_database_cannot_be_upgraded(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"something else, and long enough to be looked at " * 20)
    for bad in (sqlite_url(tmp_path / "log.db"), sqlite_url(tmp_path / "no" / "folder.db"), "mysql://host/db"):
        with pytest.raises(ConfigurationError):
            upgrade(bad)
