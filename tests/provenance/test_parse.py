"""Reading real files: every state that a file can be in, and no network whatever a file says."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import c2pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.credential import CredentialState
from core.errors import CorruptMedia
from core.limits import Limits
from core.sandbox import Request
from server.provenance import Identity, Trust, parse
from server.provenance.definition import definition
from tests.provenance.conftest import Signed
from tests.provenance.files import flip, make, pixel_offset, reencode, replace_once
from tests.provenance.signers import CLAIM, EDIT, TIME_STAMPING, embed, judged, look, stranger

PNG, JPEG = "image/png", "image/jpeg"


@pytest.fixture(scope="module")
def signed(identity: Identity, trust: Trust) -> Signed:
    plain = make(PNG)
    return Signed(embed(plain, PNG, identity), trust, plain)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A web server that nobody may ask anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


def test_our_own_file(signed: Signed) -> None:
    found = judged(signed.data, PNG, signed.trust)
    assert found.state is CredentialState.TRUSTED
    assert found.codes == ()
    assert found.digital_source_types == (CLAIM.source_uri,)
    assert found.claim_generator == "Countersign"
    assert found.issuer == "Countersign development"
    assert [one.actions for one in found.manifests] == [("c2pa.created",)]
    assert json.loads(found.store_json)["active_manifest"] == found.manifest_id


def test_the_decision_is_bound_into_the_file(signed: Signed) -> None:
    store = json.loads(judged(signed.data, PNG, signed.trust).store_json)
    (made,) = store["manifests"].values()
    assertions = {assertion["label"]: assertion["data"] for assertion in made["assertions"]}
    assert assertions["org.countersign.decision"] == {
        "policyDigest": CLAIM.binding.policy_digest,
        "intentIndex": 7,
        "requestId": "request-1",
    }
    (action,) = assertions["c2pa.actions.v2"]["actions"]
    assert action["softwareAgent"] == {"name": "painter", "version": "1.0"}
    assert action["parameters"] == {"org.countersign.parameters": {"scale": 2, "strength": 0.5, "mode": "fast"}}
    assert action["when"] == "2026-11-22T12:00:00Z"


def test_a_stranger_is_intact_and_untrusted(signed: Signed) -> None:
    found = judged(signed.data, PNG, Trust(stranger().root_pem))
    assert found.state is CredentialState.VALID_UNTRUSTED
    assert "signingCredential.untrusted" in found.codes


def test_an_expired_signer_without_time_stamp(expired: Signed) -> None:
    found = judged(expired.data, PNG, expired.trust)
    assert found.state is CredentialState.EXPIRED_NO_TIMESTAMP
    assert "signingCredential.expired" in found.codes


def test_a_time_stamping_certificate_may_not_sign_claims() -> None:
    imposter = stranger(purpose=TIME_STAMPING)
    trust = Trust(imposter.root_pem)
    data = embed(make(PNG), PNG, imposter)
    assert look(data, PNG, trust).facts["store"]["state"] == "Trusted"  # c2pa alone lets it pass
    found = judged(data, PNG, trust)
    assert found.state is CredentialState.INVALID
    assert "signingCredential.invalid" in found.codes


def test_tampering_is_named(signed: Signed) -> None:
    pixels = flip(signed.data, pixel_offset(signed.plain, signed.data))
    assertion = replace_once(signed.data, b"trainedAlgorithmicMedia", b"digitalCaptureByCameras")
    claim = replace_once(signed.data, b"output", b"Output")
    for data, code in (
        (pixels, "assertion.dataHash.mismatch"),
        (assertion, "assertion.hashedURI.mismatch"),
        (claim, "claimSignature.mismatch"),
    ):
        found = judged(data, PNG, signed.trust)
        assert (found.state, code in found.codes) == (CredentialState.INVALID, True)


def test_a_stripped_file_has_none(signed: Signed) -> None:
    assert judged(reencode(signed.data, PNG), PNG, signed.trust).state is CredentialState.NONE


@pytest.mark.parametrize("mime", ["image/bmp", "video/webm"])
def test_formats_without_a_place_for_a_manifest_have_none(trust: Trust, mime: str) -> None:
    assert judged(b"BM", mime, trust).state is CredentialState.NONE


def test_damaged_boxes_are_unparseable_not_absent(signed: Signed) -> None:
    damaged = replace_once(signed.data, b"jumd", b"jumx")
    assert judged(damaged, PNG, signed.trust).state is CredentialState.UNPARSEABLE
    assert "JUMD" in look(damaged, PNG, signed.trust).facts["unparseable"]


@settings(deadline=None, max_examples=60)  # a busy machine is not a defect
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans())
def test_no_damage_makes_another_trusted_claim(signed: Signed, at: int, bit: int, cut: bool) -> None:
    """C2PA leaves some bytes of a store's own framing unsigned: damage there may change nothing, but only nothing."""
    at %= len(signed.data)
    damaged = bytearray(signed.data[:at] if cut else signed.data)
    if not cut:
        damaged[at] ^= 1 << bit
    found = judged(bytes(damaged), PNG, signed.trust)
    if found.state is CredentialState.TRUSTED:
        assert replace(found, store_json="") == replace(judged(signed.data, PNG, signed.trust), store_json="")


@settings(deadline=None, max_examples=40)
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_every_bit_of_the_picture_is_signed(signed: Signed, at: int, bit: int) -> None:
    start = pixel_offset(signed.plain, signed.data)
    damaged = bytearray(signed.data)
    damaged[start + at % (len(damaged) - start)] ^= 1 << bit
    found = judged(bytes(damaged), PNG, signed.trust).state
    assert found in (CredentialState.INVALID, CredentialState.UNPARSEABLE)


def test_a_parent_keeps_its_own_credentials(signed: Signed, identity: Identity) -> None:
    edited = embed(make(JPEG), JPEG, identity, EDIT, (signed.data, PNG))
    found = judged(edited, JPEG, signed.trust)
    assert found.state is CredentialState.TRUSTED
    assert {one.actions for one in found.manifests} == {("c2pa.created",), ("c2pa.opened", "c2pa.enhanced")}
    assert judged(signed.data, PNG, signed.trust).manifest_id in {one.label for one in found.manifests}


def test_a_broken_parent_is_found_under_any_number_of_good_edits(signed: Signed, identity: Identity) -> None:
    broken = flip(signed.data, pixel_offset(signed.plain, signed.data))
    child = embed(make(JPEG), JPEG, identity, EDIT, (broken, PNG))
    grandchild = embed(make(JPEG), JPEG, identity, EDIT, (child, JPEG))
    for data in (child, grandchild):
        assert look(data, JPEG, signed.trust).facts["store"]["state"] == "Trusted"  # c2pa alone does not tell
        found = judged(data, JPEG, signed.trust)
        assert found.state is CredentialState.INGREDIENT_FAILED
        assert "assertion.dataHash.mismatch" in found.codes


def test_an_unknown_parent_is_unproven_not_broken(signed: Signed, identity: Identity) -> None:
    foreign = embed(make(PNG), PNG, stranger())
    found = judged(embed(make(JPEG), JPEG, identity, EDIT, (foreign, PNG)), JPEG, signed.trust)
    assert found.state is CredentialState.TRUSTED
    assert "signingCredential.untrusted" in found.codes


def remote_only(identity: Identity, url: str) -> bytes:
    """A file that names its manifest's address and carries no manifest."""
    out = io.BytesIO()
    with (
        c2pa.Context.from_dict(parse.settings(Trust(identity.root_pem).options())) as context,
        c2pa.Signer.from_callback(identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem, None) as signer,
        c2pa.Builder(definition(CLAIM, JPEG), context) as builder,
    ):
        builder.set_no_embed()
        builder.set_remote_url(url)
        builder.sign(signer, JPEG, io.BytesIO(make(JPEG)), out)
    return out.getvalue()


def asked(listener: socket.socket) -> bool:
    """Whether anybody connected."""
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


def test_a_remote_manifest_is_never_fetched(listener: socket.socket, identity: Identity, trust: Trust) -> None:
    data = remote_only(identity, f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa")
    found = judged(data, JPEG, trust)
    assert found.state is CredentialState.REMOTE_NOT_FETCHED
    assert found.codes == ("manifest.inaccessible",)
    embed(make(JPEG), JPEG, identity, EDIT, (data, JPEG))  # as a parent neither
    assert not asked(listener)


def test_the_listener_would_have_noticed(listener: socket.socket, identity: Identity, trust: Trust) -> None:
    """The test above can fail: without our setting c2pa does connect."""
    data = remote_only(identity, f"http://127.0.0.1:{listener.getsockname()[1]}/manifest.c2pa")
    careless: dict[str, Any] = parse.settings(trust.options())
    careless["verify"]["remote_manifest_fetch"] = True

    def read() -> None:
        with c2pa.Context.from_dict(careless) as context, pytest.raises(c2pa.C2paError):
            c2pa.Reader(JPEG, io.BytesIO(data), context=context)

    reader = threading.Thread(target=read)
    reader.start()
    assert asked(listener)
    reader.join(10)
    assert not reader.is_alive()


def test_what_c2pa_cannot_sign_is_named(identity: Identity, trust: Trust) -> None:
    options: dict[str, Any] = {
        **trust.options(),
        "mime": PNG,
        "definition": definition(CLAIM, PNG),
        "chain": identity.chain_pem,
        "algorithm": "es256",
        "ingredients": [],
        "timestamp": False,
    }
    with pytest.raises(CorruptMedia, match="cannot sign this file"):
        parse.sign(Request([b"not a picture"], "", Limits(), options, identity.sign))
