"""SoftBindingService over the wire: C2PA's questions, and what no tenant learns of another."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import c2pa
import grpc
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from core.credential import CredentialState
from core.media import Frame, digest_of
from countersign.v1 import softbinding_pb2 as pb
from detectors.fingerprints import fingerprint
from detectors.iscc import text_of
from server.recovery.bindings import ISCC, PDQ, WATERMARK
from tests.recovery.conftest import Workshop, as_jpeg, as_png, picture
from tests.server.wires import ACME, OTHER, Wire, as_, fails, wired
from training.evaluation.attacks import ATTACKS

pytestmark = pytest.mark.asyncio(loop_scope="session")
MARK = "a0b1c2d3e4f5"


@pytest_asyncio.fixture(loop_scope="session")
async def served(workshop: Workshop) -> AsyncIterator[Wire]:
    async with wired(workshop.house) as wire:
        yield wire


def content(media: bytes, **fields: Any) -> pb.ByContentRequest:
    return pb.ByContentRequest(**{"request_id": uuid.uuid4().hex, "media": media, **fields})


def binding(alg: str, value: str, **fields: Any) -> pb.ByBindingRequest:
    return pb.ByBindingRequest(**{"request_id": uuid.uuid4().hex, "alg": alg, "value": value, **fields})


def wanted(manifest_id: str, **fields: Any) -> pb.GetManifestRequest:
    return pb.GetManifestRequest(**{"request_id": uuid.uuid4().hex, "manifest_id": manifest_id, **fields})


def signed_pixels(data: bytes) -> bytes:
    """The same pixels in another file."""
    return as_png(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


async def test_a_copy_leads_to_its_manifest(workshop: Workshop, served: Wire) -> None:
    _, recorded = await workshop.sign(as_png(picture("crab")))
    answer = await served.soft_bindings.ByContent(content(as_jpeg(picture("crab"))), **ACME)
    (match,) = answer.matches
    assert (match.certainty, match.confirmed) == (pb.MATCH_CERTAINTY_LIKELY, True)
    assert match.similarity_score > 90
    assert 0.9 < match.confidence < 1
    assert match.decision_id == recorded.decision_id
    assert answer.provenance.state == 9  # RECOVERED_SOFT_BINDING
    store = (await served.soft_bindings.GetManifest(wanted(match.manifest_id), **ACME)).manifest
    credential = await workshop.provenance.stores.judge(store)
    assert (credential.state, credential.manifest_id) == (CredentialState.RECOVERED_SOFT_BINDING, match.manifest_id)


async def test_what_may_be_the_upload_before_gets_no_credentials(workshop: Workshop, served: Wire) -> None:
    upload = picture("crab")
    await workshop.sign(as_jpeg(upload, 90), mark=MARK, source=as_png(upload))
    smaller = np.asarray(Image.fromarray(upload).resize((upload.shape[1] * 3 // 4, upload.shape[0] * 3 // 4)))
    answer = await served.soft_bindings.ByContent(content(as_jpeg(smaller, 70)), **ACME)
    assert [each.certainty for each in answer.matches] == [pb.MATCH_CERTAINTY_AMBIGUOUS]
    assert not answer.HasField("provenance")
    # The file that was signed is told all the same, by its pixels: its watermark makes them ours.
    surest = await served.soft_bindings.ByContent(content(signed_pixels(as_jpeg(upload, 90))), **ACME)
    assert (surest.matches[0].certainty, surest.provenance.state) == (pb.MATCH_CERTAINTY_SURE, 9)


async def test_another_tenant_learns_what_the_file_said_and_nothing_else(workshop: Workshop, served: Wire) -> None:
    _, recorded = await workshop.sign(as_png(picture("crab")))
    answer = await served.soft_bindings.ByContent(content(as_png(picture("crab"))), **OTHER)
    assert [each.decision_id for each in answer.matches] == [""]
    told = (
        answer.SerializeToString()
        + (await served.soft_bindings.GetManifest(wanted(answer.matches[0].manifest_id), **OTHER)).SerializeToString()
    )
    assert recorded.decision_id.encode() not in told
    assert b"tester" not in told


async def test_values_are_looked_up_and_not_confirmed(workshop: Workshop, served: Wire) -> None:
    await workshop.sign(as_png(picture("crab")), mark=MARK)
    codes = fingerprint(Frame(picture("crab")))
    assert codes is not None
    near = f"{codes.pdq ^ 0b1011:064x}"
    for alg, value, score in ((PDQ, near, 99), (ISCC, text_of(codes.iscc), 100), (WATERMARK, MARK, None)):
        (match,) = (await served.soft_bindings.ByBinding(binding(alg, value), **ACME)).matches
        assert not match.confirmed
        assert match.certainty == pb.MATCH_CERTAINTY_UNSPECIFIED
        assert (match.similarity_score if match.HasField("similarity_score") else None) == score
    for alg, value in ((PDQ, f"{codes.pdq ^ (2**32 - 1):064x}"), (WATERMARK, "0" * 12)):
        assert not (await served.soft_bindings.ByBinding(binding(alg, value), **ACME)).matches


async def test_a_hint_counts_where_the_file_shows_what_it_names(workshop: Workshop, served: Wire) -> None:
    await workshop.sign(as_png(picture("stream")), mark=MARK)
    crop = as_png(ATTACKS["crop_25"](picture("stream"), np.random.default_rng(5)))
    ask = served.soft_bindings.ByContent
    assert not (await ask(content(crop), **ACME)).matches
    hint = {"hint_alg": WATERMARK, "hint_value": MARK}
    (match,) = (await ask(content(crop, **hint), **ACME)).matches
    # Nobody read it here, so it makes nothing surer: whoever asks may say anything.
    assert (match.certainty, list(match.bindings)) == (pb.MATCH_CERTAINTY_LIKELY, ["sketch"])
    forged = await ask(content(as_png(picture("dogs")), **hint), **ACME)
    assert (list(forged.matches), forged.watermark_unconfirmed) == ([], True)
    assert not forged.HasField("provenance")


async def test_the_server_reads_the_watermark_itself(workshop: Workshop, served: Wire) -> None:
    await workshop.sign(as_png(picture("stream")), mark=MARK)
    crop = as_png(ATTACKS["crop_25"](picture("stream"), np.random.default_rng(6)))
    workshop.marks.carried[digest_of(crop)] = MARK
    before = workshop.house.detector.calls
    (match,) = (await served.soft_bindings.ByContent(content(crop), **ACME)).matches
    assert "watermark" in match.bindings
    assert workshop.house.detector.calls == before  # no other detector looked


async def test_no_more_than_asked_for_the_newest_first(workshop: Workshop, served: Wire) -> None:
    signed = [await workshop.sign(as_png(picture("fig"))) for _ in range(3)]
    answer = await served.soft_bindings.ByContent(content(as_png(picture("fig")), max_results=2), **ACME)
    assert [each.decision_id for each in answer.matches] == [each.decision_id for _, each in signed[:0:-1]]


async def test_the_active_manifest_alone_is_still_signed(workshop: Workshop, served: Wire) -> None:
    await workshop.sign(as_png(picture("crab")))
    (match,) = (await served.soft_bindings.ByContent(content(as_png(picture("crab"))), **ACME)).matches
    request = wanted(match.manifest_id, return_active_manifest=True)
    alone = (await served.soft_bindings.GetManifest(request, **ACME)).manifest
    credential = await workshop.provenance.stores.judge(alone)
    assert (credential.state, len(credential.manifests)) == (CredentialState.RECOVERED_SOFT_BINDING, 1)


async def test_the_c2pa_library_reads_it_bare_and_beside_the_file(workshop: Workshop, served: Wire) -> None:
    await workshop.sign(as_png(picture("crab")))
    copy = as_jpeg(picture("crab"))
    (match,) = (await served.soft_bindings.ByContent(content(copy), **ACME)).matches
    store = (await served.soft_bindings.GetManifest(wanted(match.manifest_id), **ACME)).manifest
    with c2pa.Reader("application/c2pa", io.BytesIO(store)) as bare:
        assert json.loads(bare.json())["active_manifest"] == match.manifest_id
    with c2pa.Reader("image/jpeg", io.BytesIO(copy), manifest_data=store) as beside:
        report = json.loads(beside.json())
    assert report["active_manifest"] == match.manifest_id
    assert "assertion.dataHash.mismatch" in {each["code"] for each in report["validation_status"]}


@pytest.mark.parametrize(
    ("alg", "value", "field"),
    [
        ("com.example.1", "00", "alg"),
        (PDQ, "12", "value"),
        (PDQ, "g" * 64, "value"),
        (ISCC, "ISCC:EEAQAAAAAAAAAAAA", "value"),
        (WATERMARK, "xyz", "value"),
    ],
)
async def test_what_is_no_value_is_refused_by_name(served: Wire, alg: str, value: str, field: str) -> None:
    found = await fails(served.soft_bindings.ByBinding(binding(alg, value), **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    assert found["field"] == field


async def test_bad_requests(served: Wire) -> None:
    picture_ = as_png(picture("crab"))
    hinted = content(picture_, hint_alg=PDQ, hint_value="0" * 64)
    await fails(served.soft_bindings.ByContent(hinted, **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    await fails(served.soft_bindings.ByContent(content(b"nothing"), **ACME), grpc.StatusCode.INVALID_ARGUMENT)
    await fails(served.soft_bindings.GetManifest(wanted("urn:none"), **ACME), grpc.StatusCode.NOT_FOUND)
    await fails(served.soft_bindings.GetManifest(wanted("a\0b"), **ACME), grpc.StatusCode.NOT_FOUND)
    reader = as_("reader")
    await fails(served.soft_bindings.ByContent(content(picture_), **reader), grpc.StatusCode.PERMISSION_DENIED)


async def test_the_algorithms_are_told(served: Wire) -> None:
    request = pb.SupportedAlgorithmsRequest(request_id=uuid.uuid4().hex)
    answer = await served.soft_bindings.SupportedAlgorithms(request, **ACME)
    assert (list(answer.watermarks), list(answer.fingerprints)) == ([WATERMARK], [PDQ, ISCC])
