"""fsck finds every kind of damage, names the entry, and calls nothing damaged that is not."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from countersign.verify.merkle import leaf_hash
from server.audit.store import sqlite_path, sqlite_url
from server.audit.fsck import Report, fsck
from server.audit.mark import mark_path
from tests.audit.making import VKEY, decision, intent, new_database, opened

SIZE = 300
# Entry 7 is a decision with evidence; entry 9 one with a detection as well; the last 20 are intents.


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound log of 300 entries, closed."""
    url = new_database(tmp_path_factory.mktemp("log"))

    async def fill() -> None:
        async with opened(url) as log:
            for number in range(10):
                await log.append(decision(number))
            await asyncio.gather(*(log.append(decision(number)) for number in range(10, SIZE - 20)))
            await asyncio.gather(*(log.append(intent(number)) for number in range(SIZE - 30, SIZE - 10)))

    asyncio.run(fill())
    return sqlite_path(url)


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    shutil.copy(mark_path(whole), tmp_path)
    return Path(shutil.copy(whole, tmp_path))


def flip(value: bytes, place: int) -> bytes:
    return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]


def damage(path: Path, *statements: str) -> Report:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_function("flip", 2, flip)
        for statement in statements:
            changed = connection.execute(statement)
            assert changed.rowcount != 0
    return fsck(sqlite_url(path), VKEY)


def kinds(report: Report) -> set[tuple[str, int | None]]:
    return {(found.what, found.index) for found in report.damages}


def test_a_sound_log_is_sound(whole: Path) -> None:
    report = fsck(sqlite_url(whole), VKEY)
    assert (report.ok, report.damages, report.size, report.first_bad) == (True, (), SIZE, None)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE entries SET leaf = flip(leaf, 10) WHERE log_index = 7", ("leaf", 7)),
        ("UPDATE entries SET leaf = flip(leaf, 40) WHERE log_index = 7", ("leaf", 7)),
        ("UPDATE entries SET leaf = x'' WHERE log_index = 299", ("leaf", 299)),
        ("UPDATE entries SET leaf = CAST(leaf AS TEXT) WHERE log_index = 7", ("leaf", 7)),
        ("UPDATE entries SET decision_id = 'x' WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET kind = 'intent' WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET tenant = 'other' WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET request_id = 'x' WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET request_digest = 'x' WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET recorded_at = recorded_at + 1 WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET recorded_at = 'soon' WHERE log_index = 7", ("row", 7)),
        ("UPDATE entries SET request_id = CAST(x'ff' AS TEXT) WHERE log_index = 7", ("row", 7)),
        ("DELETE FROM entries WHERE log_index = 7", ("order", 7)),
        ("DELETE FROM entries WHERE log_index = 299", ("order", 299)),
        ("DELETE FROM entries WHERE log_index > 100", ("order", None)),
        ("UPDATE entries SET log_index = 5000 WHERE log_index = 7", ("order", 5000)),
        ("UPDATE entries SET log_index = -7 WHERE log_index = 7", ("order", -7)),
        ("UPDATE tiles SET hashes = flip(hashes, 224) WHERE level = 0 AND number = 0", ("tile", 7)),
        ("UPDATE tiles SET hashes = flip(hashes, 0) WHERE level = 0 AND number = 1", ("tile", 256)),
        ("UPDATE tiles SET hashes = flip(hashes, 3) WHERE level = 1", ("tile", None)),
        ("UPDATE tiles SET hashes = x'' WHERE level = 1", ("tile", None)),
        ("UPDATE tiles SET hashes = CAST(hashes AS TEXT) WHERE level = 0 AND number = 1", ("tile", 256)),
        ("UPDATE log_head SET checkpoint = CAST(checkpoint AS BLOB)", ("store", None)),
        ("UPDATE tiles SET hashes = substr(hashes, 33) WHERE level = 0 AND number = 1", ("tile", 256)),
        ("DELETE FROM tiles WHERE level = 0 AND number = 0", ("tile", 0)),
        ("DELETE FROM tiles WHERE level = 1", ("tile", None)),
        ("INSERT INTO tiles VALUES (2, 0, zeroblob(32))", ("tile", None)),
        ("UPDATE log_head SET root = flip(root, 5)", ("head", None)),
        ("UPDATE log_head SET size = 299", ("head", None)),
        ("UPDATE log_head SET checkpoint = replace(checkpoint, '300', '299')", ("head", None)),
        ("DELETE FROM log_head", ("head", None)),
        ("UPDATE decisions SET action = 1 WHERE log_index = 7", ("row", 7)),
        ("UPDATE decisions SET direction = 'outbound' WHERE log_index = 7", ("row", 7)),
        ("UPDATE decisions SET media_digest = 'x' WHERE log_index = 7", ("row", 7)),
        ("UPDATE decisions SET tenant = 'other' WHERE log_index = 7", ("row", 7)),
        ("UPDATE decisions SET recorded_at = 0 WHERE log_index = 7", ("row", 7)),
        ("DELETE FROM decisions WHERE log_index = 7", ("row", 7)),
        ("INSERT INTO decisions SELECT 299, tenant, recorded_at, 1, '', '' FROM decisions LIMIT 1", ("row", 299)),
        ("INSERT INTO decisions SELECT 999, tenant, recorded_at, 1, '', '' FROM decisions LIMIT 1", ("order", 999)),
        ("UPDATE detections SET detector = 'x' WHERE log_index = 9", ("row", 9)),
        ("DELETE FROM detections WHERE log_index = 9", ("row", 9)),
        ("INSERT INTO detections SELECT tenant, 'x', recorded_at, 7 FROM detections LIMIT 1", ("row", 7)),
        ("DELETE FROM open_intents WHERE log_index = 299", ("row", 299)),
        ("UPDATE open_intents SET request_id = 'x' WHERE log_index = 299", ("row", 299)),
        ("UPDATE open_intents SET log_index = 7 WHERE log_index = 299", ("row", 7)),
        ("UPDATE evidence SET data = flip(data, 1) WHERE first_index = 7", ("evidence", 7)),
        ("UPDATE evidence SET mime = 'text/html' WHERE first_index = 7", ("evidence", 7)),
        ("UPDATE evidence SET first_index = 2 WHERE first_index = 7", ("evidence", 2)),
        ("UPDATE evidence SET digest = 'x' WHERE first_index = 7", ("evidence", 7)),
        ("DELETE FROM evidence WHERE first_index = 7", ("evidence", 7)),
        ("INSERT INTO evidence SELECT 'other', digest, mime, first_index, data FROM evidence LIMIT 1", ("evidence", 1)),
        ("UPDATE alembic_version SET version_num = '9999'", ("schema", None)),
    ],
)  # fmt: skip
def test_every_changed_row_is_found(path: Path, statement: str, expected: tuple[str, int | None]) -> None:
    if "first_index = 7" in statement:
        statement = statement.replace("first_index = 7", "digest = (SELECT digest FROM evidence WHERE first_index = 7)")
    report = damage(path, statement)
    assert expected in kinds(report), report.damages


@pytest.mark.parametrize(
    "statement",
    [
        "DROP INDEX decisions_by_action",
        "CREATE TRIGGER helpful AFTER INSERT ON entries BEGIN DELETE FROM evidence; END",
        "CREATE VIEW helpful AS SELECT * FROM entries",
        "DROP TABLE detections",
        "CREATE TABLE extra (x)",
    ],
)
def test_a_changed_schema_is_found(path: Path, statement: str) -> None:
    assert ("schema", None) in kinds(damage(path, statement))


def test_two_exchanged_entries_are_found(path: Path) -> None:
    report = damage(
        path,
        "UPDATE entries SET log_index = -1 WHERE log_index = 20",
        "UPDATE entries SET log_index = 20 WHERE log_index = 30",
        "UPDATE entries SET log_index = 30 WHERE log_index = -1",
    )
    assert {("leaf", 20), ("leaf", 30)} <= kinds(report)
    assert report.first_bad == 20


def test_the_first_bad_entry_is_named_first(path: Path) -> None:
    report = damage(path, "UPDATE entries SET leaf = x'00' WHERE log_index IN (200, 31, 299)")
    assert report.first_bad == 31
    assert report.damages[0].index == 31


def test_a_log_damaged_everywhere_does_not_fill_the_memory(path: Path) -> None:
    report = damage(
        path,
        "UPDATE entries SET decision_id = log_index, request_id = log_index, request_digest = 'x', recorded_at = 0",
        "UPDATE decisions SET action = 9",
    )
    assert len(report.damages) == 1000
    assert report.further > 300


def test_a_rewritten_log_does_not_lead_to_the_signed_root(path: Path) -> None:
    """The thorough forger: leaf and leaf hash changed together, so that only the root is left to tell."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (leaf,) = connection.execute("SELECT leaf FROM entries WHERE log_index = 299").fetchone()
        (hashes,) = connection.execute("SELECT hashes FROM tiles WHERE level = 0 AND number = 1").fetchone()
        forged = leaf.replace(b"uploader", b"somebody")
        connection.execute("UPDATE entries SET leaf = ? WHERE log_index = 299", (forged,))
        tile = hashes[: 43 * 32] + leaf_hash(forged)
        connection.execute("UPDATE tiles SET hashes = ? WHERE level = 0 AND number = 1", (tile,))
    report = fsck(sqlite_url(path), VKEY)
    assert {("head", None), ("tile", None)} <= kinds(report)


@pytest.mark.parametrize("what", [rb"uploader", rb"request-123", rb"log\.example/test\n300", rb"copy_move"])
def test_one_changed_byte_of_the_file_is_found_wherever_it_stands(path: Path, what: bytes) -> None:
    """In tables and in indexes alike: the same text stands in both."""
    data = path.read_bytes()
    places = [match.start() for match in re.finditer(what, data)]
    for place in {places[0], places[len(places) // 2], places[-1]}:
        path.write_bytes(flip(data, place))
        assert not fsck(sqlite_url(path), VKEY).ok, place


@pytest.mark.parametrize("place", [0, 16, 19, 28, 100, 105, 4096, 4099, 8192])
def test_a_changed_structure_of_the_file_is_found(path: Path, place: int) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
    assert not fsck(sqlite_url(path), VKEY).ok


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00"])
def test_a_file_that_is_no_database_is_damaged_not_a_crash(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert not fsck(sqlite_url(path), VKEY).ok


async def test_a_changed_byte_in_the_write_ahead_log_is_found(tmp_path: Path, url: str) -> None:
    """SQLite takes a damaged frame for the end of its log, and would go back behind what was acknowledged."""
    async with opened(url) as log:
        for number in range(5):
            await log.append(decision(number))
        live = sqlite_path(url)
        copy = tmp_path / "copy.db"
        for suffix in ("", "-wal", ".checkpoint"):
            shutil.copy(live.with_name(live.name + suffix), copy.with_name(copy.name + suffix))
    ahead = copy.with_name("copy.db-wal")
    data = bytearray(ahead.read_bytes())
    assert fsck(sqlite_url(shutil.copytree(tmp_path, tmp_path / "sound") / "copy.db"), VKEY).ok
    data[len(data) - 2000] ^= 1
    ahead.write_bytes(data)
    assert ("history", 4) in kinds(fsck(sqlite_url(copy), VKEY))


async def test_checkpoints_from_elsewhere_uncover_another_history(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    checkpoints = []
    for name, numbers in (("a", (1, 2)), ("b", (1, 3, 4))):
        url = new_database(tmp_path / name)
        async with opened(url) as log:
            for number in numbers:
                await log.append(decision(number))
            checkpoints.append((await log.checkpoint()).text)
    assert fsck(url, VKEY, [checkpoints[1]]).ok
    assert kinds(fsck(url, VKEY, [checkpoints[0]])) == {("history", None)}
    assert kinds(fsck(url, VKEY, ["no checkpoint"])) == {("history", None)}


async def test_fsck_runs_beside_a_log_that_goes_on(url: str) -> None:
    async with opened(url) as log:
        await asyncio.gather(*(log.append(decision(number)) for number in range(100)))
        running = asyncio.create_task(asyncio.to_thread(fsck, url, VKEY))
        while not running.done():
            await asyncio.gather(*(log.append(decision(number)) for number in range(100, 150)))
        report = await running
    assert report.ok, report.damages
    assert report.size >= 100


def test_a_log_that_was_never_opened_is_sound(url: str) -> None:
    report = fsck(url, VKEY)
    assert (report.ok, report.size) == (True, 0)


def test_another_key_finds_the_head_wrong(whole: Path) -> None:
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert ("head", None) in kinds(fsck(sqlite_url(whole), other))


def test_what_cannot_be_examined_is_said(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError):
        fsck(sqlite_url(tmp_path / "none.db"), VKEY)
    with pytest.raises(ConfigurationError):
        fsck(url, "no key")
