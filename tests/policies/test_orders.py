"""Rules for orders, before anything is made: which there can be, what they read, and what is missing for them."""

from __future__ import annotations

from typing import Any

import pytest

from core.media import Kind
from policies.base import Action, Subject
from policies.prompts import MAX_WORDS, words_of
from tests.policies.fakes import document, policy, problems, rule, subject

INPUT: dict[str, Any] = {"applies_to": {"stage": "input"}}


def order(**fields: Any) -> Subject:
    given = {"direction": "outbound", "stage": "input", "task": "text_to_image", "prompt": "", "negative_prompt": ""}
    return Subject(**(given | fields))


def upload(**fields: Any) -> Subject:
    return subject(**({"direction": "inbound"} | fields))


def output(**fields: Any) -> Subject:
    return subject(**({"direction": "outbound", "prompt": "a cat"} | fields))


@pytest.mark.parametrize(
    ("applies_to", "expected"),
    [
        ({}, ["upload", "output"]),
        ({"stage": "input"}, ["input"]),
        ({"stage": "upload"}, ["upload"]),
        ({"stage": "output"}, ["output"]),
        ({"direction": "outbound"}, ["output"]),
    ],
)
def test_a_rule_without_a_stage_looks_at_media_only(applies_to: dict[str, Any], expected: list[str]) -> None:
    scope = {"applies_to": applies_to} if applies_to else {}
    loaded = policy(rule("one", "true", "block", **scope))
    seen = {"input": order(), "upload": upload(), "output": output()}
    assert [name for name, each in seen.items() if loaded.decide(each).action is Action.BLOCK] == expected


def test_a_subject_says_its_stage_or_its_direction_does() -> None:
    assert [each.phase for each in (order(), upload(), output(), upload(stage="output"))] == [
        *("input", "upload", "output", "output")
    ]


@pytest.mark.parametrize(
    ("when", "fields", "code"),
    [
        ("request.prompt.contains('cat')", {"prompt": "a cat"}, "a_code"),
        ("request.prompt == ''", {}, "a_code"),
        ("'cat' in request.prompt_words", {"prompt": "ＣＡＴ!"}, "a_code"),
        ("'cat' in request.prompt_words", {"prompt": "concatenate"}, "no_rule_fired"),
        ("'cat' in request.negative_prompt_words", {"negative_prompt": "no Cat"}, "a_code"),
        ("'cat' in request.prompt_words", {"prompt": "x " * (MAX_WORDS + 1)}, "signal_missing"),
        ("request.prompt == ''", {"prompt": None}, "signal_missing"),
        ("request.purpose == 'satire'", {}, "signal_missing"),
        ("request.purpose == 'satire'", {"purpose": "satire"}, "a_code"),
        ("request.likeness && !request.consent", {"likeness": True, "consent": False}, "a_code"),
        ("request.likeness && !request.consent", {"likeness": True}, "signal_missing"),
        ("request.likeness && !request.consent", {"likeness": False}, "no_rule_fired"),
        ("request.model == 'big'", {"model": "big"}, "a_code"),
        ("request.stage == 'input'", {}, "a_code"),
    ],
)
def test_what_a_rule_for_orders_reads(when: str, fields: dict[str, Any], code: str) -> None:
    assert policy(rule("one", when, **INPUT)).decide(order(**fields)).reasons[0].code == code


def test_the_reason_says_what_was_not_declared() -> None:
    text = policy(rule("one", "request.consent", **INPUT)).decide(order()).reasons[0].text
    assert text.endswith("the requester has not declared consent")


@pytest.mark.parametrize("when", ["media.width > 1", "credential.state == 'none'", "alpha.detected", "!alpha.ran"])
def test_what_is_not_there_yet_is_refused(when: str) -> None:
    name = when.lstrip("!").split()[0]
    found = problems(document(rule("one", when, **INPUT, when_missing="review")))
    assert [problem.message for problem in found] == [f"{name} has no value at stage input: nothing has been made"]
    found = problems(document(rule("one", "true", **INPUT, text=f"{{{name}}}")))
    assert [problem.message for problem in found] == [f"{name} has no value at stage input"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"applies_to": {"stage": "input", "direction": "inbound"}}, "nothing inbound is ever at stage input"),
        ({"applies_to": {"stage": "output", "direction": "inbound"}}, "nothing inbound is ever at stage output"),
        ({"applies_to": {"stage": "input", "kinds": ["image"]}}, "there are no media at stage input"),
        ({"applies_to": {"direction": "inbound", "tasks": ["upscale"]}}, "nothing inbound is made by a model"),
        ({"applies_to": {"stage": "input"}, "action": "label"}, "nothing has been made at stage input"),
    ],
)
def test_scopes_that_nothing_has_are_refused(fields: dict[str, Any], message: str) -> None:
    found = problems(document(rule("one", "true", **fields)))
    assert len(found) == 1, found
    assert message in found[0].message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A cat, on a MAT", ["a", "cat", "on", "a", "mat"]),
        ("ﬁne Straße", ["fine", "strasse"]),
        ("c\u200bat \u202ecat", ["cat", "cat", "c", "at"]),  # models take some invisible characters for a gap
        ("naïve 2x 日本", ["naïve", "naive", "2x", "日本"]),
        ("сhild кот", ["сhild", "child", "кот"]),  # a Cyrillic letter that looks Latin; a Cyrillic word
        ("a k i t e", ["a", "k", "i", "t", "e", "akite"]),
        ("a b cat", ["a", "b", "cat"]),
        ("", []),
        ("—!?", []),
    ],
)
def test_words_of_a_prompt(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_media_of_an_unknown_kind_have_none() -> None:
    decision = policy(rule("one", "media.kind == 'video'")).decide(upload(kind=None))
    assert decision.reasons[0].code == "signal_missing"
    assert policy(rule("one", "true", "block", applies_to={"kinds": list(Kind)})).decide(upload(kind=None)).action is (
        Action.ALLOW
    )
