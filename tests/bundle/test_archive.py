"""The zip around a case: what is no case in form is refused before anything is unfolded."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.case.archive import MAX_FILES, pack, unpack
from countersign.verify.case.layout import MANIFEST
from countersign.verify.errors import VerificationError

FILES = {MANIFEST: b"{}", "evidence/a1.png": b"picture", "receipt.json": b"[]"}


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    """A zip as other programs write it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
        archive.comment = comment
    return stream.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(VerificationError) as caught:
        unpack(data)
    return str(caught.value)


def test_every_zip_program_reads_a_case() -> None:
    with zipfile.ZipFile(io.BytesIO(pack(FILES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


names = st.from_regex(r"\A[a-z0-9][a-z0-9_]{0,8}(/[a-z0-9_]{1,8}){0,1}(\.[a-z]{1,4})?\Z").filter(
    lambda n: "/_" not in n
)


@given(st.dictionaries(names, st.binary(max_size=200), max_size=8))
def test_what_was_packed_is_unpacked(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files
    assert list(unpack(pack(files))) == list(files)


@given(st.data())
def test_no_byte_can_change(data: st.DataObject) -> None:
    case = bytearray(pack(FILES))
    case[data.draw(st.integers(0, len(case) - 1))] ^= data.draw(st.integers(1, 255))
    assert refusal(bytes(case))


@given(st.binary(max_size=300), st.booleans())
def test_rubbish_is_refused(data: bytes, signed: bool) -> None:
    assert refusal(b"PK\x03\x04" + data if signed else data)


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    bomb = zipped(("receipt.json", b"\0" * 50_000_000), method=zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    try:
        assert refusal(bomb) == "receipt.json is compressed; a case holds its files as they are"
        assert tracemalloc.get_traced_memory()[1] < 1_000_000  # of the 50 MB that it would become
    finally:
        tracemalloc.stop()


TRICKS = ["/etc/passwd", "../receipt.json", "a/../b", "a//b", "./a", ".hidden", "A.json", "a\\b", "a\nb", "", "a/", "ä"]


@pytest.mark.parametrize("name", [*TRICKS, "x" * 200])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    with pytest.raises(VerificationError, match="no name for a file"):
        pack({name: b""})
    if name.isascii() and name:
        assert "no name for a file" in refusal(zipped((name, b"")))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (zipped(("a.json", b"1"), comment=b"hello"), "cut off or added to"),
        (b"#!/bin/sh\n" + pack(FILES), "no file where there should be one"),
        (pack(FILES) + b"more", "cut off or added to"),
        (pack(FILES)[:-1], "cut off or added to"),
        (pack(FILES)[:40], "cut off or added to"),
        (b"", "cut off or added to"),
        (zipped(("a.json", b"1")), "unpacked and packed again"),
    ],
)
def test_what_other_programs_make_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        unpack(data)


def changed(at: int, kind: str, value: int) -> Callable[[], bytes]:
    def make() -> bytes:
        data = bytearray(pack(FILES))
        struct.pack_into(kind, data, at, value)
        return bytes(data)

    return make


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (changed(6, "<H", 0x0001), "is encrypted"),
        (changed(6, "<H", 0x0008), "not stored as cases are"),
        (changed(8, "<H", 8), "is compressed"),
        (changed(22, "<I", 0x7FFFFFFF), "is compressed"),
        (changed(28, "<H", 4), "not stored as cases are|no name for a file"),
    ],
)
def test_odd_headers_are_refused(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        unpack(make())


def test_a_file_that_is_announced_larger_than_the_zip_is_refused() -> None:
    data = bytearray(pack(FILES))
    struct.pack_into("<II", data, 18, 0x7FFFFFFF, 0x7FFFFFFF)
    assert refusal(bytes(data)) == "manifest.json goes beyond the end of the zip"


def test_huge_counts_are_refused_at_once() -> None:
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0, 0, 0)
    assert refusal(end) == f"the zip names 65535 files, a case has at most {MAX_FILES}"
    with pytest.raises(VerificationError, match="at most"):
        pack({f"evidence/{number}.png": b"" for number in range(MAX_FILES + 1)})


def test_two_of_a_name_are_refused() -> None:
    one = pack({"a.json": b"1"})
    local = one[: one.index(b"PK\x01\x02")]
    central = one[one.index(b"PK\x01\x02") : -22]
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(central), 2 * len(local), 0)
    assert refusal(local * 2 + central * 2 + end) == "a.json is there twice"
