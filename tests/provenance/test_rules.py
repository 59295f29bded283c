"""The rules that need no media: what a claim may say, what a self-test must find, how often a key may be used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from core.credential import Credential, CredentialState
from core.errors import ConfigurationError, IntegrityError, InvalidInput, Unavailable
from core.media import Kind, Media, View
from server.provenance import Claim, Trust
from server.provenance.claim import ClaimedAction, definition
from server.provenance.parent import Parent
from server.provenance.provenance import OneSignature, refuse_difference
from server.provenance.selftest import refuse_confusion
from tests.provenance.signers import CLAIM, EDIT

UPLOAD = Media(b"", Kind.IMAGE, "image/jpeg", "sha256:0", 1, 1, 0.0, (), {})


def actions_of(claim: Claim) -> list[dict[str, Any]]:
    (actions, _) = json.loads(definition(claim, "image/png"))["assertions"]
    found: list[dict[str, Any]] = actions["data"]["actions"]
    return found


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
    for claim in (CLAIM, EDIT):
        assert tuple(action["action"] for action in actions_of(claim)) == claim.actions


@pytest.mark.parametrize("source_type", ["", "Trained", "http://example.com/x", "a b", "x" * 65])
def test_a_source_type_is_one_segment(source_type: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        replace(CLAIM, source_type=source_type)
    assert raised.value.field == "source_type"


@pytest.mark.parametrize(
    ("state", "outcome"),
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
def test_what_an_honest_output_of_each_upload_reads_as(state: str, outcome: str) -> None:
    assert Parent(UPLOAD, CredentialState(state)).outcome == outcome
    assert len(CredentialState) == 8  # no state is missing above


def test_only_an_unreadable_parent_is_opaque() -> None:
    assert Parent(UPLOAD, CredentialState.INVALID).mime == "image/jpeg"
    unreadable = Parent(UPLOAD, CredentialState.UNPARSEABLE)
    assert unreadable.mime == "application/octet-stream"
    assert json.loads(unreadable.ingredient)["format"] == "image/jpeg"


@pytest.mark.parametrize(
    "changes", [{"actions": ["c2pa.edited"]}, {"source_types": []}, {"parents": 1}, {"label": "urn:other"}]
)
def test_a_signed_file_that_says_something_else_does_not_leave(changes: dict[str, Any]) -> None:
    manifest = {"label": "urn:a", "title": "", "claim_generator": "", "issuer": "", "parents": 0}
    manifest |= {"actions": list(CLAIM.actions), "source_types": [CLAIM.source_uri]}
    trusted = Credential(CredentialState.TRUSTED, manifest_id="urn:a")
    refuse_difference(trusted, seen(manifest), CLAIM, None)
    with pytest.raises(IntegrityError, match="does not say what was claimed"):
        refuse_difference(trusted, seen(manifest | changes), CLAIM, None)


def seen(manifest: dict[str, Any]) -> View:
    store = {"state": "Trusted", "active": "urn:a", "manifests": [manifest], "purposes": None, "report": ""}
    return View({"trust": "", "store": store | {"failures": [], "notes": [], "ingredient_failures": []}})


@pytest.mark.parametrize("name", ["signed", "altered", "signed by a stranger"])
def test_the_self_test_refuses_any_confusion(name: str) -> None:
    sound = {
        "signed": CredentialState.TRUSTED,
        "altered": CredentialState.INVALID,
        "signed by a stranger": CredentialState.VALID_UNTRUSTED,
    }
    refuse_confusion(sound)
    with pytest.raises(ConfigurationError, match=name):
        refuse_confusion(sound | {name: CredentialState.NONE})


def test_one_trip_gets_one_signature() -> None:
    answer = OneSignature(lambda data: data[::-1])
    assert answer(b"claim") == b"mialc"
    with pytest.raises(IntegrityError, match="second signature"):
        answer(b"another claim")


def test_a_failing_key_is_the_cause() -> None:
    cause = OSError("slot 3 is locked")

    def fail(data: bytes) -> bytes:
        raise cause

    with pytest.raises(Unavailable) as raised:
        OneSignature(fail)(b"claim")
    assert raised.value.__cause__ is cause


def test_lists_differ_in_anchors_and_purposes() -> None:
    lists = [Trust("a"), Trust("b"), Trust("a", ("1.2.3",))]
    assert len({one.digest for one in lists}) == 3
    assert Trust("a").digest == Trust("a").digest
