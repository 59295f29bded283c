"""Where, when and for which share of the content a rule is in force; and the exemptions that a rule itself has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import digest_of
from detectors.base import Verdict
from policies.base import Action, Severity
from policies.windows import Window, moment, within
from tests.policies.fakes import document, finding, policy, problems, rule, subject

START, END = datetime(2026, 8, 2, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
AUGUST = {"effective_from": "2026-08-02", "effective_until": "2026-08-31"}


@pytest.mark.parametrize(
    ("at", "action"),
    [
        (START - INSTANT, Action.ALLOW),
        (START, Action.BLOCK),
        (START.astimezone(timezone(timedelta(hours=-8))), Action.BLOCK),
        (END - INSTANT, Action.BLOCK),
        (END, Action.ALLOW),
    ],
)
def test_a_window_opens_with_its_first_day_and_closes_with_its_last(at: datetime, action: Action) -> None:
    assert policy(rule("one", "true", "block", **AUGUST)).decide(subject(at=at)).action is action


@pytest.mark.parametrize(
    ("text", "closing", "expected"),
    [
        ("2026-08-02", False, START),
        ("2026-08-31", True, END),
        ("2026-08-02T00:00:00Z", True, START),
        ("2026-08-02T02:00:00+02:00", False, START),
        ("2026-08-02 00:00:00+00:00", False, START),
    ],
)
def test_dates_are_days_in_utc_and_instants_say_their_zone(text: str, closing: bool, expected: datetime) -> None:
    assert moment(text, closing=closing) == expected


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"effective_from": "2026-08-02T00:00:00"}, "does not say where it is that late"),
        ({"effective_from": "2026-02-30"}, "'2026-02-30' is not a date"),
        ({"effective_until": "soon"}, "'soon' is not a date"),
        ({"effective_until": "9999-12-31"}, "is not a date"),
        ({"effective_from": "2026-08-02", "effective_until": "2026-08-01"}, "the rule ends before it begins"),
        (
            {"effective_from": "2026-08-02T09:00:00Z", "effective_until": "2026-08-02T09:00:00Z"},
            "ends before it begins",
        ),
        ({"rollout": 0}, "`rollout` must be a number above 0, at most 100"),
        ({"rollout": 101}, "`rollout` must be a number above 0, at most 100"),
        ({"rollout": "25%"}, "`rollout` must be a number above 0, at most 100"),
        ({"severity": "severe"}, "`severity: severe` is not possible"),
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any], message: str) -> None:
    found = problems(document(rule("one", "true", **fields)))
    assert len(found) == 1, found
    assert message in found[0].message


def test_a_rule_whose_time_or_share_cannot_be_told_goes_to_a_person() -> None:
    for fields in (AUGUST, {"rollout": 50}):
        loaded = policy(rule("one", "true", "block", when_missing="skip", skip_reason="A test.", **fields))
        decision = loaded.decide(subject())
        assert (decision.action, decision.reasons[0].code) == (Action.REVIEW, "signal_missing")
        assert "the caller did not give it" in decision.reasons[0].text
    # What does not fire anyway needs neither.
    assert policy(rule("one", "media.width < 1", **AUGUST)).decide(subject()).action is Action.ALLOW


moments = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC))
sides = st.one_of(st.none(), moments)


@settings(max_examples=200)
@given(sides, sides, sides, sides, moments)
def test_a_window_that_contains_another_holds_whenever_it_does(
    a: datetime | None, b: datetime | None, c: datetime | None, d: datetime | None, at: datetime
) -> None:
    wide, narrow = Window(a, b), Window(c, d)
    if wide.contains(narrow) and narrow.holds(at):
        assert wide.holds(at)
    if wide.empty:
        assert not wide.holds(at)


digests = st.binary(max_size=8).map(digest_of)
percents = st.floats(0.01, 100)


@settings(max_examples=200)
@given(digests, percents, percents)
def test_a_growing_share_never_loses_anything(digest: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert within(small, "rule", digest) == within(small, "rule", digest)
    assert within(large, "rule", digest) or not within(small, "rule", digest)
    assert within(100, "rule", digest)


def test_a_share_is_as_large_as_it_says_and_another_rule_s_is_another() -> None:
    many = [digest_of(str(number).encode()) for number in range(4000)]
    first = {digest for digest in many if within(25, "first-rule", digest)}
    second = {digest for digest in many if within(25, "second-rule", digest)}
    # 4000 draws at 25 %: 5 standard deviations are 137.
    assert abs(len(first) - 1000) < 137
    assert abs(len(first & second) - 250) < 77


def test_a_rollout_decides_by_the_content_alone() -> None:
    loaded = policy(rule("one", "true", "block", rollout=25))
    for number in range(40):
        digest = digest_of(str(number).encode())
        expected = Action.BLOCK if within(25, "one", digest) else Action.ALLOW
        assert {loaded.decide(subject(digest=digest, surface=each)).action for each in ("feed", "")} == {expected}


EXEMPT: dict[str, Any] = {"exemptions": ["request.tenant == 'news'", "beta.detected"]}


@pytest.mark.parametrize(
    ("tenant", "beta", "action"),
    [
        ("", Verdict.NOT_DETECTED, Action.BLOCK),
        ("news", Verdict.NOT_DETECTED, Action.ALLOW),
        ("", Verdict.DETECTED, Action.ALLOW),
        # An exemption that cannot be judged lifts nothing.
        ("", Verdict.ABSTAINED, Action.BLOCK),
        ("news", Verdict.ABSTAINED, Action.ALLOW),
    ],
)
def test_the_exemptions_of_a_rule(tenant: str, beta: Verdict, action: Action) -> None:
    loaded = policy(rule("one", "alpha.detected", "block", **EXEMPT), rule("two", "media.width < 1"))
    seen = subject(finding("alpha", Verdict.DETECTED), finding("beta", beta), tenant=tenant)
    assert loaded.decide(seen).action is action


def test_an_exemption_also_lifts_what_could_not_be_judged() -> None:
    loaded = policy(rule("one", "alpha.detected", "block", **EXEMPT))
    assert loaded.decide(subject(tenant="news")).action is Action.ALLOW
    assert loaded.decide(subject()).action is Action.REVIEW


@pytest.mark.parametrize("fields", [{"action": "block", "hard": True}, {"action": "allow"}])
def test_exemptions_where_they_would_mean_something_else_are_refused(fields: dict[str, Any]) -> None:
    found = problems(document(rule("one", "alpha.detected", **EXEMPT, **fields)))
    assert "`exemptions` do not belong to" in found[0].message


def test_an_exemption_is_checked_like_any_condition() -> None:
    found = problems(document(rule("one", "alpha.detected", exemptions=["true", "alpha.scor > 0.5"])))
    assert [problem.hint for problem in found] == ["did you mean 'alpha.score'?"]


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"action": "allow"}, Severity.INFO),
        ({"action": "label"}, Severity.LOW),
        ({"action": "review"}, Severity.MEDIUM),
        ({"action": "block"}, Severity.HIGH),
        ({"action": "block", "hard": True}, Severity.CRITICAL),
        ({"action": "label", "severity": "critical"}, Severity.CRITICAL),
    ],
)
def test_severity_is_as_written_or_follows_from_the_action(fields: dict[str, Any], severity: Severity) -> None:
    assert policy(rule("one", "true", **fields)).decide(subject()).reasons[0].severity is severity


def test_the_person_concerned_gets_words_of_their_own() -> None:
    spoken = policy(rule("one", "true", text="{media.width} wide", user_text="Your picture is {media.width} wide."))
    reason = spoken.decide(subject()).reasons[0]
    assert (reason.text, reason.user_text) == ("640 wide", "Your picture is 640 wide.")
    assert policy(rule("one", "true")).decide(subject()).reasons[0].user_text == ""
    found = problems(document(rule("one", "true", user_text="{media.widht}")))
    assert [problem.hint for problem in found] == ["did you mean 'media.width'?"]
