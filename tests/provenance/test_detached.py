"""Manifest stores beside DICOM files: bound to every byte, and believed by two readers that share no code."""

from __future__ import annotations

import io
import json

import pytest
import pytest_asyncio
from c2pa import Reader

from core.credential import CredentialState
from core.media import Media
from core.sandbox import Sandbox
from server.provenance import Provenance, Signed, Trust
from server.provenance.detached import refuse_gaps
from tests import dicoms
from tests.provenance.conftest import opinion_of
from tests.provenance.files import flip, make
from tests.provenance.signers import CLAIM, EDIT

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNTYPED = "image/tiff"
"""As what the independent validator is told to take a DICOM file, which it does not know. With a store beside it, it
hashes the file and looks at nothing in it.
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def signed(sandbox: Sandbox, provenance: Provenance) -> Signed:
    upload = await opened(sandbox, dicoms.real(dicoms.CT))
    return await provenance.sign(dicoms.real(dicoms.MR), dicoms.MIME, EDIT, upload)


async def opened(sandbox: Sandbox, data: bytes) -> Media:
    return await sandbox.open(data, views=("credentials",))


async def test_the_file_is_left_as_it_was_and_its_store_is_believed(
    sandbox: Sandbox, provenance: Provenance, signed: Signed
) -> None:
    assert signed.data == dicoms.real(dicoms.MR)
    assert signed.credential.state is CredentialState.TRUSTED
    media = await opened(sandbox, signed.data)
    assert (await provenance.read(media)).state is CredentialState.NONE
    found = await provenance.read(media, signed.beside)
    assert found.state is CredentialState.TRUSTED
    manifests = json.loads(found.store_json)["manifests"]
    (parent,) = manifests[found.manifest_id]["ingredients"]
    assert (parent["relationship"], parent["format"]) == ("parentOf", dicoms.MIME)
    assert "crjson" not in await provenance.crjson(media)
    assert found.manifest_id in await provenance.crjson(media, signed.beside)


async def test_nothing_about_the_patient_is_in_the_store(signed: Signed) -> None:
    assert dicoms.PATIENT in signed.data
    assert dicoms.PATIENT not in signed.beside
    assert dicoms.read(signed.data).PatientID.encode() not in signed.beside


@pytest.mark.parametrize("place", [0, 200, 1000, 5000, -1])
async def test_every_byte_of_the_file_counts(
    sandbox: Sandbox, provenance: Provenance, signed: Signed, place: int
) -> None:
    altered = await opened(sandbox, flip(signed.data, place % len(signed.data)))
    found = await provenance.read(altered, signed.beside)
    assert found.state is CredentialState.INVALID
    assert "assertion.dataHash.mismatch" in found.codes


async def test_the_independent_validator_agrees(signed: Signed, trust: Trust) -> None:
    opinion = opinion_of(signed.data, UNTYPED, trust.anchors_pem, beside=signed.beside)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion.codes
    altered = flip(signed.data, len(signed.data) // 2)
    assert not opinion_of(altered, UNTYPED, trust.anchors_pem, beside=signed.beside).intact


async def test_a_store_that_leaves_bytes_out_vouches_for_no_dicom_file(provenance: Provenance, signed: Signed) -> None:
    """One taken out of a PNG leaves out where it lay, and what lies there may be anything, such as another patient."""
    png = (await provenance.sign(make("image/png"), "image/png", CLAIM)).data
    with Reader("image/png", io.BytesIO(png)) as reader, pytest.raises(ValueError, match="every byte"):
        refuse_gaps(reader, json.loads(reader.json())["active_manifest"])
    with Reader(dicoms.MIME, io.BytesIO(signed.data), signed.beside) as reader:
        refuse_gaps(reader, json.loads(reader.json())["active_manifest"])


@pytest.mark.parametrize("store", [b"no store", bytes(4000)])
async def test_what_is_no_store_is_told(sandbox: Sandbox, provenance: Provenance, store: bytes) -> None:
    media = await opened(sandbox, dicoms.real(dicoms.MR))
    assert (await provenance.read(media, store)).state is CredentialState.UNPARSEABLE


async def test_a_store_is_kept_and_judged_without_its_file(provenance: Provenance, signed: Signed) -> None:
    assert (await provenance.stores.judge(signed.beside)).state is CredentialState.RECOVERED_SOFT_BINDING
