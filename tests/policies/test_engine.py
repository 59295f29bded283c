"""Loading and deciding: digests, scopes, operands, texts, shadow rules, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.credential import Credential, CredentialState
from core.errors import ConfigurationError
from core.media import Kind, digest_of
from detectors.base import Verdict
from policies.base import Action, Policy
from policies.engine import load_policy
from policies.protected import NO_BASE
from tests.policies.fakes import DETECTORS, document, finding, policy, rule, subject

TEXT = document(rule("one", "alpha.score > 0.5", "block", code="too_high", text="Score {alpha.score}, {{so}}."))


def test_a_loaded_policy_is_a_policy() -> None:
    loaded: Policy = load_policy(TEXT, "a-policy.yaml", DETECTORS, NO_BASE)
    assert (loaded.id, loaded.digest) == ("a-policy", digest_of(TEXT.encode()))
    decision = loaded.decide(subject(finding("alpha", score=0.75)))
    assert (decision.policy_id, decision.policy_digest) == (loaded.id, loaded.digest)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_byte_is_refused_or_changes_the_digest(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TEXT) - 1))
    character = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda one: one != TEXT[place]))
    try:
        changed = load_policy(TEXT[:place] + character + TEXT[place + 1 :], "a-policy.yaml", DETECTORS, NO_BASE)
    except ConfigurationError:
        return
    assert changed.digest != digest_of(TEXT.encode())


def test_a_reason_carries_the_operands_its_rule_names_and_no_others() -> None:
    decision = load_policy(TEXT, "a-policy.yaml", DETECTORS, NO_BASE).decide(
        subject(finding("alpha", Verdict.DETECTED, score=0.123456789, codes=("x",)), finding("beta", score=1.0))
    )
    assert [reason.code for reason in decision.reasons] == ["no_rule_fired"]
    fired = load_policy(TEXT, "a-policy.yaml", DETECTORS, NO_BASE).decide(subject(finding("alpha", score=0.87654321)))
    assert fired.action is Action.BLOCK
    assert fired.reasons[0].text == "Score 0.8765, {so}."
    assert fired.reasons[0].operands == {"alpha.score": "0.8765"}


def test_a_text_may_name_signals_that_the_condition_does_not_read() -> None:
    when = "credential.state == 'invalid'"
    loaded = policy(rule("one", when, text="{credential.codes}; {alpha.probability}; {alpha.ran}"))
    broken = Credential(CredentialState.INVALID, codes=("a.mismatch", "b.missing"))
    reason = loaded.decide(subject(credential=broken)).reasons[0]
    assert reason.text == "a.mismatch, b.missing; missing; false"
    assert reason.operands["alpha.probability"] == "missing"


def test_a_long_operand_is_cut() -> None:
    loaded = policy(rule("one", "alpha.codes.size() > 0", text="{alpha.codes}"))
    codes = tuple(f"code.{number:03}" for number in range(1000))
    reason = loaded.decide(subject(finding("alpha", codes=codes))).reasons[0]
    assert len(reason.text) == 200
    assert reason.text.endswith("…")


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ({"direction": "outbound"}, {"direction": "outbound"}, {"direction": "inbound"}),
        ({"kinds": ["video"]}, {"kind": Kind.VIDEO}, {"kind": Kind.IMAGE}),
        ({"surfaces": ["avatar", "feed"]}, {"surface": "feed"}, {"surface": ""}),
        ({"jurisdictions": ["DE"]}, {"jurisdiction": "DE"}, {"jurisdiction": "US"}),
        ({"tasks": ["upscale"]}, {"task": "upscale"}, {"task": "denoise"}),
    ],
)
def test_a_rule_is_judged_only_where_it_applies(
    scope: dict[str, Any], inside: dict[str, Any], outside: dict[str, Any]
) -> None:
    # Without a finding the rule cannot be judged; outside of its scope that must not matter.
    loaded = policy(rule("one", "alpha.detected", applies_to=scope))
    assert loaded.decide(subject(**inside)).action is Action.REVIEW
    assert loaded.decide(subject(**outside)).action is Action.ALLOW


def test_shadow_rules_are_reported_apart() -> None:
    loaded = policy(
        rule("dark", "media.width > 1", "block", mode="shadow"),
        rule("darker", "alpha.detected", "block", mode="shadow"),
        rule("live", "media.width > 1", "label"),
    )
    decision = loaded.decide(subject())
    assert decision.action is Action.LABEL
    assert [reason.rule for reason in decision.reasons] == ["live"]
    shadow = [(item.rule, item.code, item.action) for item in decision.shadow]
    assert shadow == [("dark", "a_code", Action.BLOCK), ("darker", "signal_missing", Action.REVIEW)]


def test_no_rule_fired_is_said() -> None:
    decision = policy(rule("one", "media.width < 1")).decide(subject())
    assert decision.action is Action.ALLOW
    assert [(item.rule, item.code, item.action) for item in decision.reasons] == [("", "no_rule_fired", Action.ALLOW)]


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"width": 2**70}, "rule_error"),
        ({"width": 1.5}, "rule_error"),
        ({"mime": "\ud800"}, "rule_error"),
        ({"mime": None}, "signal_missing"),
    ],
)
def test_odd_values_are_a_review_and_no_exception(odd: dict[str, Any], code: str) -> None:
    loaded = policy(rule("one", "media.width < 1 || media.mime == 'x'", "label"), rule("two", "request.task == 'x'"))
    decision = loaded.decide(subject(**odd))
    assert decision.action is Action.REVIEW
    assert [(reason.rule, reason.code) for reason in decision.reasons] == [("one", code)]


def test_threads_share_a_policy() -> None:
    conditions = ("alpha.score > 0.5", "alpha.detected || beta.detected", "alpha.codes.exists(c, c == 'x')")
    loaded = policy(*(rule(f"rule-{index}", when) for index, when in enumerate(conditions)))
    subjects = [
        subject(finding("alpha", verdict, score=index / 20, codes=("x",) * (index % 2)))
        for index in range(20)
        for verdict in Verdict
    ]
    expected = [loaded.decide(item) for item in subjects]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(loaded.decide, subjects)) == expected
