"""Rules that could never fire, or change nothing, are refused; those that may fire are not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.fakes import document, problem_with, problems, rule


@pytest.mark.parametrize(
    ("when", "fields", "message"),
    [
        ("alpha.score > 0.8 && alpha.score < 0.2", {}, "no alpha.score is this"),
        ("alpha.score > 0.8 && 0.8 > alpha.score", {}, "no alpha.score is this"),
        ("alpha.score == 0.5 && alpha.score != 0.1 && alpha.score > 0.6", {}, "no alpha.score is this"),
        ("media.width > 1 && media.width < 2", {}, "no media.width is this"),
        ("media.mime == 'image/png' && beta.detected && media.mime == 'image/jpeg'", {}, "media.mime cannot be this"),
        ("media.mime in ['a', 'b'] && media.mime in ['c']", {}, "media.mime cannot be this"),
        ("alpha.detected && false", {}, "this part never holds"),
        ("media.kind == 'video'", {"applies_to": {"kinds": ["image"]}}, "media.kind cannot be this"),
        (
            "request.direction == 'inbound'",
            {"applies_to": {"direction": "outbound"}},
            "request.direction cannot be this",
        ),
        ("request.stage == 'input'", {}, "request.stage cannot be this"),
        ("request.stage == 'upload'", {"applies_to": {"stage": "output"}}, "request.stage cannot be this"),
        ("request.surface == 'feed'", {"applies_to": {"surfaces": ["avatar"]}}, "request.surface cannot be this"),
        ("'avatar' == request.tenant", {"applies_to": {"tenants": ["a"]}}, "request.tenant cannot be this"),
        ("request.task in ['a']", {"applies_to": {"tasks": ["b"]}}, "request.task cannot be this"),
        ("request.jurisdiction == 'DE'", {"applies_to": {"jurisdictions": ["FR"]}}, "request.jurisdiction cannot be"),
    ],
)
def test_a_rule_that_could_never_fire_is_refused(when: str, fields: dict[str, Any], message: str) -> None:
    found = problem_with(when, **fields)
    assert found.message.startswith(message)
    assert found.hint


@pytest.mark.parametrize(
    ("when", "fields"),
    [
        ("alpha.score > 0.2 && alpha.score < 0.8", {}),
        ("alpha.score >= 0.5 && alpha.score <= 0.5", {}),
        ("media.width > 1 && media.width < 3", {}),
        ("alpha.score > 0.8 || alpha.score < 0.2", {}),
        ("media.mime == 'a' || media.mime == 'b'", {}),
        ("media.mime in ['a', 'b'] && media.mime in ['b', 'c']", {}),
        ("media.kind == 'video'", {"applies_to": {"kinds": ["image", "video"]}}),
        ("alpha.codes.exists(mime, mime == 'a') && alpha.codes.exists(mime, mime == 'b')", {}),
        ("!(media.mime == 'a') && media.mime == 'a' || alpha.detected", {}),
        ("request.surface == 'feed'", {"applies_to": {"surfaces": ["avatar", "feed"]}}),
    ],
)
def test_what_may_fire_is_accepted(when: str, fields: dict[str, Any]) -> None:
    assert problems(document(rule("the-rule", when, when_missing="review", **fields))) == []


BASE = rule("one", "alpha.detected && media.width > 1", "review")


@pytest.mark.parametrize(
    "narrower",
    [
        {},
        {"when": "alpha.detected   &&  media.width > 1 // the same"},
        {"text": "Another text.", "title": "Another"},
        {"applies_to": {"stage": "upload"}},
        {"applies_to": {"surfaces": ["feed"]}},
        {"effective_until": "2026-12-31"},
        {"rollout": 10},
    ],
)
def test_a_rule_that_another_covers_is_refused(narrower: dict[str, Any]) -> None:
    found = problems(document(BASE, BASE | {"id": "two"} | narrower))
    assert [(problem.rule, problem.hint[:8]) for problem in found] == [("two", "take one")]
    assert "'one' says the same wherever this one applies" in found[0].message
    # Whichever stands first: the narrower one is at fault.
    if set(narrower) & {"applies_to", "effective_until", "rollout"}:
        assert [problem.rule for problem in problems(document(BASE | {"id": "two"} | narrower, BASE))] == ["two"]


@pytest.mark.parametrize(
    "other",
    [
        {"code": "another_code"},
        {"action": "label"},
        {"mode": "shadow"},
        {"when": "alpha.detected && media.width > 2"},
        {"when_missing": "skip", "skip_reason": "A test."},
        {"exemptions": ["beta.detected"]},
        {"applies_to": {"stage": "input"}, "when": "request.likeness"},
    ],
)
def test_a_rule_that_says_something_else_is_accepted(other: dict[str, Any]) -> None:
    assert problems(document(BASE, BASE | {"id": "two"} | other)) == []


def test_of_two_narrow_rules_neither_covers_the_other() -> None:
    first, second = ({"applies_to": {"surfaces": [name]}} for name in ("feed", "avatar"))
    assert problems(document(BASE | first, BASE | {"id": "two"} | second)) == []
    # Shares are drawn by the rules' ids, so a smaller one is no part of a larger one.
    assert problems(document(BASE | {"rollout": 50}, BASE | {"id": "two", "rollout": 10})) == []
