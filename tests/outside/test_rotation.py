"""Rotation of the log's key: what was promised under the old key holds under the new one, and a crash loses neither."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from core.errors import ConfigurationError, IntegrityError
from countersign.verify.checks import passed
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from countersign.verify.policy import Trust
from countersign.verify.receipt import verify_receipt
from countersign.verify.trust import open_trusted
from server.audit import AuditLog, ReceiptParts
from server.audit.fsck import fsck
from server.audit.outside.announcements import missing_announcements
from server.audit.outside.rotation import Change, announce, rotate_key_file, take_over
from server.audit.sql.tables import log_keys
from server.audit.store import open_store, sqlite_path
from server.audit.tree.generations import Generation, read_standing, read_stored_generations, trusted_keys
from server.audit.tree.keys import load_or_create
from tests.audit.making import ORIGIN, decision

ROOT = Path(__file__).parents[2]


async def record(url: str, directory: Path, *numbers: int) -> list[ReceiptParts]:
    """A server's start, some decisions, its end; their receipts."""
    signer = load_or_create(directory, ORIGIN, read_standing(url))
    log = await AuditLog.open(url, signer, ORIGIN, mark_dir=directory)
    try:
        return [await log.receipt_for(await log.append(decision(number))) for number in numbers]
    finally:
        await log.close()


async def rotate(url: str, directory: Path) -> list[str]:
    return [step async for step in rotate_key_file(url, directory, ORIGIN)]


def verifier(directory: Path) -> str:
    return (directory / "log.vkey").read_text().strip()


async def test_receipts_from_both_sides_verify_with_either_key(url: str, tmp_path: Path) -> None:
    (before,) = await record(url, tmp_path, 1)
    old = verifier(tmp_path)
    await rotate(url, tmp_path)
    (after,) = await record(url, tmp_path, 2)
    new = verifier(tmp_path)
    assert (before.log_key, after.log_key) == (old, new)
    assert old != new
    statement = (tmp_path / "log.rotation.1").read_text()
    assert statement == read_stored_generations(url)[1].statement
    for parts in (before, after):
        for pinned in (old, new):
            assert passed(verify_receipt(parts.as_json(), None, Trust((pinned,), (statement,)))), (
                parts.log_key,
                pinned,
            )
    assert passed(verify_receipt(before.as_json(), None, old)), "who knows nothing of the rotation loses nothing"
    assert not passed(verify_receipt(after.as_json(), None, old))


async def test_the_old_key_cannot_go_on_and_is_kept(url: str, tmp_path: Path) -> None:
    await record(url, tmp_path, 1)
    old = load_or_create(tmp_path, ORIGIN, read_standing(url))
    kept = (tmp_path / "log.key").read_bytes()
    steps = await rotate(url, tmp_path)
    assert (tmp_path / "log.key.0").read_bytes() == kept
    assert any("log.key.0" in step for step in steps)
    assert ("copy log.key" in steps[-1]) is url.startswith("postgresql"), "there may be other servers"
    assert (tmp_path / "log.key.0").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "log.key.next").exists()
    with pytest.raises(ConfigurationError, match="not signed by"):
        await AuditLog.open(url, old, ORIGIN)


async def test_the_log_itself_tells_of_its_keys(url: str, tmp_path: Path) -> None:
    await record(url, tmp_path, 1, 2, 3)
    for _ in range(3):
        await rotate(url, tmp_path)
        await record(url, tmp_path, 1)  # a repeated request adds nothing between two rotations
    found = read_stored_generations(url)
    assert [each.since_size for each in found] == [0, 4, 5, 6]
    store = open_store(url)
    with store.reading() as connection:
        assert list(missing_announcements(connection, found)) == []
        forged = [*found[:2], replace(found[2], vkey=found[3].vkey), found[3]]
        assert len(list(missing_announcements(connection, forged))) == 2
    store.close()
    for pinned in found:
        keys = trusted_keys(found, VerifierKey.parse(pinned.vkey))
        assert [(each.since, each.until) for each in keys] == [(0, 4), (4, 5), (5, 6), (6, None)]
        standing = read_standing(url)
        assert standing is not None
        assert open_trusted(standing.checkpoint, keys)[1] == keys[-1]


Forgery = Callable[[list[Generation]], list[Generation]]
FORGERIES: dict[str, Forgery] = {
    "a generation is left out": lambda found: [found[0], found[2]],
    "the first is left out": lambda found: found[1:],
    "another size": lambda found: [found[0], replace(found[1], since_size=3), found[2]],
    "no statement": lambda found: [found[0], replace(found[1], statement=""), found[2]],
    "a foreign statement": lambda found: [found[0], replace(found[1], statement=found[2].statement), found[2]],
    "another first key": lambda found: [replace(found[0], vkey=found[2].vkey), *found[1:]],
    "a predecessor of the first": lambda found: [replace(found[0], since_size=1), *found[1:]],
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
async def test_rows_that_do_not_hang_together_are_found(sqlite_log_url: str, tmp_path: Path, forge: Forgery) -> None:
    await record(sqlite_log_url, tmp_path, 1)
    await rotate(sqlite_log_url, tmp_path)
    await rotate(sqlite_log_url, tmp_path)
    found = list(read_stored_generations(sqlite_log_url))
    assert trusted_keys(found, VerifierKey.parse(found[-1].vkey))
    with pytest.raises(VerificationError):
        trusted_keys(forge(found), VerifierKey.parse(found[-1].vkey))


async def test_a_strangers_key_proves_nothing(sqlite_log_url: str, tmp_path: Path) -> None:
    await record(sqlite_log_url, tmp_path, 1)
    await rotate(sqlite_log_url, tmp_path)
    stranger = VerifierKey(ORIGIN, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(VerificationError, match="linked to no pinned key"):
        trusted_keys(read_stored_generations(sqlite_log_url), stranger)


CRASHER = """
import asyncio, os, signal, sys
from pathlib import Path
from server.audit.outside.rotation import rotate_key_file
from tests.audit.making import ORIGIN

async def main(url, directory, last):
    done = 0
    async for step in rotate_key_file(url, Path(directory), ORIGIN):
        done += 1
        if done == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


def rotate_and_die(url: str, directory: Path, last: int) -> int:
    """A rotation in a process of its own, killed after its step number `last`; its exit status."""
    command = [sys.executable, "-c", CRASHER, url, str(directory), str(last)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


@pytest.mark.parametrize("last", [1, 2, 3, 4])
async def test_killed_after_any_step_the_log_goes_on(url: str, tmp_path: Path, last: int) -> None:
    (before,) = await record(url, tmp_path, 1)
    old = verifier(tmp_path)
    assert rotate_and_die(url, tmp_path, last) == -signal.SIGKILL
    # A server can start on what is left, whichever key that is, and the rotation can be ended or begun again.
    (between,) = await record(url, tmp_path, 2)
    assert (verifier(tmp_path) == old) is (last < 3)
    await rotate(url, tmp_path)
    (after,) = await record(url, tmp_path, 3)
    found = read_stored_generations(url)
    assert len(found) == (2 if last < 3 else 3)
    trust = Trust((old,), tuple(each.statement for each in found[1:]))
    for parts in (before, between, after):
        assert passed(verify_receipt(parts.as_json(), None, trust))
    assert verifier(tmp_path) == after.log_key == found[-1].vkey


@pytest.mark.parametrize("linked", [False, True])
async def test_a_rotation_cut_short_between_its_files_is_finished(url: str, tmp_path: Path, linked: bool) -> None:
    """As a crash leaves it after the new key took over: before, or after, the old key got its second name."""
    await record(url, tmp_path, 1)
    steps = rotate_key_file(url, tmp_path, ORIGIN)
    for _ in range(3):
        await anext(steps)
    await steps.aclose()  # type: ignore[attr-defined]
    if linked:
        (tmp_path / "log.key.0").hardlink_to(tmp_path / "log.key")
    assert "cut short" in (await rotate(url, tmp_path))[0]
    assert (tmp_path / "log.rotation.1").read_text() == read_stored_generations(url)[1].statement
    assert (tmp_path / "log.key.0").exists()
    assert not (tmp_path / "log.key.next").exists()
    await record(url, tmp_path, 2)
    assert len(read_stored_generations(url)) == 2


async def test_an_attempt_that_was_given_up_does_no_harm(url: str, tmp_path: Path) -> None:
    await record(url, tmp_path, 1)
    steps = rotate_key_file(url, tmp_path, ORIGIN)
    await anext(steps)
    await anext(steps)
    await steps.aclose()  # type: ignore[attr-defined]
    (tmp_path / "log.key.next").unlink()
    await rotate(url, tmp_path)
    await record(url, tmp_path, 2)
    assert [each.since_size for each in read_stored_generations(url)] == [0, 3]


async def test_a_key_that_was_lost_is_not_made_anew(url: str, tmp_path: Path) -> None:
    await record(url, tmp_path, 1)
    (tmp_path / "log.key").rename(tmp_path / "elsewhere")
    before = verifier(tmp_path)
    with pytest.raises(ConfigurationError, match="put it back"):
        load_or_create(tmp_path, ORIGIN, read_standing(url))
    with pytest.raises(ConfigurationError, match="put it back"):
        await rotate(url, tmp_path)
    assert not (tmp_path / "log.key").exists()
    assert verifier(tmp_path) == before


async def test_a_foreign_key_changes_nothing(url: str, tmp_path: Path) -> None:
    await record(url, tmp_path, 1)
    known = verifier(tmp_path)
    (tmp_path / "log.key").unlink()
    other = tmp_path / "other"
    other.mkdir()
    load_or_create(other, ORIGIN)
    (other / "log.key").rename(tmp_path / "log.key")
    with pytest.raises(ConfigurationError, match="not the key of this log"):
        load_or_create(tmp_path, ORIGIN, read_standing(url))
    assert verifier(tmp_path) == known


async def test_another_file_in_the_place_of_the_old_key_is_not_overwritten(url: str, tmp_path: Path) -> None:
    await record(url, tmp_path, 1)
    (tmp_path / "log.key.0").write_text("something else")
    with pytest.raises(ConfigurationError, match="in the way"):
        await rotate(url, tmp_path)
    (tmp_path / "log.key.0").rename(tmp_path / "moved")
    assert "cut short" in (await rotate(url, tmp_path))[0]
    await record(url, tmp_path, 2)


async def test_a_log_without_a_key_has_none_to_rotate(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no key yet"):
        await rotate(url, tmp_path)
    assert read_stored_generations(url) == ()
    assert not (tmp_path / "log.key.next").exists()


async def test_a_running_server_keeps_its_log(sqlite_log_url: str, tmp_path: Path) -> None:
    signer = load_or_create(tmp_path, ORIGIN)
    log = await AuditLog.open(sqlite_log_url, signer, ORIGIN)
    try:
        await log.append(decision(1))
        with pytest.raises(ConfigurationError, match="another process"):
            await rotate(sqlite_log_url, tmp_path)
        assert (await log.append(decision(2))).index == 1, "the attempt left nothing behind"
    finally:
        await log.close()
    assert len(read_stored_generations(sqlite_log_url)) == 1


async def test_servers_that_still_hold_the_old_key_stop_recording(postgres_log_url: str, tmp_path: Path) -> None:
    log = await AuditLog.open(postgres_log_url, load_or_create(tmp_path, ORIGIN), ORIGIN)
    try:
        await log.append(decision(1))
        await rotate(postgres_log_url, tmp_path)
        with pytest.raises(IntegrityError, match="start this server again"):
            await log.append(decision(2))
        # What it still reads, it hands out with the key that signed it.
        (theirs,) = await record(postgres_log_url, tmp_path, 2)
        parts = await log.receipt("acme", theirs.decision_id)
        assert (parts.log_key, (await log.checkpoint()).log_key) == (verifier(tmp_path), verifier(tmp_path))
        assert passed(verify_receipt(parts.as_json(), b"media 2", verifier(tmp_path)))
    finally:
        await log.close()
    standing = read_standing(postgres_log_url)
    assert standing is not None
    assert standing.generation == 1


class Held:
    """A key that lies elsewhere, as in a KMS: nothing but the protocol."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


async def test_keys_that_are_no_files_rotate_too(url: str, tmp_path: Path) -> None:
    change = Change(Held(), Held(), ORIGIN)
    log = await AuditLog.open(url, change.old, ORIGIN)
    await log.append(decision(1))
    with log.writing() as connection, pytest.raises(IntegrityError, match="no entry"):
        take_over(connection, change)
    await announce(log, change)
    with log.writing() as connection, pytest.raises(ConfigurationError, match="not signed by"):
        take_over(connection, Change(change.new, change.old, ORIGIN))
    with log.writing() as connection:
        assert take_over(connection, change).since_size == 2
    await log.close()
    log = await AuditLog.open(url, change.new, ORIGIN)
    assert (await log.append(decision(2))).index == 2
    await log.close()


async def test_tampered_generations_are_not_built_upon(sqlite_log_url: str, tmp_path: Path) -> None:
    await record(sqlite_log_url, tmp_path, 1)
    await rotate(sqlite_log_url, tmp_path)
    store = open_store(sqlite_log_url)
    assert store.claim()
    with store.writing() as connection:
        connection.execute(update(log_keys).where(log_keys.c.generation == 1).values(since_size=1))
    store.close()
    with pytest.raises(ConfigurationError, match="hang together"):
        await rotate(sqlite_log_url, tmp_path)
    with pytest.raises(ConfigurationError, match="hang together"):
        await record(sqlite_log_url, tmp_path, 2)
    assert not fsck(sqlite_log_url, verifier(tmp_path)).ok


async def test_fsck_takes_any_of_the_keys(url: str, tmp_path: Path) -> None:
    await record(url, tmp_path, 1, 2)
    (old,) = (each.vkey for each in read_stored_generations(url))
    await rotate(url, tmp_path)
    await record(url, tmp_path, 3)
    await rotate(url, tmp_path)
    for key in (old, verifier(tmp_path)):
        report = fsck(url, key, mark_dir=tmp_path)
        assert report.ok, report.damages


async def test_an_older_state_is_refused_across_a_rotation(sqlite_log_url: str, tmp_path: Path) -> None:
    """The high-water mark of the key before still counts."""
    database = sqlite_path(sqlite_log_url)
    mark, backup = database.with_name(database.name + ".checkpoint"), tmp_path / "backup"
    await record(sqlite_log_url, tmp_path, 1)
    shutil.copy(database, backup)
    await record(sqlite_log_url, tmp_path, 2, 3, 4)
    ahead = mark.read_text()
    mark.unlink()
    shutil.copy(backup, database)
    await rotate(sqlite_log_url, tmp_path)
    mark.write_text(ahead)
    with pytest.raises(ConfigurationError, match="acknowledged 4"):
        await record(sqlite_log_url, tmp_path, 5)
