"""The schema on both stores: made once, brought up to date, and tolerated where a newer release says so."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

import migrations
from core.errors import ConfigurationError
from server.audit.sql import schema
from server.audit.sql.tables import metadata
from server.audit.store import open_store, sqlite_url
from tests.audit.making import decision, execute, opened

NEWER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{name}", "{before}"

def upgrade():
    op.create_table("{name}", sa.Column("x", sa.Integer))
    op.execute("UPDATE compatibility SET oldest = '{oldest}'")
"""


@pytest.fixture
def url(bare_url: str) -> str:
    """An empty log's database."""
    schema.upgrade(bare_url)
    return bare_url


def tables(url: str) -> set[str]:
    with closing(open_store(url)) as store, store.reading() as connection:
        return set(inspect(connection).get_table_names())


def revision(url: str) -> tuple[str, ...]:
    with closing(open_store(url)) as store, store.reading() as connection:
        return MigrationContext.configure(connection).get_current_heads()


def upgrade_to_newer_release(url: str, folder: Path, oldest: str) -> None:
    """As a later release would, whose newest migration tolerates servers that know `oldest`."""
    shutil.copytree(Path(migrations.__path__[0]), folder)
    for name, before in (("newer1", revision(url)[0]), ("newer2", "newer1")):
        script = NEWER.format(name=name, before=before, oldest=oldest)
        (folder / "versions" / f"{name}.py").write_text(script)
    with closing(open_store(url)) as store:
        assert store.claim()
        with store.writing() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(folder))
            config.set_main_option("path_separator", "os")
            command.upgrade(config, "head")
    assert revision(url) == ("newer2",)


def test_the_migrations_make_the_tables_that_the_code_knows(bare_url: str) -> None:
    schema.upgrade(bare_url)
    schema.upgrade(bare_url)
    with closing(open_store(bare_url)) as store, store.reading() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        schema.assert_current(connection)
    assert tables(bare_url) == {*metadata.tables, "alembic_version"}


def test_the_first_release_s_schema_is_made_and_left_again(bare_url: str) -> None:
    schema.upgrade(bare_url, "0001")
    assert revision(bare_url) == ("0001",)
    assert "decisions" in tables(bare_url)
    schema.upgrade(bare_url)
    assert "decisions" not in tables(bare_url)
    schema.downgrade(bare_url, "0001")
    assert "decisions" in tables(bare_url)
    schema.downgrade(bare_url, "base")
    assert tables(bare_url) == {"alembic_version"}


@pytest.mark.parametrize("before", ["", "0001"])
def test_upgrades_at_once_make_one_schema(bare_url: str, before: str) -> None:
    if before:
        schema.upgrade(bare_url, before)
    with ThreadPoolExecutor(3) as others:
        racing = [others.submit(schema.upgrade, bare_url) for _ in range(3)]
        for each in racing:
            each.result()
    assert tables(bare_url) == {*metadata.tables, "alembic_version"}


def test_a_migration_that_fails_leaves_the_database_as_it_was(bare_url: str) -> None:
    schema.upgrade(bare_url, "0001")
    execute(bare_url, "CREATE TABLE postings (x INTEGER)")
    before = tables(bare_url)
    with pytest.raises(ConfigurationError, match="cannot be migrated.*postings"):
        schema.upgrade(bare_url)
    assert tables(bare_url) == before
    assert revision(bare_url) == ("0001",)


async def test_a_newer_release_s_schema_that_tolerates_this_one_is_worked_with(url: str, tmp_path: Path) -> None:
    async with opened(url) as log:
        first = await log.append(decision(1))
    upgrade_to_newer_release(url, tmp_path / "newer", oldest=revision(url)[0])
    schema.upgrade(url)  # as every start of a server does
    assert revision(url) == ("newer2",)
    async with opened(url) as log:
        assert await log.get("acme", first.decision_id) == await log.append(decision(1))
        assert (await log.append(decision(2))).index == 1


@pytest.mark.parametrize("oldest", ["newer1", "newer2"])
async def test_a_newer_release_s_schema_that_does_not_is_refused(url: str, tmp_path: Path, oldest: str) -> None:
    upgrade_to_newer_release(url, tmp_path / "newer", oldest=oldest)
    with pytest.raises(ConfigurationError, match=f"newer2 of a newer release, which needs at least {oldest}"):
        async with opened(url):
            pass
    with pytest.raises(ConfigurationError):
        schema.upgrade(url)
    assert revision(url) == ("newer2",)


@pytest.mark.parametrize("older", ["", "0001"])
async def test_an_older_schema_is_refused_and_how_to_mend_it_told(bare_url: str, older: str) -> None:
    if older:
        schema.upgrade(bare_url, older)
    else:
        with closing(open_store(bare_url, create=True)) as store, store.reading():
            pass
    with pytest.raises(ConfigurationError, match="db upgrade"):
        async with opened(bare_url):
            pass


def test_a_schema_that_nobody_knows_is_refused(url: str) -> None:
    execute(url, "UPDATE alembic_version SET version_num = 'unknown'")
    execute(url, "DROP TABLE compatibility")
    with closing(open_store(url)) as store, store.reading() as connection:
        assert "unknown of a newer release" in str(schema.misfit(connection))


async def test_an_sqlite_database_is_not_upgraded_while_a_server_writes_it(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "log.db")
    schema.upgrade(url, "0001")
    with closing(open_store(url)) as server:
        assert server.claim()
        with pytest.raises(ConfigurationError, match="another process writes"):
            schema.upgrade(url, patience=0.1)
        with pytest.raises(ConfigurationError, match="another process writes"):
            schema.downgrade(url, "base")
    schema.upgrade(url)
    async with opened(url) as log:
        schema.upgrade(url, patience=0.0)  # a second server's start finds nothing to do
        assert (await log.append(decision(1))).fresh


def test_checks_and_unique_constraints_are_made_too(tmp_path: Path) -> None:
    schema.upgrade(sqlite_url(tmp_path / "log.db"))
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        sql = " ".join(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO log_head VALUES (2, 0, x'', '')")
    constraints = [each for table in metadata.tables.values() for each in table.constraints if each.name]
    assert len(constraints) > 5
    assert [each.name for each in constraints if str(each.name) not in sql] == []


def test_what_is_no_database_cannot_be_upgraded(tmp_path: Path) -> None:
    (tmp_path / "log.db").write_bytes(b"something else, and long enough to be looked at " * 20)
    for bad in (sqlite_url(tmp_path / "log.db"), sqlite_url(tmp_path / "no" / "folder.db"), "mysql://host/db"):
        with pytest.raises(ConfigurationError):
            schema.upgrade(bad)
