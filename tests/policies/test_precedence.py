"""Laws of precedence, over any set of rules."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import digest_of
from detectors.base import Verdict
from policies.base import Action, Subject
from tests.policies.fakes import finding, policy, rule, subject

CONDITIONS = ("true", "alpha.detected", "beta.detected", "alpha.score > 0.5", "media.width > 100 && beta.detected")
SKIP = {"when_missing": "skip", "skip_reason": "A test."}
KINDS: dict[str, dict[str, Any]] = {
    "allow": {"action": "allow"},
    "label": {"action": "label"},
    "review": {"action": "review"},
    "block": {"action": "block"},
    "exemption": {"action": "allow", "exemption": True},
    "hard": {"action": "block", "hard": True},
}
ORDER = list(KINDS)  # from weak to strong

verdicts = st.sampled_from(list(Verdict))
findings = st.builds(
    lambda one, other, score: (finding("alpha", one, score=score), finding("beta", other)),
    verdicts,
    verdicts,
    st.sampled_from([None, 0.1, 0.9, float("nan")]),
)
LIMITS: dict[str, dict[str, Any]] = {
    "none": {},
    "exempted": {"exemptions": ["beta.detected"]},
    "rolled out": {"rollout": 50},
    "dated": {"effective_from": "2026-08-02", "effective_until": "2026-08-31"},
    "narrow": {"applies_to": {"stage": "upload", "surfaces": ["feed"]}},
}
Parts: TypeAlias = tuple[str, str, bool, bool, str]
rule_parts = st.tuples(
    st.sampled_from(CONDITIONS), st.sampled_from(ORDER), st.booleans(), st.booleans(), st.sampled_from(list(LIMITS))
)
days = st.sampled_from([None, datetime(2026, 8, 1, 23, 59, 59, tzinfo=UTC), datetime(2026, 8, 2, tzinfo=UTC)])
subjects = st.builds(
    lambda found, at, digest, surface: subject(*found, at=at, digest=digest, surface=surface),
    findings,
    days,
    st.sampled_from(["", *(digest_of(bytes([number])) for number in range(6))]),
    st.sampled_from(["", "feed"]),
)


def build(name: str, parts: Parts) -> dict[str, Any]:
    when, kind, skip, shadow, limit = parts
    exempting = limit == "exempted" and kind in ("allow", "exemption", "hard")  # which is refused
    fields = KINDS[kind] | (SKIP if skip else {}) | ({} if exempting else LIMITS[limit])
    # A code of its own: equal rules are refused.
    return rule(name, when, code=name.replace("-", "_"), **fields, mode="shadow" if shadow else "live")


rule_sets = st.lists(rule_parts, min_size=1, max_size=6).map(
    lambda many: [build(f"rule-{index}", parts) for index, parts in enumerate(many)]
)


@settings(max_examples=25, deadline=None)
@given(rule_sets, subjects, st.randoms(use_true_random=False))
def test_the_order_of_rules_never_matters(rules: list[dict[str, Any]], seen: Subject, chance: random.Random) -> None:
    shuffled = rules.copy()
    chance.shuffle(shuffled)
    one, other = policy(*rules).decide(seen), policy(*shuffled).decide(seen)
    assert (one.action, one.reasons, one.shadow) == (other.action, other.reasons, other.shadow)


@settings(max_examples=25, deadline=None)
@given(rule_sets, subjects, rule_parts)
def test_a_shadow_rule_never_changes_what_happens(rules: list[dict[str, Any]], seen: Subject, parts: Parts) -> None:
    shadow = build("shadow-rule", (*parts[:3], True, parts[4]))
    before, after = policy(*rules).decide(seen), policy(*rules, shadow).decide(seen)
    assert (after.action, after.reasons) == (before.action, before.reasons)


@settings(max_examples=25, deadline=None)
@given(rule_sets, subjects, rule_parts)
def test_another_rule_never_makes_a_decision_milder_unless_it_exempts(
    rules: list[dict[str, Any]], seen: Subject, parts: Parts
) -> None:
    if parts[1] == "exemption":
        parts = (parts[0], "block", *parts[2:])
    before = policy(*rules).decide(seen).action
    after = policy(*rules, build("another-rule", parts)).decide(seen).action
    assert after >= before


@settings(max_examples=25, deadline=None)
@given(rule_sets, subjects)
def test_a_decision_explains_itself_and_repeats_itself(rules: list[dict[str, Any]], seen: Subject) -> None:
    loaded = policy(*rules)
    decision = loaded.decide(seen)
    assert decision == loaded.decide(seen)
    assert decision.reasons[0].action is decision.action
    exempts = {item["id"] for item in rules if item.get("exemption")}
    if not any(reason.rule in exempts for reason in decision.reasons):
        assert decision.action is max(reason.action for reason in decision.reasons)


@settings(max_examples=25, deadline=None)
@given(rule_sets, subjects, rule_parts, st.sampled_from(["beta.detected", "media.width > 100", "alpha.score > 0.5"]))
def test_an_exemption_of_a_rule_never_makes_a_decision_more_severe(
    rules: list[dict[str, Any]], seen: Subject, parts: Parts, exemption: str
) -> None:
    if parts[1] in ("allow", "exemption", "hard"):
        parts = (parts[0], "block", *parts[2:])
    before = build("another-rule", parts)
    after = before | {"exemptions": [*before.get("exemptions", ()), exemption]}
    assert policy(*rules, after).decide(seen).action <= policy(*rules, before).decide(seen).action


@settings(max_examples=25, deadline=None)
@given(rule_sets, subjects, st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_larger_share_of_a_block_never_makes_a_decision_milder(
    rules: list[dict[str, Any]], seen: Subject, one: float, other: float
) -> None:
    small, large = (
        policy(*rules, rule("another-rule", "true", "block", code="another", rollout=share)).decide(seen)
        for share in sorted((one, other))
    )
    # Without a digest neither can be judged, unless one of them is for everything.
    assert large.action >= small.action
    assert {reason.rule for reason in large.reasons} >= {reason.rule for reason in small.reasons} - {""}


@pytest.mark.parametrize("weak", range(len(ORDER)))
@pytest.mark.parametrize("strong", range(len(ORDER)))
def test_the_stronger_of_two_rules_decides(weak: int, strong: int) -> None:
    if weak >= strong:
        weak, strong = strong, weak
    first = rule("a-rule", "true", **KINDS[ORDER[weak]])
    second = rule("b-rule", "true", code="b_code", **KINDS[ORDER[strong]])
    decision = policy(first, second).decide(subject())
    expected = {"exemption": Action.ALLOW, "hard": Action.BLOCK}.get(ORDER[strong])
    assert decision.action is (expected or Action[ORDER[strong].upper()])
    assert decision.reasons[0].rule == ("b-rule" if weak != strong else "a-rule")
    assert len(decision.reasons) == 2


def test_an_exemption_does_not_lift_a_hard_block_that_could_not_be_judged() -> None:
    exemption = rule("exempt", "true", **KINDS["exemption"])
    hard = rule("hard", "alpha.detected", **KINDS["hard"])
    soft = rule("soft", "alpha.detected", **KINDS["block"])
    unseen = subject(finding("alpha", Verdict.ABSTAINED))
    assert policy(exemption, hard).decide(unseen).action is Action.REVIEW
    assert policy(exemption, soft).decide(unseen).action is Action.ALLOW


def test_a_hard_block_that_could_not_be_judged_softens_no_other_block() -> None:
    exemption = rule("exempt", "true", **KINDS["exemption"])
    hard = rule("hard", "alpha.detected", **KINDS["hard"])
    sure = rule("sure", "true", **KINDS["block"])
    unseen = subject(finding("alpha", Verdict.ABSTAINED))
    decision = policy(hard, sure).decide(unseen)
    assert decision.action is Action.BLOCK
    assert [reason.rule for reason in decision.reasons] == ["sure", "hard"]
    # An exemption lifts the block that is sure; what is unsure stays for a person.
    assert policy(exemption, hard, sure).decide(unseen).action is Action.REVIEW
