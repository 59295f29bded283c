"""The rules that need no media: what a claim may say, what a self-test must find, how often a key may be used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from core.credential import Credential, CredentialState
from core.errors import ConfigurationError, IntegrityError, InvalidInput, Unavailable
from core.media import Kind, Media, View
from server.provenance import SoftBinding, Trust
from server.provenance.answers import Answers
from server.provenance.claim import Claim, ClaimedAction
from server.provenance.definition import definition
from server.provenance.imprint import Imprint, Permission
from server.provenance.ingredients import Ingredient, outcome
from server.provenance.provenance import refuse_difference, refuse_state
from server.provenance.selftest import WANTED, refuse_confusion
from server.provenance.work import work_of
from tests.provenance.signers import CLAIM, EDIT

UPLOAD = Media(b"", Kind.IMAGE, "image/jpeg", "sha256:0", 1, 1, 0.0, (), {})


def actions_of(claim: Claim) -> list[dict[str, Any]]:
    actions, *_ = json.loads(definition(claim, "image/png"))["assertions"]
    found: list[dict[str, Any]] = actions["data"]["actions"]
    return found


MARKED = replace(CLAIM, soft_bindings=(SoftBinding("org.example.mark", "00ff"),), watermarked=True, labelled=True)
COLLAGE = replace(CLAIM, components=2, source_type="compositeWithTrainedAlgorithmicMedia")


def test_a_created_work_was_not_opened() -> None:
    (made,) = actions_of(CLAIM)
    assert made["action"] == "c2pa.created"
    assert made["digitalSourceType"].endswith("/trainedAlgorithmicMedia")


@pytest.mark.parametrize("action", ["edited", "enhanced", "resized"])
def test_work_on_an_upload_opens_it_first_and_without_a_source_type(action: ClaimedAction) -> None:
    opened, made = actions_of(replace(EDIT, action=action))
    assert opened == {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    assert made["action"] == f"c2pa.{action}"
    assert "digitalSourceType" in made


def test_the_actions_announced_are_those_written() -> None:
    for claim in (CLAIM, EDIT, MARKED, COLLAGE, replace(EDIT, components=1, labelled=True)):
        assert tuple(action["action"] for action in actions_of(claim)) == claim.actions


@pytest.mark.parametrize("source_type", ["", "Trained", "http://example.com/x", "a b", "x" * 65])
def test_a_source_type_is_one_segment(source_type: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        replace(CLAIM, source_type=source_type)
    assert raised.value.field == "source_type"


@pytest.mark.parametrize(
    ("task", "source_type", "opened", "components", "action", "term"),
    [
        ("generate", "trainedAlgorithmicMedia", False, 0, "created", "trainedAlgorithmicMedia"),
        ("generate", "trainedAlgorithmicMedia", False, 2, "created", "compositeWithTrainedAlgorithmicMedia"),
        ("collage", "composite", False, 2, "created", "composite"),
        ("denoise", "algorithmicallyEnhanced", True, 0, "enhanced", "algorithmicallyEnhanced"),
        ("upscale", "algorithmicallyEnhanced", True, 0, "resized", "algorithmicallyEnhanced"),
        ("inpaint", "trainedAlgorithmicMedia", True, 0, "edited", "compositeWithTrainedAlgorithmicMedia"),
        ("upscale", "compositeWithTrainedAlgorithmicMedia", True, 0, "edited", "compositeWithTrainedAlgorithmicMedia"),
    ],
)
def test_each_kind_of_work_has_its_words(
    task: str, source_type: str, opened: bool, components: int, action: str, term: str
) -> None:
    work = work_of(task, source_type, opened=opened, components=components)
    assert (work.action, work.source_type) == (action, term)


def test_a_watermark_and_a_label_come_after_the_making() -> None:
    assert MARKED.actions == ("c2pa.created", "c2pa.watermarked.bound", "c2pa.edited")
    assert actions_of(MARKED)[-1]["description"]


def test_components_are_placed_after_what_begins_the_work() -> None:
    assert COLLAGE.actions == ("c2pa.created", "c2pa.placed", "c2pa.placed")
    assert replace(EDIT, components=1).actions == ("c2pa.opened", "c2pa.placed", "c2pa.enhanced")
    assert [one["parameters"]["ingredientIds"] for one in actions_of(COLLAGE)[1:]] == [["component-1"], ["component-2"]]


def test_a_bound_watermark_names_what_it_carries() -> None:
    with pytest.raises(InvalidInput, match="soft binding"):
        replace(CLAIM, watermarked=True)


def test_what_is_said_of_every_output() -> None:
    mining = (Permission("ai_training", "notAllowed"), Permission("data_mining", "constrained", "ask first"))
    written = json.loads(definition(CLAIM, "image/png", imprint=Imprint("example.com/log", mining)))
    stated = {one["label"]: one["data"] for one in written["assertions"]}
    assert stated["org.countersign.decision"]["logOrigin"] == "example.com/log"
    assert stated["cawg.training-mining"]["entries"] == {
        "cawg.ai_training": {"use": "notAllowed"},
        "cawg.data_mining": {"use": "constrained", "constraint_info": "ask first"},
    }


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("none", "trusted"),
        ("trusted", "trusted"),
        ("valid_untrusted", "trusted"),
        ("remote_not_fetched", "trusted"),
        ("invalid", "ingredient_failed"),
        ("expired_no_timestamp", "ingredient_failed"),
        ("ingredient_failed", "ingredient_failed"),
        ("unparseable", "ingredient_failed"),
    ],
)
def test_what_an_honest_output_of_each_upload_reads_as(state: str, expected: str) -> None:
    sound = Ingredient(UPLOAD, CredentialState.TRUSTED)
    assert outcome([sound, Ingredient(UPLOAD, CredentialState(state))]) == expected


def test_what_was_made_of_nothing_reads_as_trusted() -> None:
    assert outcome([]) is CredentialState.TRUSTED


def test_only_an_unreadable_parent_is_opaque() -> None:
    assert Ingredient(UPLOAD, CredentialState.INVALID).mime == "image/jpeg"
    unreadable = Ingredient(UPLOAD, CredentialState.UNPARSEABLE)
    assert unreadable.mime == "application/octet-stream"
    assert json.loads(unreadable.definition)["format"] == "image/jpeg"


WRITTEN = definition(replace(MARKED, components=1), "image/png", "", Imprint("example.com/log"))
TAKEN = [{"relationship": "componentOf"}]


def seen(manifest: dict[str, Any], label: str = "urn:a") -> View:
    """What the parser tells of a file with one manifest."""
    store: dict[str, Any] = {"state": "Trusted", "active": "urn:a", "manifests": [], "signers": {}}
    store |= {"successes": [], "failures": [], "notes": [], "ingredient_failures": []}
    return View({"trust": "", "store": store | {"report": json.dumps({"manifests": {label: manifest}})}})


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("c2pa.watermarked.bound", "c2pa.watermarked.unbound", "actions"),
        ("trainedAlgorithmicMedia", "digitalCapture", "actions"),
        ("painter", "printer", "actions"),
        ("00ff", "00fe", "assertions"),
        ("request-1", "request-2", "assertions"),
        ("example.com/log", "example.org/log", "assertions"),
        ("c2pa.soft-binding", "c2pa.metadata", "assertions"),
        ('"title": "output"', '"title": "input"', "title"),
    ],
)
def test_a_signed_file_that_says_something_else_does_not_leave(old: str, new: str, part: str) -> None:
    manifest = json.loads(WRITTEN) | {"ingredients": TAKEN}
    refuse_difference(seen(manifest), WRITTEN)
    assert old in WRITTEN
    changed = json.loads(WRITTEN.replace(old, new)) | {"ingredients": TAKEN}
    with pytest.raises(IntegrityError, match=f"does not say what was claimed of it: {part}"):
        refuse_difference(seen(changed), WRITTEN)


@pytest.mark.parametrize("ingredients", [[], [{"relationship": "parentOf"}], TAKEN * 2, "one"])
def test_a_signed_file_with_other_ingredients_does_not_leave(ingredients: Any) -> None:
    with pytest.raises(IntegrityError, match="ingredients"):
        refuse_difference(seen(json.loads(WRITTEN) | {"ingredients": ingredients}), WRITTEN)


def test_a_file_that_says_more_or_nothing_does_not_leave() -> None:
    more = json.loads(WRITTEN) | {"ingredients": TAKEN}
    more["assertions"].append({"label": "org.example.more", "data": {}})
    for view in (seen(more), seen(json.loads(WRITTEN) | {"ingredients": TAKEN}, "urn:b"), View({"trust": ""})):
        with pytest.raises(IntegrityError):
            refuse_difference(view, WRITTEN)


def test_a_file_that_reads_back_in_another_state_does_not_leave() -> None:
    refuse_state(Credential(CredentialState.TRUSTED), CredentialState.TRUSTED)
    with pytest.raises(IntegrityError, match="reads back as invalid, not trusted"):
        refuse_state(Credential(CredentialState.INVALID), CredentialState.TRUSTED)


@pytest.mark.parametrize("name", WANTED)
def test_the_self_test_refuses_any_confusion(name: str) -> None:
    refuse_confusion(WANTED)
    with pytest.raises(ConfigurationError, match=name):
        refuse_confusion({**WANTED, name: CredentialState.NONE})


def test_one_trip_gets_one_signature() -> None:
    answer = Answers(lambda data: data[::-1], None)
    assert answer(b"claim") == b"mialc"
    with pytest.raises(IntegrityError, match="second signature"):
        answer(b"another claim")


def test_a_failing_key_is_the_cause() -> None:
    cause = OSError("slot 3 is locked")

    def fail(data: bytes) -> bytes:
        raise cause

    with pytest.raises(Unavailable) as raised:
        Answers(fail, None)(b"claim")
    assert raised.value.__cause__ is cause


def test_lists_differ_in_anchors_and_purposes() -> None:
    lists = [Trust("a"), Trust("b"), Trust("a", ("1.2.3",))]
    assert len({one.digest for one in lists}) == 3
    assert Trust("a").digest == Trust("a").digest
