"""Lists of hashes: lookup against a plain loop, snapshots, files and their errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from detectors.hash_list import Entry, HashKind, HashList
from detectors.pdq import words_of

VALUES = st.integers(0, 2**256 - 1)


def listed(value: int, name: str = "test", kind: HashKind = HashKind.PDQ) -> Entry:
    return Entry(kind, f"{value:064x}", name, "a reason", "a source")


@st.composite
def values_and_query(draw: st.DrawFn) -> tuple[list[int], int]:
    """Values, some of which differ from the query in a few bits."""
    query = draw(VALUES)
    flips = draw(st.lists(st.lists(st.integers(0, 255), max_size=40, unique=True), max_size=6))
    near = [query ^ sum(1 << bit for bit in bits) for bits in flips]
    return near + draw(st.lists(VALUES, max_size=6)), query


@given(values_and_query(), st.integers(0, 40))
def test_near_finds_what_a_loop_finds(drawn: tuple[list[int], int], distance: int) -> None:
    values, query = drawn
    found = HashList(map(listed, values)).near(words_of(query), distance)
    wanted = {f"{value:064x}": (value ^ query).bit_count() for value in values}
    assert {match.entry.hex: match.distance for match in found} == {
        key: bits for key, bits in wanted.items() if bits <= distance
    }
    assert [match.distance for match in found] == sorted(match.distance for match in found)


@settings(max_examples=30)
@given(st.lists(VALUES, max_size=5), st.lists(VALUES, max_size=5), st.randoms())
def test_the_digest_is_of_the_set_not_of_its_history(first: list[int], second: list[int], random: object) -> None:
    whole = HashList(map(listed, [*first, *second]))
    grown = HashList(map(listed, second)).add(*map(listed, first))
    assert grown.digest == whole.digest
    assert list(grown) == list(whole)
    others = [value for value in second if value not in first]
    assert grown.remove(*map(listed, others)).digest == HashList(map(listed, first)).digest


def test_a_snapshot_does_not_change() -> None:
    old = HashList([listed(1)])
    new = old.add(listed(2)).remove(listed(1))
    assert [entry.hex[-1] for entry in old] == ["1"]
    assert [entry.hex[-1] for entry in new] == ["2"]
    assert old.digest != new.digest


def test_the_same_hash_may_stand_on_two_lists_once_each() -> None:
    both = HashList([listed(1, "one"), listed(1, "two"), listed(1, "one")])
    assert len(both) == 2
    assert {match.entry.list for match in both.near(words_of(1), 0)} == {"one", "two"}


def test_exact_digests() -> None:
    known = HashList([listed(7, kind=HashKind.SHA256)])
    assert [match.distance for match in known.exact(f"{7:064x}")] == [0]
    assert known.exact("0" * 64) == ()
    assert known.near(words_of(7), 31) == ()


def test_a_saved_list_is_loaded_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    known = HashList([listed(1), listed(2, "other", HashKind.SHA256), Entry(HashKind.PDQ, "a" * 64, "bare")])
    known.save(path)
    again = HashList.load(path)
    assert list(again) == list(known)
    assert again.digest == known.digest
    assert [item.name for item in tmp_path.iterdir()] == ["list.jsonl"]


@pytest.mark.parametrize("reason", ["two\u2028lines", "two\x85lines", "two\nlines\r"])
def test_a_reason_may_hold_what_others_take_for_the_end_of_a_line(tmp_path: Path, reason: str) -> None:
    path = tmp_path / "list.jsonl"
    HashList([Entry(HashKind.PDQ, "a" * 64, "test", reason)]).save(path)
    assert [entry.reason for entry in HashList.load(path)] == [reason]


def test_a_list_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        HashList([listed(1)]).save(path)
    assert [item.name for item in tmp_path.iterdir()] == ["list.jsonl"]


def test_blank_lines_and_upper_case_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text("\n" + json.dumps({"kind": "pdq", "hex": "AB" * 32, "list": "test"}) + "\n\n")
    assert [entry.hex for entry in HashList.load(path)] == ["ab" * 32]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", ": column 1: not JSON"),
        ("[]", ": not an object of texts"),
        ('{"kind": "pdq", "hex": 5, "list": "a"}', ": not an object of texts"),
        ('{"kind": "pdq", "hex": "00"}', ": needs kind, hex .*and list"),
        (json.dumps({"kind": "pdq", "hex": "0" * 64, "list": "a", "colour": ""}), ": needs kind, hex .*and list"),
        (json.dumps({"kind": "md5", "hex": "0" * 64, "list": "a"}), ": kind is pdq, sha256 or vpdq"),
        (
            json.dumps({"kind": "pdq", "hex": "0" * 63, "list": "a"}),
            ": hex: a pdq hash has 64 hexadecimal digits, found are 63",
        ),
        (json.dumps({"kind": "pdq", "hex": "x" * 64, "list": "a"}), ": hex: a pdq hash has 64"),
        (json.dumps({"kind": "vpdq", "hex": "0" * 64, "list": "a"}), ": needs kind"),
        (json.dumps({"kind": "vpdq", "frames": ["0,1"], "list": "a"}), ": a film's picture is written"),
        (json.dumps({"kind": "vpdq", "frames": ["0" * 64 + ",49,0"], "list": "a"}), ": no picture of the film"),
        (json.dumps({"kind": "vpdq", "frames": ["0" * 64 + ",50,nan"], "list": "a"}), ": the time of"),
        (json.dumps({"kind": "vpdq", "frames": "00", "list": "a"}), ": not an object of texts, with"),
        (json.dumps({"kind": "pdq", "hex": "0" * 64, "list": "a", "tags": ["two words"]}), ": a tag has"),
        ('{"kind": "pdq", "hex": "00", "list": ]', ": column 38: not JSON"),
        ("[" * 100_000, ": not JSON that is read here"),
        (" " * (4 * 1024 * 1024) + "{}", ": has 41"),
        (json.dumps({"kind": "pdq", "hex": "0" * 64, "list": "A b"}), ": a list name"),
        (json.dumps({"kind": "pdq", "hex": "0" * 64, "list": "a", "reason": "\ud800"}), ": a reason.* no Unicode text"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text(json.dumps({"kind": "pdq", "hex": "0" * 64, "list": "a"}) + "\n" + line + "\n")
    with pytest.raises(ConfigurationError, match=rf"list.jsonl, line 2{says}"):
        HashList.load(path)


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.jsonl cannot be read"):
        HashList.load(tmp_path / "gone.jsonl")
    (tmp_path / "raw.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"raw\.jsonl, line 1: column 1: not UTF-8"):
        HashList.load(tmp_path / "raw.jsonl")


def test_lookup_in_many_is_right() -> None:
    raw = np.random.default_rng(3).bytes(32 * 5000)
    values = [int.from_bytes(raw[at : at + 32], "big") for at in range(0, len(raw), 32)]
    known = HashList(map(listed, values))
    for value in values[::500]:
        (match,) = known.near(words_of(value ^ 0b1011 << 100), 31)
        assert (int(match.entry.hex, 16), match.distance) == (value, 3)
