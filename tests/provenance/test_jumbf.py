"""The signer's key purposes, found in a manifest store, whatever the store is made of."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.provenance import Trust
from server.provenance.jumbf import SIGNATURE_TYPE, boxes, signatures, signers
from server.provenance.trust import PURPOSES
from tests.provenance.files import flip, make
from tests.provenance.signers import TIME_STAMPING, embed, look, stranger


@pytest.fixture(scope="module")
def store() -> tuple[bytes, str]:
    """A real store and the label of its manifest."""
    identity = stranger()
    data = embed(make("image/png"), "image/png", identity)
    start = data.index(b"caBX")  # the PNG chunk of a manifest store, after its length
    (length,) = struct.unpack_from(">I", data, start - 4)
    active = look(data, "image/png", Trust(identity.root_pem)).facts["store"]["active"]
    return data[start + 4 : start + 4 + length], active


def signer_purposes(store: bytes, manifest: str) -> list[str] | None:
    """Of the one manifest, None where its signer cannot be examined."""
    found: dict[str, Any] = signers(store, {manifest}).get(manifest, {})
    return found.get("purposes")


def test_the_purposes_of_a_real_signer(store: tuple[bytes, str]) -> None:
    assert signer_purposes(*store) == sorted(PURPOSES[:2])


def test_the_validity_of_a_real_signer(store: tuple[bytes, str]) -> None:
    (signer,) = signers(store[0], {store[1]}).values()
    begins, ends = (datetime.fromisoformat(signer[name]) for name in ("not_before", "not_after"))
    assert begins < datetime.now(UTC) < ends


def test_the_purposes_of_a_signer_of_another_kind() -> None:
    identity = stranger(purpose=TIME_STAMPING)
    data = embed(make("image/png"), "image/png", identity)
    facts = look(data, "image/png", Trust(identity.root_pem)).facts
    (signer,) = facts["store"]["signers"].values()
    assert signer["purposes"] == [TIME_STAMPING.dotted_string]


def test_a_manifest_that_is_not_there(store: tuple[bytes, str]) -> None:
    assert signer_purposes(store[0], "urn:c2pa:another") is None


def test_a_second_signature_beside_the_real_one_is_refused(store: tuple[bytes, str]) -> None:
    signature = (
        struct.pack(">I4s", 8 + 25, b"jumd") + SIGNATURE_TYPE + b"\x03decoy\0xx" + struct.pack(">I4s", 8, b"cbor")
    )
    decoy = struct.pack(">I4s", 8 + len(signature), b"jumb") + signature
    data = grown(store[0], len(decoy)) + decoy
    assert len(list(signatures(data, ()))) == 2
    assert signer_purposes(data, store[1]) is None


def grown(store: bytes, by: int) -> bytes:
    """The store and the manifest in it, which is its end, declared longer: what follows becomes their last child."""
    data = bytearray(store)
    manifest = store.index(b"jumb", 8) - 4
    for at in (0, manifest):
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + by)
    return bytes(data)


@settings(deadline=None)  # a busy machine is not a defect
@given(st.binary(max_size=400))
def test_garbage_has_no_signer(data: bytes) -> None:
    assert signer_purposes(data, "") is None


@settings(deadline=None)  # a busy machine is not a defect
@given(at=st.integers(0, 10**6))
def test_damage_never_raises_and_never_adds_a_purpose(store: tuple[bytes, str], at: int) -> None:
    found = signer_purposes(flip(store[0], at % len(store[0])), store[1])
    assert found is None or isinstance(found, list)


@settings(deadline=None)  # a busy machine is not a defect
@given(st.lists(st.tuples(st.binary(min_size=4, max_size=4), st.binary(max_size=40)), max_size=5))
def test_boxes_are_read_as_they_were_written(written: list[tuple[bytes, bytes]]) -> None:
    data = b"".join((8 + len(payload)).to_bytes(4, "big") + kind + payload for kind, payload in written)
    assert list(boxes(data)) == written


def test_long_and_open_ended_boxes() -> None:
    long = (1).to_bytes(4, "big") + b"long" + (18).to_bytes(8, "big") + b"ab"
    assert list(boxes(long + bytes(4) + b"openrest")) == [(b"long", b"ab"), (b"open", b"rest")]


@pytest.mark.parametrize("length", [2, 7, 100])
def test_impossible_lengths(length: int) -> None:
    with pytest.raises(ValueError, match="impossible"):
        list(boxes(length.to_bytes(4, "big") + b"jumb"))


def test_nesting_has_an_end() -> None:
    data = b""
    for _ in range(2000):
        data = (8 + len(data)).to_bytes(4, "big") + b"jumb" + data
    assert signer_purposes(data, "") is None
