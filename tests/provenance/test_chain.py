"""The provenance as a tree: what every manifest tells, and what each link is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from core.credential import ChainIngredient, ChainManifest, Credential, CredentialState, Preference, SoftBinding
from core.media import View
from server.provenance import Identity, Trust
from server.provenance.chain import MAX_DEPTH, chain_of
from server.provenance.judge import judge
from server.provenance.reading import Reading, Store
from server.provenance.trust import PURPOSES
from tests.provenance.cases import Materials
from tests.provenance.conftest import Signed
from tests.provenance.files import flip, make, pixel_offset, replace_once
from tests.provenance.manifests import CAPTURED, JPEG, SOURCE, Part, act, actions, edit, produce
from tests.provenance.signers import TIME_STAMPING, judged, stranger
from tests.provenance.test_judge import MANIFEST, OUTLINE, signer, view


@pytest.fixture(scope="module")
def other() -> Identity:
    """Somebody whom `trust` does not know."""
    return stranger()


@pytest.fixture(scope="module")
def photograph(identity: Identity) -> bytes:
    return produce("photo", identity, tool="Camera")


def chain(found: Credential) -> ChainManifest:
    assert found.chain is not None
    return found.chain


def only(manifest: ChainManifest | None) -> ChainIngredient:
    assert manifest is not None
    (one,) = manifest.ingredients
    return one


def test_a_publication_is_told_back_to_the_camera(identity: Identity, trust: Trust, other: Identity) -> None:
    photo = produce("photo", identity, tool="Camera")
    damaged = flip(photo, pixel_offset(make(JPEG), photo))
    resized = edit("resized", identity, damaged)
    logo = produce("logo", other)
    page = produce(
        "page",
        identity,
        actions(
            act("c2pa.opened", "news photo"),
            act("c2pa.placed", "logo"),
            act("c2pa.edited", when="2026-03-02T03:04:05+01:00", description="made bluer", softwareAgent={"name": "P"}),
            act("c2pa.watermarked.bound"),
        ),
        {"label": "cawg.training-mining", "data": {"entries": {"cawg.ai_training": {"use": "notAllowed"}}}},
        {"label": "c2pa.soft-binding", "data": {"alg": "org.x.y", "blocks": [{"scope": {}, "value": "00ff"}]}},
        parts=[Part("news photo", resized), Part("logo", logo, "componentOf"), Part("notes", make(JPEG), "inputTo")],
    )
    found = judged(page, JPEG, trust)
    told = chain(found)
    assert found.state is CredentialState.INGREDIENT_FAILED
    assert (told.title, told.claim_generator, told.cut) == ("page", "Studio 1", False)
    assert (told.signer.name, told.signer.organization) == ("Countersign development signer", "Countersign development")
    assert told.signer.not_after == identity.not_after
    assert [(one.action, one.ingredients) for one in told.actions] == [
        ("c2pa.opened", ("news photo",)),
        ("c2pa.placed", ("logo",)),
        ("c2pa.edited", ()),
        ("c2pa.watermarked.bound", ()),
    ]
    edited = told.actions[2]
    assert (edited.tool, edited.description) == ("P", "made bluer")
    assert edited.when == datetime(2026, 3, 2, 2, 4, 5, tzinfo=UTC)
    assert told.soft_bindings == (SoftBinding("org.x.y", "00ff"),)
    assert told.preferences == (Preference("cawg.ai_training", "notAllowed"),)
    assert (told.signed_at, told.time_proven) == (None, False)
    assert [(one.title, one.relationship, one.state, one.intact) for one in told.ingredients] == [
        ("news photo", "parentOf", CredentialState.INGREDIENT_FAILED, True),
        ("logo", "componentOf", CredentialState.VALID_UNTRUSTED, True),
        ("notes", "inputTo", CredentialState.NONE, False),
    ]
    camera = only(told.ingredients[0].manifest)
    assert (camera.state, camera.codes) == (CredentialState.INVALID, ("assertion.dataHash.mismatch",))
    assert camera.manifest is not None
    assert camera.manifest.claim_generator == "Camera 1"
    assert camera.manifest.actions[0].source_type == SOURCE + "digitalCapture"
    assert camera.manifest.actions[0].tool == "Firmware 3"


def test_who_was_a_stranger_when_taken_in_may_be_trusted_now(identity: Identity, trust: Trust, other: Identity) -> None:
    page = edit("page", identity, produce("photo", other))
    assert only(judged(page, JPEG, trust).chain).state is CredentialState.VALID_UNTRUSTED
    now = judged(page, JPEG, Trust(identity.root_pem + other.root_pem))
    assert only(now.chain).state is CredentialState.TRUSTED
    assert now.codes == ()


def test_who_was_trusted_when_taken_in_may_be_a_stranger_now(identity: Identity, photograph: bytes) -> None:
    found = judged(edit("page", identity, photograph), JPEG, Trust(stranger().root_pem))
    assert found.state is CredentialState.VALID_UNTRUSTED
    assert only(found.chain).state is CredentialState.VALID_UNTRUSTED


@pytest.mark.parametrize("edits", [1, 2])
def test_a_source_edited_inside_the_store_is_named(
    identity: Identity, trust: Trust, photograph: bytes, edits: int
) -> None:
    data = photograph
    for number in range(edits):
        data = edit(f"edit {number}", identity, data)
    found = judged(replace_once(data, b"digitalCapture", b"digitalArtwork"), JPEG, trust)
    assert found.state is CredentialState.INVALID
    link = only(found.chain)
    for _ in range(edits - 1):
        assert (link.state, link.intact) == (CredentialState.INGREDIENT_FAILED, True)
        link = only(link.manifest)
    assert (link.state, link.intact) == (CredentialState.INVALID, False)
    assert "ingredient.manifest.mismatch" in link.codes


def test_a_source_signed_with_a_certificate_for_something_else(identity: Identity, trust: Trust) -> None:
    imposter = stranger(purpose=TIME_STAMPING)
    everybody = Trust(identity.root_pem + imposter.root_pem)
    found = judged(edit("page", identity, produce("photo", imposter)), JPEG, everybody)
    assert found.state is CredentialState.INGREDIENT_FAILED
    assert "signingCredential.invalid" in found.codes
    assert only(found.chain).state is CredentialState.INVALID


def test_a_source_whose_signer_expired_since(expired_parent: Signed) -> None:
    """Nothing is broken, and who signed this file is known: only that source is unproven now."""
    found = judged(expired_parent.data, expired_parent.mime, expired_parent.trust)
    assert (found.state, found.codes) == (CredentialState.TRUSTED, ("signingCredential.untrusted",))
    assert only(found.chain).state is CredentialState.VALID_UNTRUSTED


def test_an_opaque_source_is_unparseable(identity: Identity, trust: Trust) -> None:
    damaged = replace_once(produce("photo", identity), b"jumd", b"jumx")
    stated = {"failures": ["general.error"], "manifest": "", "successes": []}
    assert judged(damaged, JPEG, trust).state is CredentialState.UNPARSEABLE
    assert only(told([manifest("a", [stated])])).state is CredentialState.UNPARSEABLE


@pytest.mark.parametrize(
    ("stated", "state"),
    [
        ({"failures": ["manifest.inaccessible"]}, "remote_not_fetched"),
        ({"failures": ["ingredient.manifest.missing"], "manifest": "gone"}, "invalid"),
        ({"manifest": "gone"}, "invalid"),
        ({"failures": ["assertion.dataHash.mismatch"]}, "invalid"),
        ({}, "none"),
    ],
)
def test_a_source_without_its_manifest(stated: dict[str, Any], state: str) -> None:
    link = only(told([manifest("a", [stated])]))
    assert (link.state, link.intact, link.manifest) == (state, False, None)


def manifest(label: str, ingredients: list[dict[str, Any]], **outline: Any) -> dict[str, Any]:
    blank = {"title": "", "format": "", "relationship": "parentOf", "manifest": "", "failures": [], "successes": []}
    stated = {**OUTLINE, "ingredients": [blank | one for one in ingredients], **outline}
    return {**MANIFEST, "label": label, "outline": stated}


def store(manifests: list[dict[str, Any]]) -> Store:
    signers = {one["label"]: signer(PURPOSES[0]) for one in manifests}
    read = Reading.of(view(manifests=manifests, active="a", signers=signers)).store
    assert read is not None
    return read


def told(manifests: list[dict[str, Any]]) -> ChainManifest | None:
    return chain_of(store(manifests), Trust("anchors"))


def depth_of(node: ChainManifest) -> int:
    return 1 + max((depth_of(one.manifest) for one in node.ingredients if one.manifest), default=0)


def test_a_circle_has_an_end() -> None:
    found = told([manifest("a", [{"manifest": "b"}]), manifest("b", [{"manifest": "a"}, {"manifest": "b"}])])
    inner = only(found).manifest
    assert inner is not None
    assert [(one.repeated, one.manifest) for one in inner.ingredients] == [(True, None)] * 2


def test_few_manifests_that_refer_to_each_other_in_many_ways_are_told_once() -> None:
    labels = ["a", *(f"m{number}" for number in range(60))]
    manifests = [
        manifest(label, [{"manifest": later} for later in labels[at + 1 :]][:60]) for at, label in enumerate(labels)
    ]
    assert sum(1 for _ in nodes(told(manifests))) <= len(labels)


def nodes(node: ChainManifest | None) -> list[ChainManifest]:
    if node is None:
        return []
    return [node, *(inner for one in node.ingredients for inner in nodes(one.manifest))]


def test_a_long_line_of_edits_is_cut_and_still_judged() -> None:
    labels = ["a", *(f"m{number}" for number in range(200))]
    line = [manifest(one, [{"manifest": before}]) for one, before in pairwise(labels)]
    line.append(manifest(labels[-1], [{"failures": ["assertion.dataHash.mismatch"]}]))
    found = told(line)
    assert found is not None
    assert depth_of(found) == MAX_DEPTH
    assert only(found).state is CredentialState.INGREDIENT_FAILED


def test_a_time_is_proven_by_a_trusted_authority_only() -> None:
    timed = manifest("a", [], signed_at="2026-05-01T00:00:00Z")
    plain = told([timed])
    assert plain is not None
    assert (plain.signed_at, plain.time_proven) == (datetime(2026, 5, 1, tzinfo=UTC), False)
    proven = chain_of(replace(store([timed]), successes=("timeStamp.trusted",)), Trust("anchors"))
    assert proven is not None
    assert proven.time_proven


def test_a_real_time_stamp_proves_the_time_where_its_authority_is_believed(have: Materials) -> None:
    for clock in (True, False):
        found = chain(judged(have.stamped, "image/png", have.timed(clock=clock)))
        assert found.signed_at is not None
        assert abs(found.signed_at - have.brief.not_after) < timedelta(minutes=5)
        assert found.time_proven is clock


@pytest.mark.parametrize("then", [True, False])
@pytest.mark.parametrize("now", [True, False])
def test_a_source_is_judged_by_whom_we_believe_now(have: Materials, then: bool, now: bool) -> None:
    """Its certificate has expired: without its time stamp it is worth little. Whoever took it in believed the authority
    of time (`then`) or not; what they recorded is their opinion.
    """
    page = edit("page", have.me, have.stamped, "image/png", trust=everybody(have, clock=then))
    found = judged(page, JPEG, everybody(have, clock=now))
    link = only(found.chain)
    assert link.manifest is not None
    assert link.manifest.time_proven is now
    if now:
        assert (found.state, link.state, link.codes) == (CredentialState.TRUSTED, CredentialState.TRUSTED, ())
    else:
        worth = CredentialState.VALID_UNTRUSTED if then else CredentialState.EXPIRED_NO_TIMESTAMP
        assert link.state is worth


def everybody(have: Materials, *, clock: bool) -> Trust:
    timed = have.timed(clock=clock)
    return replace(timed, anchors_pem=have.me.root_pem + timed.anchors_pem)


@pytest.mark.parametrize("stated", ["", "yesterday", "2026-05-01T00:00:00", "9999-12-31T23:59:59-23:59", "x" * 500])
def test_what_is_no_point_in_time_is_none(stated: str) -> None:
    found = told([manifest("a", [], signed_at=stated)])
    assert found is not None
    assert found.signed_at is None


def test_an_unknown_active_manifest_has_no_chain() -> None:
    assert judge(View(view(active="urn:none").facts), Trust("anchors")).chain is None


def test_version_1_of_the_schema_is_told_as_well(identity: Identity, trust: Trust) -> None:
    old = {"label": "c2pa.actions", "data": {"actions": [{**CAPTURED, "softwareAgent": "Firmware/2"}]}}
    told = chain(judged(produce("old", identity, old), JPEG, trust))
    assert [one.tool for one in told.actions] == ["Firmware/2"]
