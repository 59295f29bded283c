"""Qt resource collections are read as `rcc` writes them."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CorruptMedia
from training.corpora.qt_resources import read_resources


def collection(files: dict[str, tuple[int, bytes]], child: int = 1) -> bytes:
    """A version 3 collection of files directly under the root. files: flags and stored bytes by name."""
    header, node = 24, 22
    tree = struct.pack(">IHII", 0, 2, len(files), child) + bytes(8)
    names, blobs = struct.pack(">HI", 0, 0), b""
    for name, (flags, stored) in files.items():
        tree += struct.pack(">IHHHI", len(names), flags, 0, 1, len(blobs)) + bytes(8)
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
        blobs += struct.pack(">I", len(stored)) + stored
    assert len(tree) == node * (len(files) + 1)
    blobs_at = header + len(tree)
    names_at = blobs_at + len(blobs)
    return struct.pack(">4sIIIII", b"qres", 3, header, blobs_at, names_at, 0) + tree + blobs + names


def test_stored_and_compressed_files_are_read() -> None:
    packed = struct.pack(">I", 5) + zlib.compress(b"world")
    found = read_resources(collection({"a.webp": (0, b"hello"), "README": (1, packed)}))
    assert found == {"a.webp": b"hello", "README": b"world"}


def test_zstd_is_refused_rather_than_handed_on() -> None:
    with pytest.raises(CorruptMedia, match="zstd"):
        read_resources(collection({"a": (4, b"\x28\xb5\x2f\xfd")}))


def test_a_directory_that_holds_itself_ends() -> None:
    with pytest.raises(CorruptMedia, match="holds itself"):
        read_resources(collection({"a": (0, b"")}, child=0))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_with_one_error(data: bytes) -> None:
    with pytest.raises(CorruptMedia):
        read_resources(data)


@given(st.integers(min_value=24, max_value=80))
def test_a_truncated_collection_is_refused(length: int) -> None:
    whole = collection({"a.webp": (0, b"hello"), "b.webp": (0, b"there")})
    with pytest.raises(CorruptMedia):
        read_resources(whole[:length])
