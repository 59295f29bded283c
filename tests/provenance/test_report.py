"""Boiling a report down: nothing that a stranger writes into a manifest breaks it or grows it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import View
from server.provenance.reading import Reading
from server.provenance.report import MAX_MANIFESTS, MAX_STORE, StoreTooLarge, facts_of
from server.provenance.shapes import MAX_ITEMS, MAX_TEXT, OTHER_CODE
from server.provenance.statuses import standings

TEXT = st.text("ab", max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("manifests", "validation_results", "validation_state", "active_manifest")
MANIFEST_FIELDS = ("title", "assertions", "ingredients", "claim_generator_info", "claim_generator", "signature_info")


def status(code: str) -> dict[str, Any]:
    return {"code": code, "url": "", "explanation": ""}


def report(**fields: Any) -> str:
    return json.dumps({"validation_state": "Trusted", "active_manifest": "urn:a", **fields})


@settings(deadline=None)  # a busy machine is not a defect
@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.dictionaries(st.sampled_from(MANIFEST_FIELDS), JSON))
def test_any_shape_gives_well_formed_facts(store: dict[str, Any], manifest: dict[str, Any]) -> None:
    for value in (store, {**store, "manifests": {"urn:a": manifest}}):
        facts = {"trust": "", "store": facts_of(json.dumps(value)) | {"signers": {}}}
        assert Reading.of(View(facts)).store is not None


def test_failures_are_found_wherever_an_ingredient_keeps_them() -> None:
    recorded = {
        "activeManifest": {"failure": [status("recorded")], "success": [status("fine")]},
        "ingredientDeltas": [{"validationDeltas": {"failure": [status("recorded.delta")]}}],
    }
    deep = {"ingredients": [{"validation_status": [status("old.form"), {**status("old.fine"), "success": True}]}]}
    facts = facts_of(
        report(
            validation_results={"ingredientDeltas": [{"validationDeltas": {"failure": [status("now.delta")]}}]},
            manifests={"urn:a": {"ingredients": [{"validation_results": recorded}]}, "urn:b": deep},
        )
    )
    assert facts["ingredient_failures"] == ["now.delta", "old.form", "recorded", "recorded.delta"]
    assert facts["failures"] == []


def test_a_manifest_is_summed_up() -> None:
    manifest = {
        "title": "t",
        "claim_generator_info": [{"name": "Camera", "version": "3"}, {"name": "second"}],
        "signature_info": {"issuer": "Maker"},
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.opened"}]}},
            {"label": "c2pa.actions__1", "data": {"actions": [{"action": "c2pa.edited", "digitalSourceType": "uri"}]}},
            {"label": "stds.exif", "data": {"actions": [{"action": "not an action"}]}},
        ],
        "ingredients": [{"relationship": "parentOf"}, {"relationship": "componentOf"}],
    }
    (summed,) = facts_of(report(manifests={"urn:a": manifest}))["manifests"]
    del summed["outline"]  # has tests of its own
    assert summed == {
        "label": "urn:a",
        "title": "t",
        "claim_generator": "Camera 3",
        "issuer": "Maker",
        "actions": ["c2pa.opened", "c2pa.edited"],
        "source_types": ["uri"],
    }


def test_version_1_claims_name_their_generator_in_one_text() -> None:
    (summed,) = facts_of(report(manifests={"urn:a": {"claim_generator": "Tool/1.0"}}))["manifests"]
    assert summed["claim_generator"] == "Tool/1.0"


def test_texts_are_cut_and_stores_are_bounded() -> None:
    (summed,) = facts_of(report(manifests={"urn:a": {"title": "x" * 10_000}}))["manifests"]
    assert len(summed["title"]) == MAX_TEXT
    with pytest.raises(StoreTooLarge, match="manifests"):
        facts_of(report(manifests={str(number): {} for number in range(MAX_MANIFESTS + 1)}))
    with pytest.raises(StoreTooLarge, match="characters"):
        facts_of(report(extra="x" * MAX_STORE))


def test_prose_in_place_of_a_code_does_not_travel_on() -> None:
    recorded = {"activeManifest": {"failure": [status("a name, a street\n"), status("claim.missing")]}}
    ingredients = [{"validation_results": recorded, "validation_status": [status("é")]}]
    facts = facts_of(report(manifests={"urn:a": {"ingredients": ingredients}}))
    assert facts["ingredient_failures"] == ["claim.missing", OTHER_CODE]


def test_what_the_log_keeps_is_bounded_however_much_a_manifest_says() -> None:
    failures = [status(f"{number:04}" + "x" * 70) for number in range(2000)]
    actions = [{"action": "a", "digitalSourceType": f"http://{number:04}" + '"' * 100} for number in range(2000)]
    manifest = {
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [*actions, {"digitalSourceType": "\x01" * 9}]}}],
        "ingredients": [{"validation_results": {"activeManifest": {"failure": failures}}}],
    }
    facts = facts_of(
        report(manifests={"urn:a": manifest}, validation_results={"activeManifest": {"failure": failures}})
    )
    (summed,) = facts["manifests"]
    kept = [facts["failures"], facts["ingredient_failures"], summed["source_types"]]
    assert [len(each) for each in kept] == [MAX_ITEMS] * 3
    assert len(json.dumps(kept)) < 0x7FFF  # half of the largest leaf


def test_one_word_against_a_time_is_enough() -> None:
    """Whoever took it in may have recorded anything, but what they record against themselves counts."""
    trusted, untrusted = [status("timeStamp.trusted")], [status("timeStamp.untrusted")]
    recorded: dict[str, Any] = {"success": trusted, "informational": untrusted}
    deeper = {"ingredientAssertionURI": "self#jumbf=/c2pa/urn:a/c2pa.assertions/i", "validationDeltas": recorded}
    taken = {"label": "i", "validation_results": {"activeManifest": {"success": trusted}}}
    other = {"validation_results": {"ingredientDeltas": [deeper]}}
    manifests = {"urn:a": {"ingredients": [taken]}, "urn:b": {"ingredients": [other]}}
    assert standings({}, {"urn:a": manifests["urn:a"]})["urn:a", "i"].time_proven
    assert not standings({}, manifests)["urn:a", "i"].time_proven
    now = {**deeper, "validationDeltas": {"success": trusted}}
    assert standings({"ingredientDeltas": [now]}, manifests)["urn:a", "i"].time_proven
