"""Boxes that lie about their length are found in every format, and honest ones never are."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.provenance import Identity
from server.provenance.framing import STORE, raw_store, refuse_framing
from tests.provenance.cases import Materials
from tests.provenance.files import MIMES, flip, make
from tests.provenance.manifests import JPEG, Part, act, actions, produce
from tests.provenance.surgery import box_too_long, store_of

PNG = "image/png"


@pytest.mark.parametrize("mime", MIMES)
def test_an_honest_store_is_found_whole_and_passes(have: Materials, mime: str) -> None:
    data = have.signed(mime)
    assert raw_store(io.BytesIO(data), mime).startswith(store_of(data, mime))
    refuse_framing(io.BytesIO(data), mime)
    refuse_framing(io.BytesIO(make(mime)), mime)


@pytest.mark.parametrize("mime", MIMES)
def test_a_box_that_is_too_long_is_refused(have: Materials, mime: str) -> None:
    with pytest.raises(ValueError, match="impossible length"):
        refuse_framing(io.BytesIO(box_too_long(have.signed(mime), mime)), mime)


def test_a_store_over_several_segments_passes(identity: Identity) -> None:
    parts = [Part(f"part {number}", produce(f"part {number}", identity), "componentOf") for number in range(6)]
    data = produce("collage", identity, actions(act("c2pa.created"), act("c2pa.placed", "part 0")), parts=parts)
    assert data.count(b"\xff\xeb") > 1
    refuse_framing(io.BytesIO(data), JPEG)


def test_a_store_that_is_longer_than_the_file_is_refused() -> None:
    header = struct.pack(">I4s", 1000, b"jumb") + struct.pack(">I", 30) + STORE
    with pytest.raises(ValueError, match="1000 bytes; there are"):
        refuse_framing(io.BytesIO(b"ftyp" + header + bytes(20)), "video/mp4")
    long = struct.pack(">I4sQ", 1, b"jumb", 2**60) + bytes(20)
    assert raw_store(io.BytesIO(long), "video/mp4") == b""  # no description where one must be: c2pa finds none either


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.sampled_from(MIMES))
def test_garbage_passes_or_is_refused(data: bytes, mime: str) -> None:
    for each in (data, b"\x89PNG\r\n\x1a\n" + data, b"\xff\xd8" + data, bytes(12) + STORE + data):
        try:
            refuse_framing(io.BytesIO(each), mime)
        except ValueError:
            continue


@settings(deadline=None, max_examples=150)
@given(at=st.integers(0, 10**6), mime=st.sampled_from(MIMES))
def test_damage_passes_or_is_refused(have: Materials, at: int, mime: str) -> None:
    data = have.signed(mime)
    try:
        refuse_framing(io.BytesIO(flip(data, at % len(data))), mime)
    except ValueError:
        return
