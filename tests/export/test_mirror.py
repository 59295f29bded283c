"""Mirrors of real logs: byte for byte what the specification says, at every size, and never against themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, select

from core.errors import ConfigurationError, IntegrityError
from countersign.mirror.audit import audit
from countersign.mirror.reading import read_rotations
from countersign.verify.cosignature import sign_cosignature
from countersign.verify.note import VerifierKey, WitnessKey, parse_note
from countersign.verify.rotation import verify_chain
from countersign.verify.trust import TrustedKey
from server.audit import AuditLog
from server.audit.mirror import Mirrored, mirror
from server.audit.mirror.directory import MirrorDirectory, opened
from server.audit.outside.rotation import Change, announce, take_over
from server.audit.sql.tables import entries as leaves
from server.audit.store import open_store
from server.audit.tree.head import read_head
from server.audit.tree.keys import FileSigner
from server.audit.tree.witnessed import add_cosignatures
from tests.audit import making
from tests.audit.making import ORIGIN, SIGNER, VKEY, decision, execute, new_database
from tests.export import naive_mirror

KEY = VerifierKey.parse(VKEY)
KEYS = (TrustedKey(KEY),)


async def grow(log: AuditLog, start: int, stop: int) -> None:
    await asyncio.gather(*(log.append(decision(number)) for number in range(start, stop)))


def write(url: str, directory: Path, **how: bool) -> Mirrored:
    store = open_store(url)
    try:
        return mirror(store.reading, directory, KEY, **how)
    finally:
        store.close()


def entries_of(url: str) -> list[bytes]:
    store = open_store(url)
    try:
        with store.reading() as connection:
            return [
                bytes(leaf) for leaf in connection.execute(select(leaves.c.leaf).order_by(leaves.c.log_index)).scalars()
            ]
    finally:
        store.close()


def state(directory: Path) -> dict[str, bytes]:
    return {**naive_mirror.read(directory), "checkpoint": (directory / "checkpoint").read_bytes()}


@pytest.mark.parametrize("bundles", [False, True])
async def test_a_mirror_is_what_the_specification_says_at_every_size(url: str, bundles: bool, tmp_path: Path) -> None:
    directory, size, notes = tmp_path / "mirror", 0, []
    async with making.opened(url) as log:
        for more in (0, 1, 254, 1, 1, 300, 0):
            await grow(log, size, size + more)
            done = await asyncio.to_thread(write, url, directory, entries=bundles)
            assert (done.before, done.size) == (size, size + more)
            size += more
            found, expected = naive_mirror.read(directory), naive_mirror.files(entries_of(url), bundles=bundles)
            assert found | expected == found
            # What is there besides are partial tiles of earlier checkpoints, whose full one is not there yet.
            for path in found.keys() - expected.keys():
                full, _, _ = path.partition(".p/")
                assert full not in found
            notes.append((await log.checkpoint()).text)
            report = audit(directory, KEYS, seen=notes)
            assert report.damages == ()
            assert (report.size, report.note, report.signed) == (size, notes[-1], True)
            assert report.entries == (size if bundles and size else None)


async def test_only_what_is_new_is_written(url: str, log: AuditLog, tmp_path: Path) -> None:
    await grow(log, 0, 600)
    assert write(url, tmp_path / "mirror").files == 4  # two full tiles, a partial one, and the one above
    before = {path: (tmp_path / "mirror" / path).stat().st_ino for path in naive_mirror.read(tmp_path / "mirror")}
    assert write(url, tmp_path / "mirror").files == 0
    await grow(log, 600, 780)
    assert write(url, tmp_path / "mirror").files == 3
    for path in ("tile/0/000", "tile/0/001"):
        assert (tmp_path / "mirror" / path).stat().st_ino == before[path]
    assert not (tmp_path / "mirror/tile/0/002.p").exists()
    assert (tmp_path / "mirror/tile/0/003.p/12").exists()


async def test_without_entries_nothing_of_a_tenant_leaves(url: str, log: AuditLog, tmp_path: Path) -> None:
    await grow(log, 0, 3)
    write(url, tmp_path / "hashes")
    write(url, tmp_path / "entries", entries=True)
    assert not any(b"acme" in data for data in state(tmp_path / "hashes").values())
    assert any(b"acme" in data for data in state(tmp_path / "entries").values())


async def test_a_mirror_goes_on_as_it_began(url: str, log: AuditLog, tmp_path: Path) -> None:
    for kind in (False, True):
        write(url, tmp_path / f"empty-{kind}", entries=not kind)
    await grow(log, 0, 3)
    for kind in (False, True):
        directory = tmp_path / f"empty-{kind}"
        write(url, directory, entries=kind)
        with pytest.raises(ConfigurationError, match="entries"):
            write(url, directory, entries=not kind)


async def test_a_log_that_lost_what_its_mirror_holds_is_not_mirrored(log: AuditLog, url: str, tmp_path: Path) -> None:
    await grow(log, 0, 300)
    write(url, tmp_path / "mirror", entries=True)
    before = state(tmp_path / "mirror")
    (tmp_path / "other").mkdir()
    other = new_database(tmp_path / "other")
    async with making.opened(other) as shorter:
        await grow(shorter, 0, 5)
        with pytest.raises(IntegrityError, match="5 entries, its mirror 300: it lost"):
            write(other, tmp_path / "mirror", entries=True)
        await grow(shorter, 5, 310)
        with pytest.raises(IntegrityError, match="does not begin with the 300 entries"):
            write(other, tmp_path / "mirror", entries=True)
    assert state(tmp_path / "mirror") == before


async def test_another_logs_directory_is_left_alone(url: str, log: AuditLog, tmp_path: Path) -> None:
    await grow(log, 0, 3)
    write(url, tmp_path / "mirror")
    note = (tmp_path / "mirror/checkpoint").read_text()
    (tmp_path / "mirror/checkpoint").write_text(note.replace(ORIGIN, "log.example/other"))
    with pytest.raises(ConfigurationError, match="mirrors another log, log.example/other"):
        write(url, tmp_path / "mirror")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE tiles SET hashes = :bad WHERE level = 0 AND number = 0", "tile/0/000 is not the one"),
        ("UPDATE tiles SET hashes = :bad WHERE level = 1", "do not lead to its root"),
        ("DELETE FROM tiles WHERE level = 0 AND number = 1", "tile/0/001.p/44 of the log is missing"),
        ("UPDATE log_head SET root = :bad", "differs from its signed checkpoint"),
        ("UPDATE entries SET leaf = :bad WHERE log_index = 299", "entry 299 is not"),
        ("DELETE FROM entries WHERE log_index = 17", "entry 17 is not"),
    ],
)
async def test_damage_is_not_mirrored(url: str, tmp_path: Path, statement: str, words: str) -> None:
    async with making.opened(url) as log:
        await grow(log, 0, 300)
    execute(url, statement, **({"bad": bytes(8192 if "number" in statement else 32)} if ":bad" in statement else {}))
    with pytest.raises(IntegrityError, match=words):
        write(url, tmp_path / "mirror", entries=True)
    assert not (tmp_path / "mirror/checkpoint").exists()


async def test_a_log_of_another_key_is_not_mirrored(url: str, log: AuditLog, tmp_path: Path) -> None:
    other = VerifierKey(ORIGIN, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    store = open_store(url)
    with pytest.raises(IntegrityError, match="not signed by its key"):
        mirror(store.reading, tmp_path / "mirror", other)
    store.close()


def test_a_directory_of_something_else_is_left_alone(sqlite_log_url: str, tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror/holiday.jpg").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"holds 'holiday\.jpg'"):
        write(sqlite_log_url, tmp_path / "mirror")
    assert [path.name for path in (tmp_path / "mirror").iterdir()] == ["holiday.jpg"]


def test_what_cannot_be_written_to(sqlite_log_url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write(sqlite_log_url, tmp_path / "file")


async def test_a_checkpoint_that_is_none(sqlite_log_url: str, tmp_path: Path) -> None:
    async with making.opened(sqlite_log_url):
        (tmp_path / "mirror").mkdir()
        (tmp_path / "mirror/checkpoint").write_text("torn")
        with pytest.raises(ConfigurationError, match="is no checkpoint"):
            write(sqlite_log_url, tmp_path / "mirror")


async def test_two_runs_do_not_meet(sqlite_log_url: str, tmp_path: Path) -> None:
    async with making.opened(sqlite_log_url):
        with opened(tmp_path / "mirror"), pytest.raises(ConfigurationError, match="another process is writing"):
            write(sqlite_log_url, tmp_path / "mirror")
        assert write(sqlite_log_url, tmp_path / "mirror").size == 0


class PowerCut(Exception):
    """The run ends here."""


async def test_cut_off_anywhere_the_mirror_is_whole(
    sqlite_log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, directory, put = sqlite_log_url, tmp_path / "mirror", MirrorDirectory.put
    left = 10**9

    def cut(self: MirrorDirectory, path: str, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise PowerCut
        put(self, path, data)

    monkeypatch.setattr(MirrorDirectory, "put", cut)
    async with making.opened(url) as log:
        await grow(log, 0, 300)
        write(url, directory, entries=True)
        old = (directory / "checkpoint").read_bytes()
        await grow(log, 300, 800)
        for point in range(12):
            left = point
            try:
                done = write(url, directory, entries=True)
            except PowerCut:
                # The last file is the checkpoint: before it everything was there, the partial tiles were gone.
                assert (directory / "checkpoint").read_bytes() == old
                assert audit(directory, KEYS).damages == ()
            else:
                break
        assert (done.files, point) == (7, 8)
        assert audit(directory, KEYS).size == 800


async def test_everything_is_on_the_disk_before_the_checkpoint_is_there(
    sqlite_log_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, before, after = tmp_path / "mirror", list[Path](), list[Path]()
    monkeypatch.setattr(
        "server.audit.mirror.directory.sync",
        lambda path: (after if (directory / "checkpoint").exists() else before).append(path),
    )
    async with making.opened(sqlite_log_url) as log:
        await grow(log, 0, 3)
        write(sqlite_log_url, directory, entries=True)
    assert after == [directory / "checkpoint", directory]
    tiles = [directory / "tile/0/000.p/3", directory / "tile/entries/000.p/3"]
    assert [path for path in before if path.is_file()] == tiles
    assert {directory, *(path for path in directory.rglob("*") if path.is_dir())} == {*before} - {*tiles}


async def test_the_log_goes_on_during_a_run_that_holds_no_snapshot(url: str, log: AuditLog, tmp_path: Path) -> None:
    await grow(log, 0, 600)
    store, loop = open_store(url), asyncio.get_running_loop()
    at_once, most, recorded = 0, 0, 600

    @contextmanager
    def reading() -> Iterator[Connection]:
        nonlocal at_once, most, recorded
        at_once += 1
        most = max(most, at_once)
        with store.reading() as connection:
            yield connection
        at_once -= 1
        asyncio.run_coroutine_threadsafe(grow(log, recorded, recorded + 50), loop).result()
        recorded += 50

    done = await asyncio.to_thread(mirror, reading, tmp_path / "mirror", KEY, entries=True)
    store.close()
    assert (done.size, most) == (600, 1)
    assert recorded > 700, "tiles that were partial in the mirror's tree are full in the database by then"
    assert audit(tmp_path / "mirror", KEYS).damages == ()


async def test_a_mirror_of_what_witnesses_saw(url: str, log: AuditLog, tmp_path: Path) -> None:
    directory, witness = tmp_path / "mirror", Ed25519PrivateKey.generate()
    await grow(log, 0, 300)
    with pytest.raises(ConfigurationError, match="no witness has cosigned"):
        write(url, directory, witnessed=True)
    key = WitnessKey("witness.example/one", witness.public_key().public_bytes_raw())
    with log.writing() as connection:
        head = read_head(connection)
        line = sign_cosignature(parse_note(head.checkpoint).text, key, witness.sign, 1_800_000_000)
        add_cosignatures(connection, head, [line])
    await grow(log, 300, 320)
    done = write(url, directory, witnessed=True)
    assert (done.size, write(url, directory, witnessed=True)) == (300, Mirrored(300, 300, 0))
    report = audit(directory, KEYS)
    assert (report.damages, report.size) == ((), 300)
    assert "witness.example/one" in report.note
    assert write(url, directory).size == 320
    # What no witness has seen is not taken back.
    assert write(url, directory, witnessed=True) == Mirrored(320, 320, 0)
    assert audit(directory, KEYS).size == 320


async def test_a_mirror_outlives_a_change_of_keys(url: str, tmp_path: Path) -> None:
    directory, new = tmp_path / "mirror", FileSigner(Ed25519PrivateKey.generate())
    change = Change(SIGNER, new, ORIGIN)
    async with making.opened(url) as log:
        await grow(log, 0, 5)
        write(url, directory)
        await announce(log, change)
    await asyncio.to_thread(rotate, url, change)
    log = await AuditLog.open(url, new, ORIGIN)
    await grow(log, 5, 9)
    await log.close()
    assert write(url, directory).size == 10
    # Who pinned the old key learns of the new one from the statement in the mirror.
    assert "no signature by a trusted key" in audit(directory, KEYS).damages[0].detail
    assert audit(directory, verify_chain([KEY], read_rotations(directory))).damages == ()


def rotate(url: str, change: Change) -> None:
    store = open_store(url)
    try:
        assert store.claim()
        with store.writing() as connection:
            take_over(connection, change)
    finally:
        store.close()
