"""Auditing mirrors that the tests wrote themselves, by the definitions, and then damaged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.mirror.audit import audit
from countersign.mirror.report import MAX_DAMAGES, Report
from countersign.verify.checkpoint import Checkpoint, sign_checkpoint
from countersign.verify.note import VerifierKey
from countersign.verify.trust import TrustedKey
from tests.export import naive_mirror
from tests.verify import naive

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("log.example/mirror", PRIVATE.public_key().public_bytes_raw())
KEYS = (TrustedKey(KEY),)
SIZE = 2 * 256 + 37
ENTRIES = [b"entry %d" % number for number in range(SIZE)]
FULL, PARTIAL, UPPER = "tile/0/001", "tile/0/002.p/37", "tile/1/000.p/2"
BUNDLE = "tile/entries/001"


def signed(size: int, root: bytes, origin: str = KEY.name) -> str:
    return sign_checkpoint(Checkpoint(origin, size, root), VerifierKey(origin, KEY.public_key), PRIVATE.sign)


def checkpoint_of(size: int) -> str:
    return signed(size, naive.tree_hash(ENTRIES[:size]))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("sound")
    naive_mirror.write(directory, ENTRIES, checkpoint_of(SIZE), bundles=True)
    return directory


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "mirror")


def paths(report: Report) -> set[str]:
    return {damage.path for damage in report.damages}


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, SIZE])
@pytest.mark.parametrize("bundles", [True, False])
def test_a_sound_mirror_passes(size: int, bundles: bool, tmp_path: Path) -> None:
    naive_mirror.write(tmp_path, ENTRIES[:size], checkpoint_of(size), bundles=bundles)
    report = audit(tmp_path, KEYS, seen=[checkpoint_of(each) for each in range(0, size + 1, 101)])
    assert report.damages == ()
    assert (report.ok, report.complete, report.signed) == (True, True, True)
    assert (report.origin, report.size, report.root) == (KEY.name, size, naive.tree_hash(ENTRIES[:size]))
    assert report.entries == (size if bundles and size else None)


def test_the_upper_levels_of_a_large_tree_are_audited(tmp_path: Path) -> None:
    entries = [b"%d" % number for number in range(256 * 256 + 300)]
    naive_mirror.write(tmp_path, entries, signed(len(entries), naive.tree_hash(entries)), bundles=False)
    assert audit(tmp_path, KEYS).damages == ()
    flip(tmp_path / "tile/1/000", 77 * 32)
    # Under a tile that is at fault nothing can be judged: only the tile itself is named.
    assert paths(audit(tmp_path, KEYS)) == {"tile/1/000"}


def test_without_a_key_the_tree_is_checked_and_the_signature_is_not(copy: Path) -> None:
    report = audit(copy)
    assert (report.ok, report.signed) == (True, False)
    flip(copy / FULL)
    assert paths(audit(copy)) == {FULL}


def flip(path: Path, at: int = 5) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("path", [FULL, PARTIAL, UPPER, BUNDLE, "tile/entries/002.p/37"])
@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
def test_a_damaged_file_is_named(copy: Path, path: str, harm: Callable[[Path], None]) -> None:
    harm(copy / path)
    report = audit(copy, KEYS)
    assert paths(report) == {path}
    assert report.complete


@given(st.data())
@settings(max_examples=60)
def test_no_flipped_bit_is_overlooked(
    sound: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    directory = shutil.copytree(sound, tmp_path_factory.mktemp("flipped") / "mirror")
    path = data.draw(st.sampled_from([*naive_mirror.read(directory), "checkpoint"]))
    content = bytearray((directory / path).read_bytes())
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    (directory / path).write_bytes(content)
    assert paths(audit(directory, KEYS)) == {path}


def test_swapped_tiles_are_named(copy: Path) -> None:
    swap(copy / "tile/0/000", copy / FULL)
    assert paths(audit(copy, KEYS)) == {"tile/0/000", FULL}


def test_swapped_entries_are_named(copy: Path) -> None:
    swap(copy / "tile/entries/000", copy / BUNDLE)
    report = audit(copy, KEYS)
    assert [damage.path for damage in report.damages] == ["tile/entries/000", BUNDLE]
    assert "entry 0 is not" in report.damages[0].detail


def test_a_changed_entry_is_named_by_its_index(copy: Path) -> None:
    bundle = (copy / BUNDLE).read_bytes()
    (copy / BUNDLE).write_bytes(bundle.replace(b"entry 300", b"entry 3OO"))
    (damage,) = audit(copy, KEYS).damages
    assert (damage.path, "entry 300 is not" in damage.detail) == (BUNDLE, True)


def test_a_partial_tile_may_have_become_a_full_one(copy: Path) -> None:
    # tlog-tiles: who lacks a partial tile takes the full one.
    longer = [*ENTRIES, *(b"later %d" % number for number in range(256))]
    for path, data in naive_mirror.files(longer, bundles=True).items():
        if path in ("tile/0/002", "tile/entries/002"):
            (copy / path).write_bytes(data)
    shutil.rmtree(copy / "tile/0/002.p")
    shutil.rmtree(copy / "tile/entries/002.p")
    report = audit(copy, KEYS)
    assert (report.damages, report.entries) == ((), SIZE)


def test_a_tree_that_agrees_with_itself_and_not_with_the_checkpoint(tmp_path: Path) -> None:
    naive_mirror.write(tmp_path, ENTRIES[:512], signed(512, b"\x01" * 32), bundles=False)
    (damage,) = audit(tmp_path, KEYS).damages
    assert (damage.path, damage.detail) == ("checkpoint", "the tiles do not lead to the root in the checkpoint")


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ("", "is too long, has control characters or does not end"),
        ("no note\n", "has no text or no signatures"),
        (signed(SIZE, naive.tree_hash(ENTRIES), "other.example/log"), "no signature by a trusted key"),
    ],
)
def test_a_checkpoint_that_the_log_did_not_sign(copy: Path, note: str, words: str) -> None:
    (copy / "checkpoint").write_text(note)
    report = audit(copy, KEYS)
    assert paths(report) == {"checkpoint"}
    assert words in report.damages[0].detail
    assert (report.size, report.signed) == (0, False)


def test_no_mirror_at_all(tmp_path: Path) -> None:
    (damage,) = audit(tmp_path / "nothing", KEYS).damages
    assert (damage.path, damage.detail) == ("checkpoint", "it is missing")


def test_checkpoints_seen_earlier_must_be_beginnings(copy: Path) -> None:
    others = [
        signed(300, b"\x02" * 32),
        signed(SIZE + 1, b"\x02" * 32),
        signed(SIZE, b"\x02" * 32),
        "no note",
    ]
    details = [damage.detail for damage in audit(copy, KEYS, seen=[checkpoint_of(300), *others]).damages]
    assert "the tree of 300 entries has another root" in details[0]
    assert f"older than the one seen earlier, of {SIZE + 1} entries" in details[1]
    assert f"the tree of {SIZE} entries has another root" in details[2]
    assert "cannot be used" in details[3]
    assert len(details) == 4


def test_a_checkpoint_of_another_log_is_no_evidence(copy: Path) -> None:
    other = signed(3, naive.tree_hash(ENTRIES[:3]), "other.example/log")
    assert "is of another log" in audit(copy, seen=[other]).damages[0].detail


def test_a_hostile_checkpoint_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text(signed(2**62 + 12345, b"\x01" * 32))
    report = audit(tmp_path, KEYS)
    assert not report.ok
    assert len(report.damages) <= MAX_DAMAGES


def test_reading_stops_where_everything_is_damaged(tmp_path: Path) -> None:
    entries = [b"%d" % number for number in range(256 * (MAX_DAMAGES + 10))]
    naive_mirror.write(tmp_path, entries, signed(len(entries), naive.tree_hash(entries)), bundles=False)
    for path in (tmp_path / "tile/0").iterdir():
        path.unlink()
    report = audit(tmp_path, KEYS)
    assert (len(report.damages), report.complete) == (MAX_DAMAGES, False)


def test_a_pipe_in_the_place_of_a_tile_keeps_nobody_waiting(copy: Path) -> None:
    (copy / FULL).unlink()
    os.mkfifo(copy / FULL)
    (damage,) = audit(copy, KEYS).damages
    assert (damage.path, "no plain file" in damage.detail) == (FULL, True)


def test_files_that_are_too_long_are_not_read_into_memory(copy: Path) -> None:
    (copy / FULL).write_bytes(bytes(300 * 32))
    (damage,) = audit(copy, KEYS).damages
    assert (damage.path, damage.detail) == (FULL, "it has more than 8192 bytes")
