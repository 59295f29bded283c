"""The packed file: read as it was written, and what is wrong with one is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from core.errors import ConfigurationError
from detectors.hash_list import Entry, HashKind, HashList
from detectors.hashes.gathering import Gathered
from tests.detectors.hashes.making import film, listed, random_hashes

VALUES = random_hashes(11, 40)
ENTRIES = [*map(listed, VALUES[:9]), listed(VALUES[0], "other"), listed(3, kind=HashKind.SHA256), film(VALUES[:5])]


def test_a_packed_list_is_loaded_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "list.safetensors"
    known = HashList(ENTRIES)
    known.save(path)
    again = HashList.load(path)
    assert list(again) == list(known)
    assert again.digest == known.digest
    assert [item.name for item in tmp_path.iterdir()] == ["list.safetensors"]


def test_an_empty_list_can_be_packed(tmp_path: Path) -> None:
    HashList().save(tmp_path / "list.safetensors")
    assert len(HashList.load(tmp_path / "list.safetensors")) == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(ENTRIES)), st.lists(st.sampled_from(ENTRIES)))
def test_lists_are_sets_of_entries(first: list[Entry], second: list[Entry]) -> None:
    merged = HashList(first).merged(HashList(second))
    assert set(merged) == {*first, *second}
    assert merged.digest == HashList([*second, *first]).digest
    assert set(merged.remove(*first)) == {*second} - {*first}


def test_the_last_word_on_an_entry_holds_and_nothing_else_is_kept() -> None:
    old, new = listed(1), Entry(HashKind.PDQ, f"{1:064x}", "test", "another reason", tags=("tag",))
    assert list(HashList([old]).add(new)) == list(HashList([old, new])) == [new]
    assert HashList([old]).add(new).digest == HashList([new]).digest


def test_a_list_holds_so_many_and_no_more() -> None:
    gathered = Gathered(most=2)
    gathered.add(listed(1))
    gathered.add(listed(2))
    with pytest.raises(ConfigurationError, match="more than 2 pdq hashes"):
        gathered.add(listed(3))
    with pytest.raises(ConfigurationError, match="films of more than 2 pictures"):
        gathered.add(film(VALUES[:3]))
    assert len(gathered.columns()) == 2


Damage = Callable[[dict[str, Any], dict[str, str]], None]


def _set(name: str, array: Any) -> Damage:
    return lambda arrays, _: arrays.__setitem__(name, array)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "another format": (lambda _, metadata: metadata.update(format="x"), "format is 'x'"),
    "no words": (lambda _, metadata: metadata.update(saids="{"), "cannot be read"),
    "words of another shape": (lambda _, metadata: metadata.update(saids="[[1]]"), "cannot be read"),
    "a bad name": (lambda _, metadata: metadata.update(saids=json.dumps([["A", "", "", []]])), "a list name"),
    "fewer words": (lambda _, metadata: metadata.update(saids="[]"), "names more than the 0"),
    "no column": (lambda arrays, _: arrays.__delitem__("pdq.hashes"), "pdq.hashes is missing"),
    "another type": (_set("pdq.saids", np.zeros(10, np.int8)), "not uint32 of 1"),
    "another width": (_set("pdq.hashes", np.zeros((10, 16), np.uint8)), "hashes of 16 bytes"),
    "too few": (_set("pdq.saids", np.zeros(3, np.uint32)), "pdq has 10 hashes and 3"),
    "frames of no film": (_set("frames.bounds", np.array([0, 7], np.int64)), "no whole films"),
    "other frames": (_set("frames.times", np.arange(5, dtype=np.uint32)), "not that of its frames"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_what_is_wrong_with_a_packed_list_is_said(tmp_path: Path, what: str) -> None:
    path = tmp_path / "list.safetensors"
    HashList(ENTRIES).save(path)
    arrays, damage = load_file(path), DAMAGES[what]
    metadata = {
        "format": "countersign known content 1",
        "saids": json.dumps(
            [["films", "a reason", "a source", ["a-tag", "another"]], ["x", "", "", []], ["y"] * 3 + [[]]]
        ),
    }
    damage[0](arrays, metadata)
    save_file(arrays, path, metadata)
    with pytest.raises(ConfigurationError, match=f"list.safetensors.*{damage[1]}"):
        HashList.load(path)


def test_what_is_no_packed_list_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.safetensors"
    with pytest.raises(ConfigurationError, match="list.safetensors cannot be read"):
        HashList.load(path)
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(ConfigurationError, match="list.safetensors cannot be read"):
        HashList.load(path)
