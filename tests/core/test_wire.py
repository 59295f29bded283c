"""Messages cross unchanged, and what is no message is refused."""

from __future__ import annotations

import os
import socket
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import LimitExceeded, ParserFailed
from core.sandbox import memory
from core.sandbox.streams import Blobs
from core.sandbox.wire import HEADER, MAX_BODY, MAX_HEAD, Message, decode, encode, receive_blocking, sizes

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(TEXT, VALUES), st.binary(max_size=100))
def test_a_message_crosses_unchanged(head: dict[str, Any], body: bytes) -> None:
    data = encode(Message(head, body))
    head_size, body_size = sizes(data[: HEADER.size])
    rest = data[HEADER.size :]
    assert (len(rest), body_size) == (head_size + body_size, len(body))
    assert decode(rest[:head_size], rest[head_size:]) == Message(head, body)


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_an_object(head: bytes) -> None:
    try:
        message = decode(head, b"")
    except ParserFailed:
        return
    assert isinstance(message.head, dict)


@pytest.mark.parametrize("head", [b"", b"[]", b"1", b"{", b"[" * 100_000, b"\xff", b'{"a": "\\ud800"}', b"1" * 5000])
def test_what_is_no_object_of_well_formed_text(head: bytes) -> None:
    with pytest.raises(ParserFailed, match="malformed"):
        decode(head, b"")


def test_text_that_only_looks_like_a_surrogate_passes() -> None:
    assert decode(b'{"a": "\\\\ud800", "b": "\\ud83d\\ude00"}', b"").head == {"a": "\\ud800", "b": "😀"}


def test_a_lone_surrogate_is_sent_as_a_question_mark() -> None:
    data = encode(Message({"a": "\ud800"}))
    assert decode(data[HEADER.size :], b"").head == {"a": "?"}


@pytest.mark.parametrize(("head", "body"), [(MAX_HEAD + 1, 0), (0, MAX_BODY + 1), (0xFFFFFFFF, 0xFFFFFFFF)])
def test_sizes_are_bounded(head: int, body: int) -> None:
    with pytest.raises(ParserFailed, match="too large"):
        sizes(HEADER.pack(head, body))


def test_nothing_too_large_is_sent() -> None:
    with pytest.raises(LimitExceeded, match="facts"):
        encode(Message({"a": "x" * MAX_HEAD}))
    with pytest.raises(LimitExceeded, match="bytes"):
        encode(Message({}, bytes(MAX_BODY + 1)))


def test_a_message_cut_off_is_the_end() -> None:
    data = encode(Message({"a": 1}, b"body"))
    for size in (0, 3, HEADER.size, len(data) - 1):
        ours, theirs = socket.socketpair()
        with theirs:
            with ours:
                ours.sendall(data[:size])
            with pytest.raises(EOFError):
                receive_blocking(theirs)


def test_a_memory_file_that_shrinks_or_grows() -> None:
    with memory.memory_file("test") as descriptor:
        os.ftruncate(descriptor, 100)
        assert memory.read_memory(descriptor, 100).size == 100
        with pytest.raises(ParserFailed, match="more or less was written"):
            memory.read_memory(descriptor, 99)
        with pytest.raises(EOFError):
            memory.read_at(descriptor, memoryview(bytearray(101)), 0)
        with pytest.raises(EOFError):
            memory.read_bytes(descriptor, 41, 60)
        with pytest.raises(ParserFailed, match="shorter"):
            memory.read_file(descriptor, 101, 200)
        with pytest.raises(ParserFailed, match="too large"):
            memory.read_file(descriptor, 100, 99)
        assert memory.read_file(descriptor, 60, 60) == bytes(60)
        assert memory.read_memory(descriptor, 100, 60).size == 100
        with pytest.raises(ParserFailed, match="more or less was written"):
            memory.read_memory(descriptor, 200, 101)


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_blobs_cross_unchanged(blobs: list[bytes]) -> None:
    with memory.memory_file("test") as descriptor:
        memory.write_blobs(descriptor, blobs)
        crossed = Blobs(descriptor, [len(blob) for blob in blobs])
        assert tuple(crossed) == crossed[:] == tuple(blobs)
        assert [crossed.stream(number).read() for number in range(len(blobs))] == blobs


def test_arrays_follow_each_other() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "a": np.arange(5, dtype=np.uint16),
        "b": np.zeros((0, 2)),
        "c": np.array(1.5),
        "d": np.eye(3)[::2],
    }
    with memory.memory_file("test") as descriptor:
        first, end = memory.write_arrays(descriptor, arrays, 0, 1000)
        second, _ = memory.write_arrays(descriptor, {"a": np.ones(3, np.int8)}, end, 1000)
        written = memory.read_memory(descriptor, 1000)
    read = memory.read_arrays(first, written)
    assert {name: array.tolist() for name, array in read.items()} == {
        name: array.tolist() for name, array in arrays.items()
    }
    assert memory.read_arrays(second, written)["a"].tolist() == [1, 1, 1]
