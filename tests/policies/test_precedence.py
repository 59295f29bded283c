"""Laws of precedence, over any set of rules."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Finding, Verdict
from policies.base import Action
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
rule_parts = st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(ORDER), st.booleans(), st.booleans())


def build(name: str, parts: tuple[str, str, bool, bool]) -> dict[str, Any]:
    when, kind, skip, shadow = parts
    fields = KINDS[kind] | (SKIP if skip else {}) | {"mode": "shadow" if shadow else "live"}
    return rule(name, when, code=name.replace("-", "_"), **fields)  # a code of its own: equal rules are refused


rule_sets = st.lists(rule_parts, min_size=1, max_size=6).map(
    lambda many: [build(f"rule-{index}", parts) for index, parts in enumerate(many)]
)


@settings(max_examples=40, deadline=None)
@given(rule_sets, findings, st.randoms(use_true_random=False))
def test_the_order_of_rules_never_matters(
    rules: list[dict[str, Any]], found: tuple[Finding, ...], chance: random.Random
) -> None:
    shuffled = rules.copy()
    chance.shuffle(shuffled)
    one, other = policy(*rules).decide(subject(*found)), policy(*shuffled).decide(subject(*found))
    assert (one.action, one.reasons, one.shadow) == (other.action, other.reasons, other.shadow)


@settings(max_examples=40, deadline=None)
@given(rule_sets, findings, rule_parts)
def test_a_shadow_rule_never_changes_what_happens(
    rules: list[dict[str, Any]], found: tuple[Finding, ...], parts: tuple[str, str, bool, bool]
) -> None:
    shadow = build("shadow-rule", (*parts[:3], True))
    before, after = policy(*rules).decide(subject(*found)), policy(*rules, shadow).decide(subject(*found))
    assert (after.action, after.reasons) == (before.action, before.reasons)


@settings(max_examples=40, deadline=None)
@given(rule_sets, findings, rule_parts)
def test_another_rule_never_makes_a_decision_milder_unless_it_exempts(
    rules: list[dict[str, Any]], found: tuple[Finding, ...], parts: tuple[str, str, bool, bool]
) -> None:
    if parts[1] == "exemption":
        parts = (parts[0], "block", *parts[2:])
    before = policy(*rules).decide(subject(*found)).action
    after = policy(*rules, build("another-rule", parts)).decide(subject(*found)).action
    assert after >= before


@settings(max_examples=40, deadline=None)
@given(rule_sets, findings)
def test_a_decision_explains_itself_and_repeats_itself(rules: list[dict[str, Any]], found: tuple[Finding, ...]) -> None:
    loaded = policy(*rules)
    decision = loaded.decide(subject(*found))
    assert decision == loaded.decide(subject(*found))
    assert decision.reasons[0].action is decision.action
    exempts = {item["id"] for item in rules if item.get("exemption")}
    if not any(reason.rule in exempts for reason in decision.reasons):
        assert decision.action is max(reason.action for reason in decision.reasons)


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
