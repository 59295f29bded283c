"""The default pack, case by case: what a platform without a policy of its own gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.credential import Credential, CredentialState
from core.errors import InvalidInput
from core.media import Kind, digest_of
from detectors.base import FAILED, Finding, Verdict
from policies.base import Action
from policies.engine import RulePolicy, load_policy
from policies.files import DEFAULT_PACK, check, load_policy_file, packs
from tests.policies.fakes import BOTH, IMAGES, FakeDetector, finding, subject

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LEARNED = ("manipulation", "resampling", "thumbnail", "generated_image")
FILMS = frozenset((Kind.VIDEO,))
DETECTED, ABSTAINED = Verdict.DETECTED, Verdict.ABSTAINED


def detectors(videos: frozenset[Kind] = IMAGES) -> list[FakeDetector]:
    """`videos`: the kinds that metadata and known_hash accept."""
    by_kind = {"metadata": videos, "known_hash": videos, "copy_move": IMAGES, "jpeg_history": IMAGES}
    by_kind |= {"watermark": videos, "contradictions": BOTH, "recovery": BOTH}
    by_kind |= dict.fromkeys(LEARNED, IMAGES) | dict.fromkeys(("video_edits", "generated_video"), FILMS)
    return [FakeDetector(name, kinds) for name, kinds in by_kind.items()]


@pytest.fixture(scope="module")
def pack() -> RulePolicy:
    return load_policy_file(DEFAULT_PACK, detectors())


def photo(**verdicts: Verdict | None) -> tuple[Finding, ...]:
    """The findings for a plain photo, without a hash list; a named detector differs, None leaves it out."""
    codes = {"metadata": ("sd.prompt",), "known_hash": ("list.demo", "match.pdq")}
    codes["contradictions"] = ("contradiction.camera_generated",)
    given: dict[str, Verdict | None] = {
        "metadata": Verdict.NOT_DETECTED,
        "known_hash": ABSTAINED,
        "copy_move": Verdict.NOT_DETECTED,
        "jpeg_history": Verdict.NOT_DETECTED,
        **dict.fromkeys(LEARNED, Verdict.NOT_DETECTED),
        "watermark": Verdict.NOT_DETECTED,
        "contradictions": Verdict.NOT_DETECTED,
        "recovery": Verdict.NOT_DETECTED,
    }
    chosen = {name: verdict for name, verdict in (given | verdicts).items() if verdict is not None}
    return tuple(
        finding(name, verdict, codes=codes.get(name, ()) if verdict is DETECTED else ())
        for name, verdict in chosen.items()
    )


OUTBOUND = {"direction": "outbound", "task": "text_to_image", "source_type": "trainedAlgorithmicMedia"}
ENHANCED = OUTBOUND | {"task": "upscale", "source_type": "algorithmicallyEnhanced"}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], Action, str]] = [
    ("a plain photo", {}, {}, Action.ALLOW, "no_rule_fired"),
    ("one compared with a list", {"known_hash": Verdict.NOT_DETECTED}, {}, Action.ALLOW, "no_rule_fired"),
    ("one saved twice", {"jpeg_history": DETECTED}, {}, Action.ALLOW, "no_rule_fired"),
    ("a flat graphic", {"copy_move": ABSTAINED, "jpeg_history": ABSTAINED}, {}, Action.ALLOW, "no_rule_fired"),
    ("a copied region", {"copy_move": DETECTED}, {}, Action.REVIEW, "copy_move"),
    ("a prompt in its metadata", {"metadata": DETECTED}, {}, Action.LABEL, "declared_ai"),
    ("unreadable metadata", {"metadata": ABSTAINED}, {}, Action.REVIEW, "signal_missing"),
    ("metadata not examined", {"metadata": None}, {}, Action.REVIEW, "signal_missing"),
    ("a listed hash", {"known_hash": DETECTED}, {}, Action.BLOCK, "known_content"),
    ("a listed AI picture", {"known_hash": DETECTED, "metadata": DETECTED}, {}, Action.BLOCK, "known_content"),
    ("AI with a copied region", {"metadata": DETECTED, "copy_move": DETECTED}, {}, Action.REVIEW, "copy_move"),
    ("a generated output", {}, OUTBOUND, Action.LABEL, "made_with_ai"),
    ("an output of unstated origin", {}, OUTBOUND | {"source_type": ""}, Action.LABEL, "made_with_ai"),
    ("an enhanced photo", {}, ENHANCED, Action.ALLOW, "no_rule_fired"),
    ("an enhanced AI picture", {"metadata": DETECTED}, ENHANCED, Action.LABEL, "declared_ai"),
    ("an enhanced copied region", {"copy_move": DETECTED}, ENHANCED, Action.ALLOW, "no_rule_fired"),
    ("a contradiction", {"contradictions": DETECTED}, {}, Action.REVIEW, "contradiction"),
    ("a stripped copy of ours", {"recovery": DETECTED}, {}, Action.ALLOW, "no_rule_fired"),
    ("a copy or its source", {"recovery": ABSTAINED}, {}, Action.ALLOW, "no_rule_fired"),
    ("nothing to compare", {"contradictions": ABSTAINED}, {}, Action.ALLOW, "no_rule_fired"),
    ("a contradictory upload's enhanced copy", {"contradictions": DETECTED}, ENHANCED, Action.ALLOW, "no_rule_fired"),
    ("a listed output", {"known_hash": DETECTED}, OUTBOUND, Action.BLOCK, "known_content"),
]


@pytest.mark.parametrize(("name", "verdicts", "fields", "action", "code"), CASES, ids=[case[0] for case in CASES])
def test_case(
    pack: RulePolicy, name: str, verdicts: dict[str, Any], fields: dict[str, Any], action: Action, code: str
) -> None:
    decision = pack.decide(subject(*photo(**verdicts), **fields))
    assert (decision.action, decision.reasons[0].code) == (action, code), name


CREDENTIALS: list[tuple[CredentialState, tuple[str, ...], Action, str]] = [
    (CredentialState.NONE, (), Action.ALLOW, "no_rule_fired"),
    (CredentialState.TRUSTED, (), Action.ALLOW, "no_rule_fired"),
    (CredentialState.TRUSTED, (TRAINED,), Action.LABEL, "credential_ai"),
    (CredentialState.VALID_UNTRUSTED, (), Action.ALLOW, "no_rule_fired"),
    (CredentialState.VALID_UNTRUSTED, (TRAINED,), Action.LABEL, "credential_ai"),
    (CredentialState.INVALID, (), Action.REVIEW, "credential_invalid"),
    (CredentialState.INVALID, (TRAINED,), Action.REVIEW, "credential_invalid"),
    (CredentialState.INGREDIENT_FAILED, (), Action.REVIEW, "credential_ingredient_failed"),
    (CredentialState.UNPARSEABLE, (), Action.REVIEW, "credential_unparseable"),
    (CredentialState.EXPIRED_NO_TIMESTAMP, (), Action.ALLOW, "no_rule_fired"),
    (CredentialState.REMOTE_NOT_FETCHED, (), Action.ALLOW, "no_rule_fired"),
    (CredentialState.RECOVERED_SOFT_BINDING, (), Action.ALLOW, "no_rule_fired"),
    (CredentialState.RECOVERED_SOFT_BINDING, (TRAINED,), Action.LABEL, "credential_ai"),
    (CredentialState.KNOWN_STRIPPED, (), Action.ALLOW, "no_rule_fired"),
]


@pytest.mark.parametrize(("state", "types", "action", "code"), CREDENTIALS)
def test_credentials(
    pack: RulePolicy, state: CredentialState, types: tuple[str, ...], action: Action, code: str
) -> None:
    credential = Credential(state, codes=("assertion.dataHash.mismatch",), digital_source_types=types)
    decision = pack.decide(subject(*photo(), credential=credential))
    assert (decision.action, decision.reasons[0].code) == (action, code)


def test_every_credential_state_has_a_case() -> None:
    assert {case[0] for case in CREDENTIALS} == set(CredentialState)


@pytest.mark.parametrize("examined", [IMAGES, BOTH], ids=["pictures-only", "videos-too"])
def test_a_plain_video_is_allowed_whatever_examines_it(examined: frozenset[Kind]) -> None:
    pack = load_policy_file(DEFAULT_PACK, detectors(examined))
    findings = photo(copy_move=None, jpeg_history=None) if examined == BOTH else ()
    clip: dict[str, Any] = {"kind": Kind.VIDEO, "mime": "video/mp4", "duration": 3.0}
    assert pack.decide(subject(*findings, **clip)).action is Action.ALLOW
    silent = photo(metadata=ABSTAINED, copy_move=None, jpeg_history=None)
    assert pack.decide(subject(*silent, **clip)).action is Action.REVIEW


REHEARSED: list[tuple[dict[str, Any], CredentialState, dict[str, Any], list[str]]] = [
    ({"known_hash": Verdict.NOT_DETECTED}, CredentialState.NONE, {}, []),
    ({}, CredentialState.NONE, {}, ["known_content_unjudged"]),
    ({"jpeg_history": DETECTED}, CredentialState.NONE, {}, ["double_jpeg", "known_content_unjudged"]),
    ({"jpeg_history": ABSTAINED}, CredentialState.NONE, {}, ["known_content_unjudged"]),
    ({"recovery": DETECTED}, CredentialState.KNOWN_STRIPPED, {}, ["known_stripped", "known_content_unjudged"]),
    ({"jpeg_history": DETECTED}, CredentialState.EXPIRED_NO_TIMESTAMP, ENHANCED, ["known_content_unjudged"]),
    ({}, CredentialState.EXPIRED_NO_TIMESTAMP, {}, ["credential_unsettled", "known_content_unjudged"]),
    ({}, CredentialState.REMOTE_NOT_FETCHED, {}, ["credential_unsettled", "known_content_unjudged"]),
]


@pytest.mark.parametrize(("verdicts", "state", "fields", "codes"), REHEARSED)
def test_rehearsed_rules_report_and_never_act(
    pack: RulePolicy, verdicts: dict[str, Any], state: CredentialState, fields: dict[str, Any], codes: list[str]
) -> None:
    decision = pack.decide(subject(*photo(**verdicts), credential=Credential(state), **fields))
    assert decision.action is Action.ALLOW
    assert [(reason.code, reason.action) for reason in decision.shadow] == [(code, Action.REVIEW) for code in codes]


def test_the_credentials_of_an_upload_do_not_send_its_enhanced_copy_to_a_person(pack: RulePolicy) -> None:
    for state in CredentialState:
        seen = subject(*photo(), credential=Credential(state), **ENHANCED)
        assert pack.decide(seen).action is Action.ALLOW, state


def test_no_exemption_of_a_platform_lifts_the_block_of_listed_content() -> None:
    exemption = """
  - {id: our-staff, title: Our staff, when: 'true', action: allow, exemption: true, code: staff, text: Exempt.}
"""
    exempting = load_policy(DEFAULT_PACK.read_text() + exemption, "mine.yaml", detectors())
    assert exempting.decide(subject(*photo(copy_move=DETECTED))).action is Action.ALLOW
    assert exempting.decide(subject(*photo(known_hash=DETECTED))).action is Action.BLOCK


def test_a_skipped_rule_is_named_with_its_reason(pack: RulePolicy) -> None:
    reason = pack.decide(subject(*photo())).reasons[0]
    assert set(reason.operands) == {"listed-content", "protected-listed"}
    assert "Not judged for want of signals: listed-content, protected-listed" in reason.text


def test_the_match_is_shown(pack: RulePolicy) -> None:
    reason = pack.decide(subject(*photo(known_hash=DETECTED))).reasons[0]
    assert reason.text == "The file matches an entry of a list of known content (list.demo, match.pdq)."


def test_a_contradiction_is_named(pack: RulePolicy) -> None:
    (reason,) = pack.decide(subject(*photo(contradictions=DETECTED, known_hash=Verdict.NOT_DETECTED))).reasons
    assert "contradict each other (contradiction.camera_generated)" in reason.text


def test_the_digest_is_that_of_the_file(pack: RulePolicy) -> None:
    assert pack.digest == digest_of(DEFAULT_PACK.read_bytes())


def test_every_shipped_pack_is_without_problems() -> None:
    for path in packs():
        assert check(path, detectors()) == []


def test_checking_a_file_finds_what_is_wrong_with_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(DEFAULT_PACK.read_bytes().replace(b"copy_move.detected", b"copymove.detected"))
    (problem,) = check(file, detectors())
    assert str(problem).startswith(f"{file}:")
    assert problem.hint == "did you mean 'copy_move.detected'?"
    file.write_bytes(b"id: one\nversion: \xff\n")
    assert [(item.position.line, item.position.column) for item in check(file, detectors())] == [(2, 10)]
    with pytest.raises(InvalidInput, match="not UTF-8"):
        load_policy_file(file, detectors())
    with pytest.raises(InvalidInput, match="cannot read"):
        check(tmp_path / "absent.yaml", detectors())


@pytest.mark.parametrize(
    "name", ["metadata", "known_hash", "copy_move", "jpeg_history", "watermark", "contradictions", *LEARNED]
)
def test_a_detector_that_broke_is_looked_at_by_a_person(pack: RulePolicy, name: str) -> None:
    others = [each for each in photo() if each.detector != name]
    decision = pack.decide(subject(*others, finding(name, ABSTAINED, codes=(FAILED,))))
    assert decision.action is Action.REVIEW
    assert "detector_failed" in {reason.code for reason in decision.reasons}
