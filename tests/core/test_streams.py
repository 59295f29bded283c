"""Memory files as files: they read and write as any file does, within their bounds."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LimitExceeded
from core.sandbox.memory import memory_file, write_blobs
from core.sandbox.streams import Blobs, MemoryStream

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 40)),
        st.tuples(st.just("start"), st.integers(0, 60)),
        st.tuples(st.just("end"), st.integers(0, 20)),
        st.tuples(st.just("write"), st.binary(max_size=30)),
    ),
    max_size=12,
)


@pytest.fixture
def descriptor() -> Iterator[int]:
    with memory_file("test") as opened:
        yield opened


@given(STEPS)
def test_it_does_what_a_file_does(steps: list[tuple[str, int | bytes]]) -> None:
    with memory_file("test") as descriptor:
        model, stream = io.BytesIO(), MemoryStream(descriptor, limit=1000)
        for name, value in steps:
            assert step(stream, name, value) == step(model, name, value)
        assert (stream.seek(0), stream.read()) == (0, model.getvalue())


def step(file: io.BytesIO | MemoryStream, name: str, value: int | bytes) -> object:
    """What came of it, and where the file is then."""
    if isinstance(value, bytes):
        return file.write(value), file.tell()
    if name == "read":
        return file.read(value), file.tell()
    return file.seek(value, os.SEEK_END if name == "end" else os.SEEK_SET)


def test_a_blob_ends_where_the_next_begins(descriptor: int) -> None:
    write_blobs(descriptor, [b"one", b"", b"three"])
    blobs = Blobs(descriptor, [3, 0, 5])
    buffer = bytearray(9)
    assert [blobs.stream(number).read(100) for number in range(3)] == [b"one", b"", b"three"]
    assert blobs.stream(2).readinto(buffer) == 5
    assert bytes(buffer[:5]) == b"three"
    assert (blobs[-1], blobs[0:3:2]) == (b"three", (b"one", b"three"))
    with pytest.raises(IndexError):
        blobs[3]


def test_nothing_lies_before_the_beginning(descriptor: int) -> None:
    stream = MemoryStream(descriptor, size=3)
    assert stream.seek(-1, os.SEEK_END) == 2
    with pytest.raises(OSError, match="before the beginning"):
        stream.seek(-4, os.SEEK_END)


def test_what_is_read_is_not_written(descriptor: int) -> None:
    write_blobs(descriptor, [b"one"])
    stream = Blobs(descriptor, [3]).stream(0)
    assert not stream.writable()
    with pytest.raises(LimitExceeded):
        stream.write(b"x")


def test_a_result_ends_at_its_limit(descriptor: int) -> None:
    stream = MemoryStream(descriptor, limit=10)
    assert stream.write(b"0123456789") == 10
    with pytest.raises(LimitExceeded) as raised:
        stream.write(b"x")
    assert raised.value.field == "media.result"
    assert os.fstat(descriptor).st_size == 10
