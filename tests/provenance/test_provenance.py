"""The whole of it, through the sandbox: what we sign is believed, what is altered is not, errors keep their cause."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.credential import CredentialState
from core.errors import ConfigurationError, IntegrityError, InvalidInput, LimitExceeded, Unavailable
from core.limits import Limits
from core.media import Kind, Media, digest_of
from core.sandbox import Request, Sandbox
from server.provenance import Claim, Identity, Imprint, Permission, Provenance, SoftBinding, Trust, parse
from server.provenance.claim import ClaimedAction
from tests.provenance.conftest import Validate
from tests.provenance.files import MIMES, MP4, flip, make, pixel_offset, replace_once
from tests.provenance.manifests import produce
from tests.provenance.signers import CLAIM, EDIT, stranger

pytestmark = pytest.mark.asyncio(loop_scope="module")
PNG, JPEG = "image/png", "image/jpeg"
PHOTOGRAPH = Path(__file__).parent.parent / "media" / "mountains.jpg"


async def opened(sandbox: Sandbox, data: bytes) -> Media:
    return await sandbox.open(data, views=("credentials",))


async def sign(
    provenance: Provenance, data: bytes, mime: str, claim: Claim = CLAIM, parent: Media | None = None
) -> bytes:
    return (await provenance.sign(data, mime, claim, parent)).data


@pytest.mark.parametrize("mime", MIMES)
async def test_every_format_is_signed_and_believed(
    sandbox: Sandbox, provenance: Provenance, trust: Trust, validate: Validate, mime: str
) -> None:
    signed = await sign(provenance, make(mime), mime)
    media = await opened(sandbox, signed)
    found = await provenance.read(media)
    assert media.mime == mime
    assert found.state is CredentialState.TRUSTED
    assert found.digital_source_types == (CLAIM.source_uri,)
    opinion = validate(signed, mime, trust)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion.codes


@pytest.mark.parametrize("mime", MIMES)
async def test_every_format_can_be_a_parent(
    sandbox: Sandbox, provenance: Provenance, trust: Trust, validate: Validate, mime: str
) -> None:
    parent = await opened(sandbox, await sign(provenance, make(mime), mime))
    output_mime = MP4 if parent.kind is Kind.VIDEO else JPEG
    signed = await sign(provenance, make(output_mime), output_mime, EDIT, parent)
    found = await provenance.read(await opened(sandbox, signed))
    assert found.state is CredentialState.TRUSTED
    assert (await provenance.read(parent)).manifest_id in {one.label for one in found.manifests}
    opinion = validate(signed, output_mime, trust)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion.codes


async def test_a_real_photograph_is_enhanced_and_keeps_its_origin(
    sandbox: Sandbox, provenance: Provenance, trust: Trust, validate: Validate
) -> None:
    photograph = await opened(sandbox, PHOTOGRAPH.read_bytes())
    signed = await sign(provenance, make(PNG), PNG, EDIT, photograph)
    assert (await provenance.read(photograph)).state is CredentialState.NONE
    assert (await provenance.read(await opened(sandbox, signed))).state is CredentialState.TRUSTED
    assert validate(signed, PNG, trust).trusted


@pytest.mark.parametrize("action", ["edited", "enhanced", "resized"])
async def test_an_upload_without_credentials_becomes_the_parent(
    sandbox: Sandbox, provenance: Provenance, trust: Trust, validate: Validate, action: ClaimedAction
) -> None:
    parent = await opened(sandbox, make(PNG))
    signed = await sign(provenance, make(JPEG), JPEG, replace(EDIT, action=action), parent)
    found = await provenance.read(await opened(sandbox, signed))
    (manifest,) = found.manifests
    assert manifest.actions == ("c2pa.opened", f"c2pa.{action}")
    (ingredient,) = json.loads(found.store_json)["manifests"][found.manifest_id]["ingredients"]
    assert ingredient["relationship"] == "parentOf"
    assert validate(signed, JPEG, trust).intact


async def test_a_broken_parent_does_not_stop_work_and_is_not_hidden(sandbox: Sandbox, provenance: Provenance) -> None:
    plain = make(JPEG)
    intact = await sign(provenance, plain, JPEG)
    parent = await opened(sandbox, flip(intact, pixel_offset(plain, intact)))
    assert (await provenance.read(parent)).state is CredentialState.INVALID
    signed = await sign(provenance, make(JPEG), JPEG, EDIT, parent)
    found = await provenance.read(await opened(sandbox, signed))
    assert found.state is CredentialState.INGREDIENT_FAILED
    assert "assertion.dataHash.mismatch" in found.codes


async def test_a_parent_with_unreadable_credentials_is_kept_as_failed(
    sandbox: Sandbox, provenance: Provenance, trust: Trust, validate: Validate
) -> None:
    damaged = replace_once(await sign(provenance, make(JPEG), JPEG), b"jumd", b"jumx")
    parent = await opened(sandbox, damaged)
    assert (await provenance.read(parent)).state is CredentialState.UNPARSEABLE
    signed = await sign(provenance, make(JPEG), JPEG, EDIT, parent)
    found = await provenance.read(await opened(sandbox, signed))
    assert (found.state, "general.error" in found.codes) == (CredentialState.INGREDIENT_FAILED, True)
    assert validate(signed, JPEG, trust).intact


async def test_a_collage_keeps_the_credentials_of_what_was_placed_in_it(
    sandbox: Sandbox, provenance: Provenance, trust: Trust, validate: Validate
) -> None:
    signed_part = await opened(sandbox, await sign(provenance, make(PNG), PNG))
    plain_part = await opened(sandbox, PHOTOGRAPH.read_bytes())
    claim = replace(CLAIM, components=2, source_type="compositeWithTrainedAlgorithmicMedia")
    signed = await provenance.sign(make(JPEG), JPEG, claim, components=(signed_part, plain_part))
    assert signed.credential.state is CredentialState.TRUSTED
    store = json.loads(signed.credential.store_json)["manifests"][signed.credential.manifest_id]
    first, second = store["ingredients"]
    assert first["relationship"] == second["relationship"] == "componentOf"
    assert first["active_manifest"] == (await provenance.read(signed_part)).manifest_id
    assert "active_manifest" not in second
    assert validate(signed.data, JPEG, trust).trusted


async def test_a_broken_component_is_not_hidden(sandbox: Sandbox, provenance: Provenance) -> None:
    plain = make(JPEG)
    intact = await sign(provenance, plain, JPEG)
    broken = await opened(sandbox, flip(intact, pixel_offset(plain, intact)))
    parent = await opened(sandbox, PHOTOGRAPH.read_bytes())
    signed = await provenance.sign(make(PNG), PNG, replace(EDIT, components=1), parent, components=(broken,))
    assert signed.credential.state is CredentialState.INGREDIENT_FAILED
    assert "assertion.dataHash.mismatch" in signed.credential.codes


async def test_marks_labels_and_wishes_are_signed_and_read_back(
    sandbox: Sandbox, identity: Identity, trust: Trust, validate: Validate
) -> None:
    imprint = Imprint("example.com/log", (Permission("ai_generative_training", "notAllowed"),))
    bindings = (SoftBinding("org.countersign.mark", "00ff"), SoftBinding("org.countersign.pdq", "ff00"))
    claim = replace(CLAIM, soft_bindings=bindings, watermarked=True, labelled=True)
    signed = await Provenance(sandbox, identity, trust, imprint).sign(make(JPEG), JPEG, claim)
    (manifest,) = signed.credential.manifests
    assert manifest.actions == ("c2pa.created", "c2pa.watermarked.bound", "c2pa.edited")
    found = json.loads(signed.credential.store_json)["manifests"][signed.credential.manifest_id]["assertions"]
    values = [one["data"]["blocks"][0]["value"] for one in found if one["label"] == "c2pa.soft-binding"]
    assert values == ["00ff", "ff00"]
    assert "cawg.training-mining" in {one["label"] for one in found}
    opinion = validate(signed.data, JPEG, trust)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion.codes


@pytest.mark.parametrize("mime", MIMES)
async def test_pictures_get_a_small_picture_of_themselves(
    sandbox: Sandbox, identity: Identity, trust: Trust, validate: Validate, mime: str
) -> None:
    signed = await Provenance(sandbox, identity, trust, Imprint(thumbnails=True)).sign(make(mime, 640), mime, CLAIM)
    manifest = json.loads(signed.credential.store_json)["manifests"][signed.credential.manifest_id]
    assert ("thumbnail" in manifest) is (mime != MP4)
    assert validate(signed.data, mime, trust).trusted
    if mime != MP4:
        start = signed.data.index(b"c2pa.thumbnail.claim")
        small = Image.open(io.BytesIO(signed.data[signed.data.index(b"\xff\xd8\xff", start) :]))
        assert small.size == (256, 256)


async def test_components_are_those_claimed(provenance: Provenance) -> None:
    with pytest.raises(InvalidInput) as raised:
        await provenance.sign(make(PNG), PNG, replace(CLAIM, components=1))
    assert raised.value.field == "components"


async def test_the_parents_digest_is_bound_into_the_output(sandbox: Sandbox, provenance: Provenance) -> None:
    parent = await opened(sandbox, make(PNG))
    found = await provenance.read(await opened(sandbox, await sign(provenance, make(JPEG), JPEG, EDIT, parent)))
    assertions = json.loads(found.store_json)["manifests"][found.manifest_id]["assertions"]
    (decision,) = [one["data"] for one in assertions if one["label"] == "org.countersign.decision"]
    assert decision["parentDigest"] == digest_of(make(PNG))


async def test_an_altered_file_is_found_through_the_sandbox(sandbox: Sandbox, provenance: Provenance) -> None:
    signed = await sign(provenance, make(JPEG), JPEG, CLAIM)
    found = await provenance.read(await opened(sandbox, signed + b"x"))
    assert (found.state, "assertion.dataHash.mismatch" in found.codes) == (CredentialState.INVALID, True)


async def test_an_upload_without_credentials_has_none(sandbox: Sandbox, provenance: Provenance) -> None:
    assert (await provenance.read(await opened(sandbox, make(PNG)))).state is CredentialState.NONE


async def test_the_self_test_passes(provenance: Provenance) -> None:
    await provenance.self_test()


async def test_the_self_test_finds_a_trust_list_without_our_root(sandbox: Sandbox, identity: Identity) -> None:
    wrong = Provenance(sandbox, identity, Trust(stranger().root_pem))
    with pytest.raises(ConfigurationError, match="valid_untrusted"):
        await wrong.self_test()


async def test_the_self_test_finds_a_key_that_does_not_sign(sandbox: Sandbox, identity: Identity, trust: Trust) -> None:
    with pytest.raises(ConfigurationError, match="no signature"):
        await Provenance(sandbox, replace(identity, sign=out_of_order), trust).self_test()


class OutOfOrder(Exception):
    """What a key store raises."""


def out_of_order(data: bytes) -> bytes:
    raise OutOfOrder("slot 3 is locked")


async def test_a_key_that_fails_is_unavailable_and_keeps_its_cause(
    sandbox: Sandbox, identity: Identity, trust: Trust
) -> None:
    provenance = Provenance(sandbox, replace(identity, sign=out_of_order), trust)
    with pytest.raises(Unavailable, match="no signature") as raised:
        await provenance.sign(make(PNG), PNG, CLAIM)
    assert isinstance(raised.value.__cause__, OutOfOrder)
    assert "slot 3" not in str(raised.value)  # the cause is the operator's, not the caller's


async def test_a_wrong_signature_does_not_leave(sandbox: Sandbox, identity: Identity, trust: Trust) -> None:
    provenance = Provenance(sandbox, replace(identity, sign=stranger().sign), trust)
    with pytest.raises(IntegrityError, match=r"reads back as invalid.*claimSignature\.mismatch"):
        await provenance.sign(make(PNG), PNG, CLAIM)


async def test_a_signer_whom_nobody_trusts_does_not_leave(sandbox: Sandbox, trust: Trust) -> None:
    with pytest.raises(IntegrityError, match="reads back as valid_untrusted"):
        await Provenance(sandbox, stranger(), trust).sign(make(PNG), PNG, CLAIM)


async def test_an_output_that_is_no_picture_is_not_signed(provenance: Provenance) -> None:
    with pytest.raises(IntegrityError, match="could not be signed"):
        await provenance.sign(b"not a picture", PNG, CLAIM)


async def test_a_deadline_is_kept(provenance: Provenance) -> None:
    with pytest.raises((LimitExceeded, Unavailable)):
        await provenance.sign(make(PNG), PNG, CLAIM, timeout=0.0)


@pytest.mark.parametrize(
    ("mime", "claim", "field"), [("image/bmp", CLAIM, "mime"), ("", CLAIM, "mime"), (PNG, EDIT, "parent")]
)
async def test_orders_that_cannot_be_signed(provenance: Provenance, mime: str, claim: Claim, field: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        await provenance.sign(b"", mime, claim)
    assert raised.value.field == field


async def test_what_was_made_from_nothing_has_no_parent(sandbox: Sandbox, provenance: Provenance) -> None:
    with pytest.raises(InvalidInput, match="must not have a parent"):
        await provenance.sign(make(PNG), PNG, CLAIM, await opened(sandbox, make(PNG)))


async def test_the_store_in_c2pas_own_json(sandbox: Sandbox, provenance: Provenance) -> None:
    signed = await opened(sandbox, await sign(provenance, make(PNG), PNG))
    form = json.loads(await provenance.crjson(signed))
    assert [one["label"] for one in form["manifests"]] == [(await provenance.read(signed)).manifest_id]
    assert "signingCredential.trusted" in {one["code"] for one in form["manifests"][0]["validationResults"]["success"]}


async def test_no_store_has_no_json(sandbox: Sandbox, provenance: Provenance) -> None:
    damaged = replace_once(await sign(provenance, make(JPEG), JPEG), b"jumd", b"jumx")
    for data in (make(PNG), damaged):
        assert await provenance.crjson(await opened(sandbox, data)) == ""


async def test_the_json_form_is_bounded(identity: Identity, trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request([produce("photo", identity)], JPEG, Limits(), trust.options())
    assert parse.crjson(request).arrays["crjson"].size > 1000
    monkeypatch.setattr(parse, "MAX_CRJSON", 1000)
    with pytest.raises(LimitExceeded) as raised:
        parse.crjson(request)
    assert raised.value.field == "crjson"
