"""Thresholds, lists and parameters: names that a policy gives and its rules share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Verdict
from policies.base import Action, Decision
from policies.constants import MAX_WORDS
from tests.policies.fakes import document, finding, policy, problems, rule, subject


def decide(when: str, *findings: Any, given: dict[str, Any], **fields: Any) -> Decision:
    return policy(rule("the-rule", when, "label"), **given).decide(subject(*findings, **fields))


def complaint(when: str, **given: Any) -> tuple[str, str]:
    found = problems(document(rule("the-rule", when), **given))
    assert len(found) == 1, found
    return found[0].message, found[0].hint


@pytest.mark.parametrize(("score", "action"), [(0.4, Action.ALLOW), (0.46, Action.ALLOW), (0.47, Action.LABEL)])
def test_a_threshold_stands_for_its_number(score: float, action: Action) -> None:
    given = {"thresholds": {"copied": 0.46}}
    assert decide("alpha.score > thresholds.copied", finding("alpha", score=score), given=given).action is action


def test_texts_and_operands_name_the_threshold() -> None:
    spoken = rule("the-rule", "alpha.score > thresholds . copied", text="{alpha.score} is above {thresholds.copied}")
    reason = policy(spoken, thresholds={"copied": 0.46}).decide(subject(finding("alpha", score=0.5))).reasons[0]
    assert reason.text == "0.5 is above 0.46"
    assert reason.operands == {"alpha.score": "0.5", "thresholds.copied": "0.46"}


def test_a_threshold_is_held_against_the_scale_of_its_signal_and_its_type() -> None:
    assert "alpha.probability is from 0 to 1" in complaint("alpha.probability > thresholds.t", thresholds={"t": 1.5})[0]
    assert (
        "division by something that may be zero"
        in complaint("alpha.score / thresholds.t > 1.0", thresholds={"t": 0.0})[0]
    )
    message, hint = complaint("alpha.score > thresholds.t", thresholds={"t": 1})
    assert (message, "such as 1.0" in hint) == ("> does not take double on the left and int on the right", True)


def test_a_misspelt_name_is_refused_with_the_nearest() -> None:
    hint = "did you mean 'thresholds.copied'?"
    assert complaint("alpha.score > thresholds.copid", thresholds={"copied": 0.4}) == (
        "there is no signal 'thresholds.copid'",
        hint,
    )
    assert complaint("media.mime in lists.typs", lists={"types": ["a"]})[1] == "did you mean 'lists.types'?"


@pytest.mark.parametrize("value", ["0.5", True, None, [1], float("inf"), 2**63])
def test_a_threshold_is_a_number(value: Any) -> None:
    found = problems(document(rule("one", "alpha.detected"), thresholds={"t": value}))
    assert [problem.message for problem in found] == ["the threshold 't' must be a number"]


LISTS = {"eu": ["DE", "FR"], "strict": ["lists.eu", "US-CA", "DE"], "odd": ['a"b', "\\", "a\u2028b", "ü\n"]}


def test_lists_include_each_other() -> None:
    when = "request.jurisdiction in lists.strict"
    assert decide(when, given={"lists": LISTS}, jurisdiction="FR").action is Action.LABEL
    assert decide(when, given={"lists": LISTS}, jurisdiction="US-CA").action is Action.LABEL
    assert decide(when, given={"lists": LISTS}, jurisdiction="lists.eu").action is Action.ALLOW


@pytest.mark.parametrize("word", LISTS["odd"])
def test_words_are_taken_as_they_are(word: str) -> None:
    assert decide("request.surface in lists.odd", given={"lists": LISTS}, surface=word).action is Action.LABEL


def test_lists_can_be_walked_and_shown_in_texts() -> None:
    when = "alpha.codes.exists(code, lists.eu.exists(word, code.startsWith(word)))"
    found = finding("alpha", Verdict.DETECTED, codes=("DE.one",))
    spoken = policy(rule("the-rule", when, text="{lists.eu}"), lists=LISTS)
    assert spoken.decide(subject(found)).reasons[0].text == "DE, FR"


def test_lists_narrow_where_a_rule_applies() -> None:
    loaded = policy(rule("one", "true", "block", applies_to={"jurisdictions": ["lists.eu", "US-CA"]}), lists=LISTS)
    assert [loaded.decide(subject(jurisdiction=each)).action.name for each in ("DE", "US-CA", "US-NY", "")] == [
        *("BLOCK", "BLOCK", "ALLOW", "ALLOW")
    ]
    misspelt = document(rule("one", "true", applies_to={"tasks": ["lists.ue"]}), lists={"eu": ["DE"]})
    assert [problem.message for problem in problems(misspelt)] == ["there is no list 'lists.ue'"]


def test_lists_in_a_circle_are_refused_with_the_way_round() -> None:
    text = document(rule("one", "true"), lists={"a": ["lists.b"], "b": ["x", "lists.c"], "c": ["lists.a"]})
    assert [(problem.message, problem.hint) for problem in problems(text)] == [
        ("lists include each other in a circle: lists.a → lists.b → lists.c → lists.a", "take one of them out")
    ]
    assert len(problems(document(rule("one", "true"), lists={"a": ["lists.a"]}))) == 1


def test_a_list_too_long_is_refused_also_where_it_is_put_together() -> None:
    half = [f"w{number}" for number in range(MAX_WORDS // 2 + 1)]
    other = [f"v{number}" for number in range(MAX_WORDS // 2 + 1)]
    found = problems(document(rule("one", "true"), lists={"a": half, "b": other, "c": ["lists.a", "lists.b"]}))
    assert [problem.message.partition(" words")[0] for problem in found] == [f"lists.c has {2 * len(half)}"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lists": {"a": []}}, "`a` must be a list with at least one entry"),
        ({"lists": {"a": "b"}}, "`a` must be a list with at least one entry"),
        ({"lists": {"a": [True]}}, "`a` holds true, which YAML takes for true or false"),
        ({"lists": {"a-b": ["c"]}}, "'a-b' cannot be a name in `lists`"),
        ({"thresholds": {"in": 1}}, "'in' cannot be a name in `thresholds`"),
        ({"thresholds": [1]}, "`thresholds` must be a table of `key: value`"),
        ({"thresholds": {f"t{n}": 1 for n in range(201)}}, "`thresholds` has 201 names; at most 200 are read"),
        ({"lists": {"a": ["lists.b"]}}, "there is no list 'lists.b'"),
        ({"parameters": {"strength": "double"}}, "the parameter 'strength' must be said to be a number or a text"),
    ],
)
def test_what_is_no_shared_name_is_refused(given: dict[str, Any], message: str) -> None:
    assert [problem.message for problem in problems(document(rule("one", "true"), **given))] == [message]


PARAMETERS = {"parameters": {"strength": "number", "style": "text"}}


@pytest.mark.parametrize(
    ("settings_of_order", "code"),
    [
        ({"strength": 0.9}, "a_code"),
        ({"strength": 1}, "a_code"),
        ({"strength": 0.1}, "no_rule_fired"),
        ({"strength": "0.9"}, "signal_missing"),
        ({"strength": float("nan")}, "signal_missing"),
        ({}, "signal_missing"),
    ],
)
def test_parameters_are_read_as_declared(settings_of_order: dict[str, Any], code: str) -> None:
    loaded = policy(rule("one", "parameter.strength > 0.8", applies_to={"stage": "input"}), **PARAMETERS)
    order = subject(direction="outbound", stage="input", parameters=settings_of_order)
    assert loaded.decide(order).reasons[0].code == code


def test_a_parameter_that_the_policy_does_not_declare_is_refused() -> None:
    assert complaint("parameter.stile == 'x'", **PARAMETERS)[1] == "did you mean 'parameter.style'?"


# JSON writes what lies beyond as two halves, which YAML does not join.
letters = st.characters(min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=["Cs"])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(letters), min_size=1, max_size=5))
def test_any_text_can_be_a_word_of_a_list(words: list[str]) -> None:
    given = {"lists": {"words": [f"={word}" for word in words]}}
    assert decide("request.surface in lists.words", given=given, surface=f"={words[0]}").action is Action.LABEL
