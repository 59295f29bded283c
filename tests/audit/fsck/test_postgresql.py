"""What only a PostgreSQL server offers: amcheck, where somebody installed it."""

from __future__ import annotations

import psycopg
import pytest

from server.audit.fsck import fsck
from tests.audit.making import VKEY, execute
from tests.audit.stores import PostgresServer

_SCRIPT = """
CREATE FUNCTION bt_index_check(index regclass, heapallindexed boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF index = 'erased_by'::regclass AND heapallindexed THEN
        RAISE EXCEPTION 'item order invariant violated for index "%"', index;
    END IF;
END $$;
"""


@pytest.fixture
def with_amcheck(postgres_log_url: str, postgres: PostgresServer) -> str:
    """A database with an extension of that name, which is not among the files of the tests' server."""
    # Where the server, which may be another user, can read it.
    files = postgres.directory / "ours" / "extension"
    files.mkdir(parents=True, exist_ok=True)
    (files / "amcheck.control").write_text("default_version = '1.4'\n")
    (files / "amcheck--1.4.sql").write_text(_SCRIPT)
    with psycopg.connect(postgres_log_url, autocommit=True) as connection:
        connection.execute(f"SET extension_control_path = '{files.parent}'")
        connection.execute("CREATE EXTENSION amcheck")
    return postgres_log_url


def test_amcheck_is_asked_about_every_index(with_amcheck: str) -> None:
    (found,) = fsck(with_amcheck, VKEY).damages
    assert (found.what, found.index) == ("store", None)
    assert "erased_by" in found.detail


def test_a_function_of_that_name_is_not_called(postgres_log_url: str) -> None:
    execute(postgres_log_url, _SCRIPT)
    assert fsck(postgres_log_url, VKEY).ok
