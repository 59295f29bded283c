"""Lists in ThreatExchange's forms: read, written and read again; and what is wrong is named by line and column.

The texts are as `threatexchange` 1.2.17 prints them (`cli/dataset_cmd.py`, `exchanges/impl/file_api.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError, CountersignError, InvalidInput
from detectors.hash_list import Entry, HashKind, HashList
from detectors.hashes.entry import Said
from detectors.hashes.exchange import Origin, list_name
from detectors.hashes.files import read_list, write_list
from tests.detectors.hashes.making import film, listed, random_hashes

HEADER = "signal_type,signal_str,collab,category,tags\r\n"
# PDQ hashes of the package's own examples.
BRIDGE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
OTHER = "e64cc9d91c623882f8d1f1d9a398e78c9f199b3bd83924f2b7e11e0bf861b064"
VPDQ = f'"[""{BRIDGE},100,0.0"", ""{OTHER},93,1.0""]"'
TABLE = (
    f"{HEADER}pdq,{BRIDGE},Sample Signals,POSITIVE_CLASS,media_type_photo bridge\r\n"
    f"vpdq,{VPDQ},Sample Signals,POSITIVE_CLASS,\r\n"
    f"video_sha256,{'AB' * 32},,POSITIVE_CLASS,\r\n"
    f"pdq,{OTHER},Sample Signals,DISPUTED,\r\n"
)
ORIGIN = Origin(Said("given", "a reason", "a source"))


def read(folder: Path, name: str, text: str, origin: Origin = ORIGIN, signal_type: str = "") -> list[Entry]:
    path = folder / name
    path.write_bytes(text.encode())
    return list(read_list(path, origin, signal_type)[0])


def test_a_table_is_read_with_lists_and_tags(tmp_path: Path) -> None:
    picture, exact, filmed = read(tmp_path, "list.csv", TABLE)
    assert (picture.hex, picture.list, picture.tags) == (BRIDGE, "sample-signals", ("bridge", "media_type_photo"))
    assert (picture.reason, picture.source) == ("a reason", "a source")
    assert (exact.kind, exact.hex, exact.list) == (HashKind.SHA256, "ab" * 32, "given")
    assert [(frame.hex, frame.quality, frame.time) for frame in filmed.frames] == [(BRIDGE, 100, 0), (OTHER, 93, 1000)]


def test_what_is_disputed_is_not_listed_and_said(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(TABLE)
    _, taken = read_list(tmp_path / "list.csv", ORIGIN)
    assert (taken.entries, taken.not_positive, taken.other_types) == (3, 1, 0)


def test_a_plain_file_is_read(tmp_path: Path) -> None:
    entries = read(tmp_path, "list.txt", f"pdq {BRIDGE}\n\nvideo_sha256 {'00' * 32}\r\n")
    assert [(entry.kind, entry.list) for entry in entries] == [(HashKind.PDQ, "given"), (HashKind.SHA256, "given")]
    assert read(tmp_path, "list.txt", f"{BRIDGE}\n", signal_type="pdq")[0].hex == BRIDGE


SAIDS = st.builds(Said, st.sampled_from(["one", "two"]), tags=st.sampled_from([(), ("a",), ("a", "b-c")]))
VALUES = random_hashes(5, 6)
ENTRIES = st.one_of(
    st.builds(
        lambda value, said: Entry(HashKind.PDQ, f"{value:064x}", said.list, tags=said.tags),
        st.sampled_from(VALUES),
        SAIDS,
    ),
    st.builds(lambda count, said: film(VALUES[:count], said), st.integers(1, 6), SAIDS),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRIES, max_size=6))
def test_a_table_that_was_written_is_read_as_it_was(tmp_path: Path, entries: list[Entry]) -> None:
    known = HashList(entries)
    write_list(known, tmp_path / "list.csv")
    assert read_list(tmp_path / "list.csv", Origin(Said("given")))[0].digest == known.digest


@pytest.mark.parametrize("name", ["list.txt", "list.jsonl", "list.safetensors"])
def test_every_form_that_was_written_is_read_as_it_was(tmp_path: Path, name: str) -> None:
    said = Said("given", "", "")
    known = HashList([Entry(HashKind.PDQ, BRIDGE, "given"), film(VALUES, said), Entry(HashKind.SHA256, OTHER, "given")])
    write_list(known, tmp_path / name)
    assert read_list(tmp_path / name, Origin(said))[0].digest == known.digest
    assert [item.name for item in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (f"video_md5,{'0' * 32},x,POSITIVE_CLASS,", r"line 2: column 2 \(signal_str\): signals of type 'video_md5'"),
        ("pdq,00,x,POSITIVE_CLASS,", r"line 2: column 2 \(signal_str\): hex: a pdq hash has 64 .* found are 2"),
        (f"pdq,{BRIDGE},x,MAYBE,", r"line 2: column 4 \(category\): 'MAYBE' is none"),
        (f"pdq,{BRIDGE},x", r"line 2: has 3 columns, the header has 5"),
        (f'pdq,"{BRIDGE},x', r"line 2: not CSV"),
        ("vpdq,[1],x,POSITIVE_CLASS,", r"line 2: column 2 \(signal_str\): the signal of a film is an array of texts"),
        ("vpdq,{,x,POSITIVE_CLASS,", r"line 2: column 2 \(signal_str\): the signal of a film is not JSON"),
        (f'vpdq,"[""{BRIDGE},49,0""]",x,POSITIVE_CLASS,', r"line 2: .*no picture of the film has a quality of 50"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"list.csv, {says}"):
        read(tmp_path, "list.csv", HEADER + row + "\r\n")


def test_other_types_are_passed_over_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"text_tlsh ABC\npdq {BRIDGE}\n")
    known, taken = read_list(tmp_path / "list.txt", Origin(Said("given"), others=True))
    assert (len(known), taken.entries, taken.other_types) == (1, 1, 1)
    with pytest.raises(ConfigurationError, match="list.txt, line 1, column 11: signals of type 'text_tlsh'"):
        read_list(tmp_path / "list.txt", ORIGIN)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("list.csv", b"", "the columns are signal_type"),
        ("list.csv", b"\xff", "not UTF-8"),
        ("list.pickle", b"", "no form of lists"),
        ("list.txt", b"pdq 00\n", "line 1, column 5"),
    ],
)
def test_what_is_no_list_is_said(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CountersignError, match=says):
        read_list(tmp_path / name, ORIGIN)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"cannot read .*gone\.csv"):
        read_list(tmp_path / "gone.csv", ORIGIN)


def test_a_list_cannot_be_written_in_no_form(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no form"):
        write_list(HashList([listed(1)]), tmp_path / "list.bin")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("collab", "name"), [("Sample Signals", "sample-signals"), ("Ä/b_C 1", "b_c-1"), ("", "")])
def test_collaborations_become_lists(collab: str, name: str) -> None:
    assert list_name(collab) == name
