"""Lists of near duplicates: kept whole, the same in whatever order they came, refused where they cannot be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from core.errors import ConfigurationError, LimitExceeded
from detectors.hashes.entry import Said
from detectors.near import files, near_list
from detectors.near.description import KEPT, Description, Marks
from detectors.near.files import load, save
from detectors.near.near_list import Described, NearList
from tests.detectors.near.making import BEACH, PETS, describer, file_of, invented, listed


def empty() -> NearList:
    return NearList.empty(describer())


def test_the_digest_is_of_the_entries_and_not_of_their_order() -> None:
    files = [invented(seed, said) for seed, said in enumerate((BEACH, PETS, BEACH, Said("a")))]
    one, other = empty().add(*files), empty().add(*files[2:]).add(*files[1::-1])
    assert one.digest == other.digest != empty().add(*files[1:]).digest
    assert [each.said.list for each in one] == ["a", "beach", "beach", "pets"]
    assert one.lists == {"a", "beach", "pets"}


def test_a_file_is_on_a_list_once_and_on_two_lists_twice() -> None:
    first = invented(1)
    again = Described(first.media, Said(BEACH.list, "another reason"), first.pictures)
    known = empty().add(first, Described(first.media, PETS, first.pictures)).add(again)
    assert [(each.said.list, each.said.reason) for each in known] == [("beach", "another reason"), ("pets", "")]
    assert len({each.id for each in known}) == 2


def test_what_is_taken_off_is_gone_and_what_was_not_there_is_ignored() -> None:
    known = empty().add(invented(1), invented(2))
    assert known.without([("0" * 64, "beach"), (invented(1).media, "pets")]) is known
    left = known.without([invented(1).key])
    assert [each.media for each in left] == [invented(2).media]
    assert left.digest == empty().add(invented(2)).digest
    assert left.without([invented(2).key]).digest == empty().digest


def test_what_was_saved_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "near.safetensors"
    for known in (empty(), listed()):
        save(known, path)
        again = load(path, describer())
        assert (again.digest, list(again)) == (known.digest, list(known))
    assert [file.name for file in tmp_path.iterdir()] == ["near.safetensors"]


def test_marks_are_short_and_still_themselves() -> None:
    (kept,) = file_of("crab").pictures
    read = empty().add(file_of("crab")).pictures.marks(0)
    assert np.abs(read.places - kept.marks.places).max() < 0.3
    assert np.abs(read.seen - kept.marks.seen).max() < 0.01


def test_pictures_that_another_model_described_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "near.safetensors"
    known = empty().add(invented(1))
    save(NearList("sha256:" + "0" * 64, known.pictures, known.saids), path)
    with pytest.raises(
        ConfigurationError, match=f"described by the model sha256:0{{64}}, and not by {describer().version}"
    ):
        load(path, describer())


Metadata = dict[str, str]
WRONG: dict[str, tuple[Any, str]] = {
    "no file": (None, "near.safetensors cannot be read"),
    "no format": (lambda arrays, told: told.pop("format"), "its format is 'none'"),
    "no codes": (lambda arrays, told: arrays.pop("codes"), "codes is missing, or not uint8 of 2 dimensions"),
    "short codes": (lambda arrays, told: arrays.update(codes=arrays["codes"][:, 1:]), "codes has 511 columns, not 512"),
    "too few": (
        lambda arrays, told: arrays.update(saids=arrays["saids"][1:]),
        "there are 2 codes and 2 pictures' marks",
    ),
    "bounds": (lambda arrays, told: arrays.update(bounds=arrays["bounds"][::-1].copy()), "of no whole pictures"),
    "places": (lambda arrays, told: arrays.update(places=arrays["places"] * np.float16("inf")), "lies nowhere"),
    "saids": (lambda arrays, told: told.update(saids="[]"), "saids names more than the 0"),
    "no JSON": (lambda arrays, told: told.update(saids="["), "cannot be read"),
    "deep JSON": (lambda arrays, told: told.update(saids="[" * 100_000), "cannot be read"),
    "a number": (lambda arrays, told: told.update(saids="7"), "cannot be read"),
    "no text": (lambda arrays, told: told.update(saids=json.dumps([["beach", 7, "", []]] * 2)), "cannot be read"),
    "a name": (lambda arrays, told: told.update(saids=json.dumps([["A", "", "", []]] * 2)), "a list name has"),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of the test's own infinities
@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_wrong_says_what_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "near.safetensors"
    spoil, message = WRONG[name]
    if spoil is not None:
        known = empty().add(invented(1), invented(2, PETS))
        save(known, path)
        told = {
            "format": "countersign near duplicates 1",
            "model": known.model,
            "saids": json.dumps([["beach", "", "", []], ["pets", "", "", []]]),
        }
        arrays = load_file(path)
        spoil(arrays, told)
        save_file(arrays, path, told)
    with pytest.raises(ConfigurationError, match=message):
        load(path, describer())


@pytest.mark.parametrize(("known", "unknown"), [(np.float16, "BF16"), (np.int8, "F8_E4M3")])
def test_numbers_of_a_type_that_numpy_lacks_are_refused(tmp_path: Path, known: type[np.generic], unknown: str) -> None:
    path = tmp_path / "near.safetensors"
    save_file({"places": np.zeros((2, 2), known)}, path)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["places"]["dtype"] = unknown
    told = json.dumps(header).encode()
    path.write_bytes(len(told).to_bytes(8, "little") + told + data[8 + length :])
    with pytest.raises(ConfigurationError, match=r"near.safetensors cannot be read"):
        load(path, describer())


def test_a_picture_has_no_more_marks_than_are_kept_of_one(tmp_path: Path) -> None:
    path = tmp_path / "near.safetensors"
    one = invented(1)
    code, places = one.pictures[0].code, np.zeros((KEPT + 1, 4), np.float32)
    marks = Marks(places, np.zeros((KEPT + 1, describer().width), np.float32))
    save(empty().add(Described(one.media, BEACH, [Description(code, marks)])), path)
    with pytest.raises(ConfigurationError, match="a picture has 97 marks, 96 at most"):
        load(path, describer())


def test_a_file_larger_than_any_list_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "near.safetensors"
    with path.open("wb") as file:
        file.truncate(6 * 10**9)  # sparse: none of it lies on the disk
    with pytest.raises(ConfigurationError, match=r"near.safetensors has 6000000000 bytes, a list at most 47"):
        load(path, describer())


def test_a_list_holds_no_more_than_memory_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_list, "MOST", 1)
    with pytest.raises(LimitExceeded, match="at most 1 pictures"):
        empty().add(invented(1), invented(2))


def test_a_file_is_never_mapped_since_one_written_in_place_would_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mapped(*_: object, **__: object) -> None:
        raise AssertionError("mapped: a part of it that is gone while it is read is SIGBUS")

    monkeypatch.setattr(files, "safe_open", mapped, raising=False)
    path = tmp_path / "near.safetensors"
    save(listed(), path)
    assert load(path, describer()).digest == listed().digest
    whole = path.read_bytes()
    for length in (0, 7, 100, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ConfigurationError, match=r"near.safetensors cannot be read"):
            load(path, describer())
