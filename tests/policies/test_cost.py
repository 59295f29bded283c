"""No condition and no finding makes a decision expensive, and no error of CEL's counts as true."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.credential import Credential, CredentialState
from core.media import Kind
from policies.base import Action
from policies.cel import Environment, ExpressionRefused, Outcome
from tests.policies.fakes import document, finding, policy, problem_with, problems, rule, subject

NUMBERS = "[" + ",".join(str(number) for number in range(200)) + "]"


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("alpha.codes.exists(a, " * 3 + "true" + ")" * 3, "loops are nested deeper than 2"),
        ("alpha.detected || " * 300 + "true", "the condition has 5404 characters; at most 4096 are read"),
        ("(" * 100 + "alpha.detected" + ")" * 100, "recursion limit"),
        (" + ".join(["media.width"] * 100) + " > 0", "recursion"),
        ("alpha.codes.map(a, a + a).map(a, a + a).size() > 0", "texts and lists cannot be joined"),
    ],
)
def test_a_pathological_condition_is_refused_at_load(when: str, message: str) -> None:
    start = time.perf_counter()
    found = problems(document(rule("the-rule", when, when_missing="review")))
    assert time.perf_counter() - start < 5.0
    assert any(message in problem.message for problem in found), found


def test_a_loop_that_outruns_its_budget_is_stopped_and_goes_to_a_person() -> None:
    when = f"media.width > 1 && {NUMBERS}.all(a, {NUMBERS}.all(b, a + b >= 0))"
    loaded = policy(rule("loop", when, "label"), rule("calm", "media.width > 1", "label"))
    decision = loaded.decide(subject())
    assert decision.action is Action.REVIEW
    assert [(reason.rule, reason.code) for reason in decision.reasons] == [("loop", "rule_error"), ("calm", "a_code")]


def test_a_detector_with_very_many_codes_cannot_stall_a_decision() -> None:
    loaded = policy(rule("loop", "alpha.codes.exists(a, alpha.codes.exists(b, b == 'none'))", "label"))
    many = finding("alpha", codes=tuple(f"{number:06}" for number in range(20_000)))
    start = time.perf_counter()
    assert [reason.code for reason in loaded.decide(subject(many)).reasons] == ["rule_error"]
    assert time.perf_counter() - start < 5.0  # all 400 million pairs would take minutes


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a" * 201, "the pattern has 201 characters; at most 200 are read"),
        ("(a{100}){101}", "a pattern may count to 100 at most"),
        ("x{0,4000}", "a pattern may count to 100 at most"),
        ("(a{100}){100}", "is not a pattern"),
    ],
)
def test_a_pattern_that_unfolds_into_too_much_is_refused(pattern: str, message: str) -> None:
    assert message in problem_with(f"media.mime.matches('{pattern}')").message


def test_a_pattern_that_is_slow_elsewhere_takes_no_longer_here() -> None:
    loaded = policy(rule("one", "media.mime.matches('^(a+)+$')", "label"))
    start = time.perf_counter()
    assert loaded.decide(subject(mime="a" * 5000 + "!")).action is Action.ALLOW
    assert time.perf_counter() - start < 5.0  # backtracking would not end


def test_too_many_exemptions_and_too_many_words_are_refused() -> None:
    found = problem_with("alpha.detected", exemptions=[f"media.width > {width}" for width in range(21)])
    assert found.message == "21 exemptions; at most 20 are read"
    words = [f"w{number}" for number in range(500)]
    rules = [rule(f"r{n:02}", f"media.mime in lists.long && media.width > {n}", code=f"c{n}") for n in range(21)]
    assert [(each.rule, each.message[:14]) for each in problems(document(*rules, lists={"long": words}))] == [
        ("r20", "with this rule")
    ]
    assert problems(document(*rules[:20], lists={"long": words})) == []


def test_too_many_rules_are_refused() -> None:
    lines = "".join(f"- {{id: r{number}}}\n" for number in range(1001))
    found = problems(f"id: a\nversion: 1\ndescription: x\nrules:\n{lines}")
    assert [problem.message for problem in found] == ["1001 rules; at most 1000 are read"]


@pytest.mark.parametrize(
    "when", ["1 / 0 > 0", "x.s[7] == 'a'", "x.unbound", "10 % x.zero == 0", "int(x.huge) > 0", "!(1 / 0 > 0)"]
)
def test_an_error_is_never_true(when: str) -> None:
    environment = Environment({"x.s": "list<string>", "x.unbound": "bool", "x.zero": "int", "x.huge": "double"})
    bound = environment.bind({"x.s": [], "x.zero": 0, "x.huge": 1e300})
    outcome = environment.compile(when).judge(bound)
    assert outcome is (Outcome.MISSING if when == "x.unbound" else Outcome.ERROR)


@pytest.mark.parametrize(
    ("when", "fields"),
    [
        ("media.mime.contains('bad') && media.mime.size() == 8", {"mime": "fine\0bad"}),
        ("request.prompt.contains('bad')", {"prompt": "fine\0bad"}),
        ("'bad' in request.prompt_words", {"prompt": "fine\0bad"}),
        ("alpha.codes.exists(code, code.endsWith('bad'))", {}),
        ("credential.codes.exists(code, code.endsWith('bad'))", {}),
        ("parameter.style.endsWith('bad')", {"parameters": {"style": "a\0bad"}}),
    ],
)
def test_nothing_hides_behind_a_nul(when: str, fields: dict[str, Any]) -> None:
    loaded = policy(rule("one", when, "block"), parameters={"style": "text"})
    hidden = Credential(CredentialState.INVALID, codes=("a\0bad",))
    seen = subject(finding("alpha", codes=("fine", "a\0bad")), credential=hidden, **fields)
    assert loaded.decide(seen).action is Action.BLOCK


def test_a_wrongly_typed_value_is_an_error() -> None:
    environment = Environment({"x.b": "bool", "x.d": "double"})
    assert environment.compile("x.b").judge(environment.bind({"x.b": "false"})) is Outcome.ERROR
    assert environment.compile("x.d > 0.5").judge(environment.bind({"x.d": None})) is Outcome.ERROR


def test_only_a_bool_is_a_condition() -> None:
    environment = Environment({"x.s": "string"})
    with pytest.raises(ExpressionRefused) as caught:
        environment.compile("x.s")
    assert caught.value.faults[0].message == "the condition must be true or false, and this is of type string"


def test_an_error_where_a_rule_does_not_apply_is_nobody_s_concern() -> None:
    loaded = policy(rule("video-only", "10 % (media.width - 640) == 1", applies_to={"kinds": ["video"]}))
    assert loaded.decide(subject()).action is Action.ALLOW
    assert loaded.decide(subject(kind=Kind.VIDEO)).action is Action.REVIEW


def test_the_message_for_deep_nesting_names_the_rule() -> None:
    assert problem_with("(" * 100 + "true" + ")" * 100).rule == "the-rule"
