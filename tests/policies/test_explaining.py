"""What nearly happened: every claim of an explanation is held against the policy itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from detectors.base import Finding, Verdict
from policies.base import Action, Subject
from policies.changes import Change
from policies.engine import RulePolicy
from policies.explaining import Explanation
from tests.policies.fakes import finding, policy, rule, subject

SKIP: dict[str, Any] = {"when_missing": "skip", "skip_reason": "A test."}


def changed(seen: Subject, change: Change) -> Subject:
    """A subject for which one signal of a finding is another: what a claim says would have been."""
    source, _, part = change.signal.partition(".")
    if source == "media":
        media: dict[str, Any] = {part: change.after}
        return replace(seen, **media)
    if part == "detected":
        fields: dict[str, Any] = {"verdict": Verdict.DETECTED if change.after else Verdict.NOT_DETECTED}
    else:
        fields = {part: tuple(change.after) if isinstance(change.after, list) else change.after}
    findings = tuple(replace(each, **fields) if each.detector == source else each for each in seen.findings)
    return replace(seen, findings=findings)


def explained(*rules: dict[str, Any], seen: Subject, **fields: Any) -> Explanation:
    return policy(*rules, **fields).explain(seen)


SCORED = subject(finding("alpha", score=0.46), finding("beta"))


def test_the_nearest_change_in_words() -> None:
    found = explained(rule("copied", "alpha.score > thresholds.t"), seen=SCORED, thresholds={"t": 0.31})
    assert found.decision.action is Action.REVIEW
    assert found.stricter is None
    assert found.nearest is found.milder is not None
    assert (
        found.milder.text == "If alpha.score had been 0.31 or less instead of 0.46, the action would have been allow."
    )
    assert (found.milder.rule, found.milder.beyond) == ("", True)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("alpha.score >= 0.31", "If alpha.score had been less than 0.31 instead of 0.46"),
        ("alpha.score < 0.5", "If alpha.score had been 0.5 or more instead of 0.46"),
        ("alpha.score <= 0.5", "If alpha.score had been more than 0.5 instead of 0.46"),
        ("alpha.score > 0.4 && alpha.score < 0.9", "If alpha.score had been 0.4 or less instead of 0.46"),
        ("alpha.score != 0.5", "If alpha.score had been 0.5 instead of 0.46"),
        ("alpha.score >= 0.123 && alpha.score > 0.3", "If alpha.score had been 0.3 or less instead of 0.46"),
        ("!(alpha.score <= 0.3)", "If alpha.score had been 0.3 or less instead of 0.46"),
        ("!beta.detected", "If beta.detected had been true instead of false"),
        ("media.width == 640", "If media.width had been 639 or less instead of 640"),
        ("media.width > 600", "If media.width had been 600 or less instead of 640"),
        ("media.mime == 'image/jpeg'", "If media.mime had been empty instead of image/jpeg"),
        ("credential.state == 'none'", "If credential.state had been expired_no_timestamp instead of none"),
        ("!('x' in beta.codes)", "If beta.codes had been x instead of empty"),
        # Beyond 0.31 the calculation may turn again: nothing is said of it.
        ("alpha.score > 0.31 && alpha.score * 2.0 > 0.1", "If alpha.score had been 0.31 instead of 0.46"),
    ],
)
def test_words_for_every_kind_of_change(when: str, text: str) -> None:
    found = explained(rule("one", when), seen=SCORED)
    assert found.milder is not None
    assert found.milder.text == f"{text}, the action would have been allow."


def test_what_no_single_change_alters_is_said_to_have_none() -> None:
    found = explained(rule("one", "true"), rule("two", "media.width > 9", "label"), seen=SCORED)
    assert (found.milder, found.stricter, found.nearest) == (None, None, None)
    both = explained(rule("one", "beta.detected && alpha.detected", "block"), seen=SCORED)
    assert both.stricter is None


def test_both_directions_are_told_and_the_smaller_is_the_nearest() -> None:
    rules = rule("low", "alpha.score > 0.45", "label"), rule("high", "alpha.score > 0.9", "block")
    found = explained(*rules, seen=SCORED)
    assert found.milder is not None
    assert found.stricter is not None
    assert (found.milder.action, found.stricter.action, found.stricter.rule) == (Action.ALLOW, Action.BLOCK, "high")
    assert found.nearest is found.milder


def test_what_is_missing_may_be_what_decided() -> None:
    found = explained(rule("one", "alpha.detected"), seen=subject())
    assert found.milder is not None
    assert found.milder.text == "If alpha.detected had been false instead of missing, the action would have been allow."


def test_an_exemption_may_be_the_nearest_change() -> None:
    found = explained(rule("one", "true", exemptions=["media.width > 650"]), seen=SCORED)
    assert found.milder is not None
    assert found.milder.change.signal == "media.width"


@pytest.mark.parametrize(
    ("when", "kind", "text"),
    [
        ("alpha.score > 0.5", "near", "if alpha.score had been just above 0.5 instead of 0.46."),
        ("alpha.score >= 0.5", "near", "if alpha.score had been 0.5 instead of 0.46."),
        ("media.width > 700 && alpha.score > 0.5", "near", "0.46 and media.width had been 701 instead of 640."),
        ("beta.detected && media.width > 1", "one_short", "if beta.detected had been true instead of false."),
        ("!(alpha.score < 0.5)", "near", "if alpha.score had been 0.5 instead of 0.46."),
        (
            "alpha.score > 0.9 && media.width > 1",
            "one_short",
            "if alpha.score had been just above 0.9 instead of 0.46.",
        ),
    ],
)
def test_rules_that_nearly_fired(when: str, kind: str, text: str) -> None:
    (miss,) = explained(rule("one", when, "block"), seen=SCORED).near
    assert (miss.rule, miss.action, miss.kind) == ("one", Action.BLOCK, kind)
    assert miss.text.endswith(text)


@pytest.mark.parametrize(
    ("when", "fields"),
    [
        ("alpha.score > 0.6", {}),
        ("beta.detected", {}),
        ("beta.detected && alpha.score > 0.9", {}),
        ("alpha.score > 0.4", {}),
        ("alpha.score > 0.5", {"applies_to": {"direction": "outbound"}}),
        ("alpha.score > 0.5", {"exemptions": ["media.width > 1"]}),
    ],
)
def test_rules_that_did_not_nearly_fire(when: str, fields: dict[str, Any]) -> None:
    assert explained(rule("one", when, **fields), seen=SCORED).near == ()


def test_near_misses_are_few_and_the_nearest_come_first() -> None:
    rules = [rule(f"r{number}", f"alpha.score > {0.461 + number / 1000}", code=f"c{number}") for number in range(20)]
    near = explained(*rules, rule("z", "beta.detected && media.width > 1", mode="shadow"), seen=SCORED).near
    assert [miss.rule for miss in near] == [f"r{number}" for number in range(10)]


def test_what_would_have_altered_the_action_beside_what_nearly_fired() -> None:
    told = explained(rule("one", "alpha.score > 0.5", "block"), seen=SCORED)
    assert told.milder is None
    assert told.near[0].changes[0].limit == 0.5
    assert told.stricter is not None
    assert (told.stricter.action, told.stricter.change.signal) == (Action.BLOCK, "alpha.score")


operators = st.sampled_from(["<", "<=", ">", ">=", "=="])
numbers = st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9])
comparisons = st.builds("{} {} {}".format, st.sampled_from(["alpha.score", "beta.probability"]), operators, numbers)
parts = st.one_of(comparisons, st.sampled_from(["alpha.detected", "!beta.detected", "'x' in alpha.codes"]))
conditions = st.one_of(parts, st.builds("{} {} {}".format, parts, st.sampled_from(["&&", "||"]), parts))
actions = st.sampled_from([action.name.lower() for action in Action])
rules_drawn = st.lists(st.tuples(conditions, actions), min_size=1, max_size=4)
findings = (
    st.builds(
        finding,
        st.just("alpha"),
        st.sampled_from([Verdict.DETECTED, Verdict.NOT_DETECTED]),
        score=st.floats(0, 1),
        codes=st.sampled_from([(), ("x",), ("y",)]),
    ),
    st.builds(finding, st.just("beta"), st.sampled_from(list(Verdict)), probability=st.floats(0, 1)),
)


def build(drawn: list[tuple[str, str]]) -> RulePolicy | None:
    """None where the rules drawn cannot be loaded together (impossible, or one covers another)."""
    try:
        return policy(*(rule(f"r{n}", when, action, code=f"c{n}", **SKIP) for n, (when, action) in enumerate(drawn)))
    except ConfigurationError:
        return None


@settings(max_examples=60, deadline=None)
@given(rules_drawn, *findings)
def test_every_claim_holds_for_the_subject_that_it_speaks_of(
    drawn: list[tuple[str, str]], alpha: Finding, beta: Finding
) -> None:
    loaded, seen = build(drawn), subject(alpha, beta)
    if loaded is None:
        return
    told = loaded.explain(seen)
    assert told.decision == loaded.decide(seen)
    for alternative in (told.milder, told.stricter):
        if alternative is not None and alternative.change.before is not None:
            other = loaded.decide(changed(seen, alternative.change))
            assert (other.action, other.reasons[0].rule) == (alternative.action, alternative.rule)
    for miss in told.near:
        there = seen
        for change in miss.changes:
            there = changed(there, change)
        reasons = [*loaded.decide(there).reasons, *loaded.decide(there).shadow]
        assert any((reason.rule, reason.code[0]) == (miss.rule, "c") for reason in reasons)


@settings(max_examples=60, deadline=None)
@given(rules_drawn, *findings)
def test_no_nearer_number_alters_the_action_and_further_ones_do_as_told(
    drawn: list[tuple[str, str]], alpha: Finding, beta: Finding
) -> None:
    loaded, seen = build(drawn), subject(alpha, beta)
    if loaded is None:
        return
    told = loaded.explain(seen)
    values = loaded.read(seen)
    for name in {"alpha.score", "beta.probability"} & values.keys():
        for step in range(41):
            value = step / 40
            action = loaded.decide_on({**values, name: value}, seen).action
            if told.nearest is None:
                assert action is told.decision.action
            if told.nearest is None or told.nearest.change.signal != name:
                continue
            change = told.nearest.change
            assert isinstance(change.before, float)
            assert isinstance(change.after, float)
            if abs(value - change.before) < abs(change.after - change.before):
                assert action is told.decision.action
            if told.nearest.beyond and (value > change.after if change.upwards else value < change.after):
                assert action is told.nearest.action
