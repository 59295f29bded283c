"""From what the parser saw to a state: every state, the order of precedence, and answers that no sound worker gives."""

from __future__ import annotations

from typing import Any

import pytest

from core.credential import NO_CREDENTIAL, CredentialState
from core.errors import IntegrityError, ParserFailed
from core.media import View
from server.provenance.judge import judge
from server.provenance.trust import PURPOSES, Trust
from server.provenance.verdict import SIGNER_TRUSTED as GOOD
from server.provenance.verdict import UNEXAMINED

TRUST = Trust("anchors")
OUTLINE: dict[str, Any] = {
    "format": "image/png",
    "name": "n",
    "signed_at": "",
    "actions": [],
    "ingredients": [],
    "soft_bindings": [],
    "preferences": [],
    "cut": False,
}
MANIFEST = {
    "label": "urn:a",
    "title": "t",
    "claim_generator": "g",
    "issuer": "i",
    "actions": ["c2pa.created"],
    "source_types": ["uri"],
    "outline": OUTLINE,
}


def signer(*purposes: str, lists: tuple[str, ...] = (TRUST.own.uri,)) -> dict[str, Any]:
    dates = {"not_before": "2026-01-01T00:00:00+00:00", "not_after": ""}
    return {"purposes": list(purposes), "lists": list(lists), **dates}


def view(**changes: Any) -> View:
    """A trusted store, with changes."""
    store = {
        "state": "Trusted",
        "active": "urn:a",
        "manifests": [MANIFEST],
        "failures": [],
        "notes": [],
        "ingredient_failures": [],
        "successes": [],
        "signers": {"urn:a": signer(PURPOSES[0])},
        "report": "{}",
    }
    return View({"trust": TRUST.digest, "store": store | changes})


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "trusted"),
        ({"signers": {"urn:a": signer(PURPOSES[1])}}, "trusted"),
        ({"ingredient_failures": ["signingCredential.untrusted", "manifest.inaccessible"]}, "trusted"),
        ({"state": "Valid", "failures": ["signingCredential.untrusted"]}, "valid_untrusted"),
        ({"state": "Valid"}, "valid_untrusted"),
        ({"signers": {}}, "valid_untrusted"),
        ({"signers": {"urn:another": signer(PURPOSES[0])}}, "valid_untrusted"),
        ({"ingredient_failures": ["assertion.dataHash.mismatch"]}, "ingredient_failed"),
        ({"state": "Valid", "ingredient_failures": ["claimSignature.mismatch"]}, "ingredient_failed"),
        ({"signers": {"urn:a": signer()}}, "invalid"),
        ({"signers": {"urn:a": signer("1.3.6.1.5.5.7.3.8")}}, "invalid"),
        ({"signers": {"urn:a": signer(PURPOSES[0]), "urn:b": signer("1.3.6.1.5.5.7.3.8")}}, "ingredient_failed"),
        ({"state": "Valid", "successes": [GOOD]}, "valid_untrusted"),
        ({"state": "Valid", "successes": [GOOD], "ingredient_failures": ["signingCredential.untrusted"]}, "trusted"),
        ({"state": "Valid", "ingredient_failures": ["signingCredential.untrusted"]}, "valid_untrusted"),
        ({"state": "Invalid", "ingredient_failures": ["ingredient.manifest.mismatch"]}, "invalid"),
        ({"state": "Invalid", "failures": ["assertion.dataHash.mismatch"]}, "invalid"),
        ({"failures": ["assertion.dataHash.mismatch"]}, "invalid"),
        ({"state": "Invalid"}, "invalid"),
        ({"state": "Splendid"}, "invalid"),
        ({"state": "Invalid", "failures": ["signingCredential.expired"]}, "expired_no_timestamp"),
        (
            {"state": "Invalid", "failures": ["signingCredential.expired", "signingCredential.untrusted"]},
            "expired_no_timestamp",
        ),
        ({"state": "Invalid", "failures": ["signingCredential.expired", "claimSignature.mismatch"]}, "invalid"),
    ],
)
def test_states(changes: dict[str, Any], state: str) -> None:
    assert judge(view(**changes), TRUST).state == state


def test_codes_are_everything_but_success_sorted_once() -> None:
    found = judge(view(failures=["b", "a"], notes=["c"], ingredient_failures=["a", "d"]), TRUST)
    assert found.codes == ("a", "b", "c", "d")


def test_our_own_reasons_are_codes_too() -> None:
    assert judge(view(signers={"urn:a": signer("1.2.3")}), TRUST).codes == ("signingCredential.invalid",)
    assert judge(view(signers={}), TRUST).codes == (UNEXAMINED,)


def test_the_active_manifest_speaks_for_the_file() -> None:
    parent = {**MANIFEST, "label": "urn:b", "issuer": "other", "source_types": ["other"]}
    found = judge(view(manifests=[parent, MANIFEST]), TRUST)
    assert (found.manifest_id, found.issuer, found.claim_generator) == ("urn:a", "i", "g")
    assert found.digital_source_types == ("uri",)
    assert [(one.label, one.active) for one in found.manifests] == [("urn:b", False), ("urn:a", True)]
    assert found.store_json == "{}"


@pytest.mark.parametrize(
    ("facts", "state", "codes"),
    [
        ({}, "none", ()),
        ({"remote": True}, "remote_not_fetched", ("manifest.inaccessible",)),
        ({"unparseable": "Verify: expected JUMD"}, "unparseable", ("general.error",)),
    ],
)
def test_files_without_a_readable_store(facts: dict[str, Any], state: str, codes: tuple[str, ...]) -> None:
    found = judge(View({"trust": TRUST.digest, **facts}), TRUST)
    assert (found.state, found.codes) == (state, codes)


def test_nothing_to_read_is_the_same_everywhere() -> None:
    assert judge(View({"trust": TRUST.digest}), TRUST) == NO_CREDENTIAL


def test_a_parser_that_crashed_or_never_ran_is_not_an_absence() -> None:
    assert judge(View(error="the parser crashed"), TRUST).state is CredentialState.UNPARSEABLE


def test_another_trust_list_is_never_passed_off_as_ours() -> None:
    with pytest.raises(IntegrityError, match="trust list"):
        judge(view(), Trust("others"))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"trust": 1},
        {"trust": TRUST.digest, "store": {}},
        {"trust": TRUST.digest, "store": []},
        {"trust": TRUST.digest, "unparseable": ["x"]},
        view(manifests=[{**MANIFEST, "title": 0}]).facts,
        view(manifests=[{**MANIFEST, "actions": [1]}]).facts,
        view(manifests=["urn:a"]).facts,
        view(manifests=[{**MANIFEST, "outline": []}]).facts,
        view(manifests=[{**MANIFEST, "outline": {**OUTLINE, "actions": ["c2pa.edited"]}}]).facts,
        view(manifests=[{**MANIFEST, "outline": {**OUTLINE, "signed_at": None}}]).facts,
        view(signers=[]).facts,
        view(signers={"urn:a": [PURPOSES[0]]}).facts,
        view(failures="none").facts,
    ],
)
def test_answers_of_a_worker_gone_bad(facts: dict[str, Any]) -> None:
    with pytest.raises(ParserFailed, match="malformed"):
        judge(View(facts), TRUST)
