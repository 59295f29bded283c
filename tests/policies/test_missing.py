"""Missing, abstained and NaN values: what is needed and lacking goes to a person, and never passes in silence."""

from __future__ import annotations

import math
from typing import Any

import pytest

from core.credential import Credential, CredentialState
from core.media import Kind
from detectors.base import Finding, Verdict
from policies.base import Action, Decision
from policies.reading import Reader
from policies.signals import declare
from tests.policies.fakes import DETECTORS, finding, policy, rule, subject

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


def decide(when: str, *findings: Finding, **fields: Any) -> Decision:
    """The decision of one label rule that says `when_missing: review`."""
    return policy(rule("the-rule", when, "label", when_missing="review", **fields)).decide(subject(*findings))


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


ABSTAINED = finding("alpha", Verdict.ABSTAINED, score=0.9, probability=0.9, codes=("a",))


@pytest.mark.parametrize(
    "when", ["alpha.detected", "!alpha.detected", "alpha.score > 0.5", "alpha.probability > 0.5", "alpha.codes == []"]
)
@pytest.mark.parametrize(
    "findings", [(), (ABSTAINED,), (finding("alpha", score=math.nan),)], ids=["none", "abs", "nan"]
)
def test_what_a_rule_needs_and_lacks_is_a_review(when: str, findings: tuple[Finding, ...]) -> None:
    decision = decide(when, *findings)
    assert decision.action is Action.REVIEW
    assert codes(decision) == ["signal_missing"]
    assert set(decision.reasons[0].operands.values()) == {"missing"}


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["score", "probability"])
def test_a_detector_that_gives_no_number_is_not_believed_at_all(name: str, score: float) -> None:
    broken = finding("alpha", Verdict.DETECTED, **{name: score})
    assert codes(decide("alpha.detected", broken)) == ["signal_missing"]
    assert codes(decide("alpha.codes == []", broken)) == ["signal_missing"]


def test_a_value_that_a_detector_does_not_give_is_missing_alone() -> None:
    found = finding("alpha", Verdict.DETECTED, codes=("x",))
    assert codes(decide("alpha.score > 0.5", found)) == ["signal_missing"]
    assert codes(decide("alpha.probability > 0.5", found)) == ["signal_missing"]
    assert codes(decide("alpha.detected && 'x' in alpha.codes", found)) == ["a_code"]


@pytest.mark.parametrize("probability", [-0.1, 1.1])
def test_a_probability_outside_its_range_is_missing(probability: float) -> None:
    assert codes(decide("alpha.probability > 0.5", finding("alpha", probability=probability))) == ["signal_missing"]


def test_two_findings_of_one_detector_are_not_believed() -> None:
    decision = decide("alpha.detected", finding("alpha"), finding("alpha", Verdict.DETECTED))
    assert codes(decision) == ["signal_missing"]
    assert "several findings" in decision.reasons[0].text


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("alpha.detected || media.width > 1", "a_code"),
        ("media.width > 1 || alpha.detected", "a_code"),
        ("alpha.detected && media.width < 1", "no_rule_fired"),
        ("media.width < 1 && alpha.detected", "no_rule_fired"),
        ("alpha.detected || media.width < 1", "signal_missing"),
        ("alpha.detected && media.width > 1", "signal_missing"),
        ("media.width > 1 ? true : alpha.detected", "a_code"),
        ("media.width < 1 ? true : alpha.detected", "signal_missing"),
        ("alpha.detected == alpha.detected", "signal_missing"),
    ],
)
def test_only_a_result_that_depends_on_the_missing_signal_is_a_review(when: str, code: str) -> None:
    assert codes(decide(when, ABSTAINED)) == [code]


def test_abstention_can_be_asked_for() -> None:
    assert codes(decide("alpha.abstained", ABSTAINED)) == ["a_code"]
    assert codes(decide("alpha.abstained", finding("alpha"))) == ["no_rule_fired"]
    assert codes(decide("alpha.abstained", finding("beta"))) == ["no_rule_fired"]
    assert codes(decide("!alpha.abstained && alpha.detected", ABSTAINED)) == ["no_rule_fired"]
    assert codes(decide("!alpha.ran")) == ["a_code"]
    assert codes(decide("alpha.ran", ABSTAINED)) == ["a_code"]


def test_the_reason_says_why_the_signal_is_missing() -> None:
    text = decide("alpha.detected && still.detected", ABSTAINED).reasons[0].text
    assert text == (
        "“the-rule” could not be judged without alpha.detected, still.detected: "
        "alpha abstained: no texture to look at; still did not run"
    )
    still = policy(rule("the-rule", "still.detected", when_missing="review"))
    assert "still does not examine videos" in still.decide(subject(kind=Kind.VIDEO)).reasons[0].text


def test_a_rule_may_say_that_it_skips_and_the_decision_still_names_it() -> None:
    skipping = policy(rule("the-rule", "alpha.detected", when_missing="skip", skip_reason="Nothing to see."))
    decision = skipping.decide(subject(ABSTAINED))
    assert decision.action is Action.ALLOW
    assert codes(decision) == ["no_rule_fired"]
    assert decision.reasons[0].operands == {"the-rule": "Nothing to see."}
    assert "the-rule" in decision.reasons[0].text


def test_skip_does_not_hide_other_errors() -> None:
    fields = {"when_missing": "skip", "skip_reason": "Nothing to see."}
    failing = policy(rule("the-rule", "alpha.detected && 10 % (media.width - 640) == 1", "label", **fields))
    decision = failing.decide(subject(finding("alpha", Verdict.DETECTED)))
    assert (decision.action, codes(decision)) == (Action.REVIEW, ["rule_error"])


def test_findings_of_detectors_that_the_policy_does_not_know_change_nothing() -> None:
    stranger = finding("media", Verdict.DETECTED, score=math.nan)
    assert codes(decide("media.width > 1", stranger, finding("gamma"))) == ["a_code"]


@pytest.mark.parametrize(
    ("state", "types", "expected"),
    [
        (CredentialState.NONE, (), False),
        (CredentialState.TRUSTED, (CAMERA,), False),
        (CredentialState.TRUSTED, (CAMERA, TRAINED), True),
        (CredentialState.INVALID, (TRAINED,), True),
        (CredentialState.UNPARSEABLE, (), None),
        (CredentialState.REMOTE_NOT_FETCHED, (), None),
    ],
)
def test_what_credentials_say_of_ai(state: CredentialState, types: tuple[str, ...], expected: bool | None) -> None:
    reader = Reader([declare(())["credential.ai_generated"]])
    seen = reader.read(subject(credential=Credential(state, digital_source_types=types)))
    assert seen.get("credential.ai_generated") is expected


def test_every_declared_signal_has_a_value_of_its_type_or_none_at_all() -> None:
    python = {"bool": bool, "int": int, "double": float, "string": str, "list<string>": list}
    signals = declare(DETECTORS)
    found = finding("alpha", Verdict.DETECTED, score=1, probability=1, codes=("x",))
    values = Reader(signals.values()).read(subject(found, ABSTAINED, finding("beta"), duration=math.nan))
    assert {name for name, signal in signals.items() if not signal.optional} <= set(values)
    assert "media.duration" not in values
    for name, value in values.items():
        assert type(value) is python[signals[name].type], name
