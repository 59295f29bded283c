"""What only a file can suffer: values of other types than the column's, and bytes changed in it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server.audit.fsck import Report, fsck
from server.audit.store import sqlite_path, sqlite_url
from tests.audit.fsck.conftest import Log
from tests.audit.making import VKEY


@pytest.fixture
def file(copy: Log) -> Path:
    """The copy's file. On PostgreSQL there is none."""
    if not copy.is_sqlite:
        pytest.fail("asked for a file of a database that has none")
    return sqlite_path(copy.url)


pytestmark = pytest.mark.parametrize("whole", ["sqlite"], indirect=True, scope="session")


def found(file: Path, *statements: str) -> Report:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0
    return fsck(sqlite_url(file), VKEY)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE entries SET leaf = CAST(leaf AS TEXT) WHERE log_index = 7", ("leaf", 7)),
        ("UPDATE entries SET leaf = 5 WHERE log_index = 7", ("leaf", 7)),
        # As a number, a typed query would make as many bytes of it.
        ("UPDATE entries SET leaf = 1000000000000 WHERE log_index = 7", ("leaf", 7)),
        ("UPDATE entries SET leaf = x'' WHERE log_index = 7", ("leaf", 7)),
        ("UPDATE entries SET recorded_at = 'soon' WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET recorded_at = 1e300 WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET tenant = CAST(x'ff' AS TEXT) WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET tenant = CAST(tenant AS BLOB) WHERE log_index = 7", ("row", 7)),
        ("UPDATE private SET fields = CAST(fields AS BLOB) WHERE log_index = 7", ("private", 7)),
        ("UPDATE private SET fields = CAST(x'ff' AS TEXT) WHERE log_index = 7", ("row", 7)),
        ("UPDATE tiles SET hashes = CAST(hashes AS TEXT) WHERE level = 0 AND number = 1", ("tile", 256)),
        ("UPDATE tiles SET hashes = 1000000000000 WHERE level = 1", ("tile", None)),
        ("UPDATE tiles SET level = 'x' WHERE level = 1", ("tile", None)),
        ("UPDATE log_head SET checkpoint = CAST(checkpoint AS BLOB)", ("head", None)),
        ("UPDATE log_head SET size = 'many'", ("head", None)),
        ("UPDATE log_keys SET vkey = CAST(vkey AS BLOB)", ("key", None)),
        ("UPDATE log_keys SET since_size = 'x' WHERE generation = 1", ("key", None)),
        ("UPDATE postings SET log_index = 'x' WHERE log_index = 7", ("index", 7)),
        ("INSERT INTO postings VALUES ('x', 'y', 'z')", ("index", None)),
        ("UPDATE erased SET by_index = 'x'", ("erasure", 19)),
        ("UPDATE evidence SET data = CAST(data AS TEXT) WHERE log_index = 8", ("evidence", 8)),
        ("UPDATE evidence SET data = 1000000000000 WHERE log_index = 8", ("evidence", 8)),
        ("UPDATE evidence SET log_index = 'x' WHERE log_index = 8", ("evidence", 8)),
        ("UPDATE documents SET data = 1000000000000 WHERE name = 'moire'", ("document", 0)),
        ("UPDATE witnessed SET timestamp = 5", ("witness", None)),
        ("UPDATE witnessed SET note = 5", ("witness", None)),
    ],
)
def test_a_value_of_another_type_is_found(file: Path, statement: str, expected: tuple[str, int | None]) -> None:
    report = found(file, statement)
    assert expected in {(each.what, each.index) for each in report.damages}, report.damages


@pytest.mark.parametrize("what", [rb"uploader", rb"request-123", rb"log\.example/test\n300", rb"copy_move"])
def test_one_changed_byte_of_the_file_is_found_wherever_it_stands(file: Path, what: bytes) -> None:
    data = file.read_bytes()
    places = [match.start() for match in re.finditer(what, data)]
    for place in {places[0], places[len(places) // 2], places[-1]}:
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert not fsck(sqlite_url(file), VKEY).ok, place


@pytest.mark.parametrize("place", [0, 16, 19, 28, 100, 105, 4096, 4099, 8192])
def test_a_changed_structure_of_the_file_is_found(file: Path, place: int) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
    assert not fsck(sqlite_url(file), VKEY).ok


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00"])
def test_a_file_that_is_no_database_is_damaged_not_a_crash(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert not fsck(sqlite_url(file), VKEY).ok
