"""Our verdict and that of an implementation that shares no code with ours, on intact and on altered files."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.credential import CredentialState
from server.provenance import Identity, Trust
from tests.provenance.conftest import Signed, Validate
from tests.provenance.files import MIMES, MP4, flip, make, pixel_offset, reencode, replace_once
from tests.provenance.signers import EDIT, embed, judged, stranger

# These say that the file still is what its signer saw, whatever may be thought of the signer or of the parents.
INTACT = frozenset(
    {
        CredentialState.TRUSTED,
        CredentialState.VALID_UNTRUSTED,
        CredentialState.EXPIRED_NO_TIMESTAMP,
        CredentialState.INGREDIENT_FAILED,
    }
)
TAMPERS: dict[str, Callable[[Signed], bytes]] = {
    "pixel flipped": lambda signed: flip(signed.data, pixel_offset(signed.plain, signed.data)),
    "bytes appended": lambda signed: signed.data + b"\0" * 8,
    "end cut off": lambda signed: signed.data[:-40],
    "half cut off": lambda signed: signed.data[: len(signed.data) // 2],
    "source type edited": lambda signed: replace_once(signed.data, b"trainedAlgorithmic", b"minorHumanEditings"),
    "decision edited": lambda signed: replace_once(signed.data, b"request-1", b"request-2"),
    "title edited": lambda signed: replace_once(signed.data, b"output", b"Output"),
    "store damaged": lambda signed: replace_once(signed.data, b"jumd", b"jumx"),
    "stripped": lambda signed: signed.plain,
}


@pytest.fixture(scope="module", params=MIMES)
def signed(request: pytest.FixtureRequest, identity: Identity, trust: Trust) -> Signed:
    mime: str = request.param
    plain = make(mime)
    return Signed(embed(plain, mime, identity), trust, plain, mime)


def agree(data: bytes, mime: str, trust: Trust, validate: Validate) -> CredentialState:
    """Our state, once both sides agree on whether the file is intact."""
    state = judged(data, mime, trust).state
    opinion = validate(data, mime, trust)
    assert (state in INTACT) is opinion.intact, (state, opinion)
    return state


def test_both_trust_an_intact_file(signed: Signed, validate: Validate) -> None:
    assert agree(signed.data, signed.mime, signed.trust, validate) is CredentialState.TRUSTED
    assert validate(signed.data, signed.mime, signed.trust).trusted


@pytest.mark.parametrize("tamper", TAMPERS)
def test_both_find_tampering(signed: Signed, validate: Validate, tamper: str) -> None:
    data = TAMPERS[tamper](signed)
    assert data != signed.data
    assert agree(data, signed.mime, signed.trust, validate) not in INTACT


def test_both_find_nothing_after_reencoding(signed: Signed, validate: Validate) -> None:
    data = make(MP4) if signed.mime == MP4 else reencode(signed.data, signed.mime)
    assert agree(data, signed.mime, signed.trust, validate) is CredentialState.NONE


def test_neither_trusts_a_stranger(signed: Signed, validate: Validate) -> None:
    foreign = Trust(stranger().root_pem)
    assert agree(signed.data, signed.mime, foreign, validate) is CredentialState.VALID_UNTRUSTED
    assert not validate(signed.data, signed.mime, foreign).trusted


def test_neither_trusts_an_expired_signer(expired: Signed, validate: Validate) -> None:
    assert agree(expired.data, expired.mime, expired.trust, validate) is CredentialState.EXPIRED_NO_TIMESTAMP
    assert not validate(expired.data, expired.mime, expired.trust).trusted


def test_only_we_look_behind_a_good_signature_at_a_broken_parent(
    signed: Signed, identity: Identity, validate: Validate
) -> None:
    broken = flip(signed.data, pixel_offset(signed.plain, signed.data))
    output_mime = MP4 if signed.mime == MP4 else "image/jpeg"
    edited = embed(make(output_mime), output_mime, identity, EDIT, (broken, signed.mime))
    assert agree(edited, output_mime, signed.trust, validate) is CredentialState.INGREDIENT_FAILED
