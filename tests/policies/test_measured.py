"""What detectors measure besides: known on abstentions too, missing where a finding has none, told in cases."""

from __future__ import annotations

import math

import pytest

from detectors.base import Finding, Verdict
from policies.base import Action, Decision
from policies.engine import RulePolicy, find_problems, load_policy
from policies.given import subject_of
from policies.protected import NO_BASE
from policies.reading import Reader
from policies.signals import declare
from tests.policies.fakes import ALPHA, FakeMeasuring, document, finding, rule, subject

LEARNED = FakeMeasuring("learned")
SOURCES = (ALPHA, LEARNED)


def policy(when: str, text: str = "A text.") -> RulePolicy:
    asked = rule("far", when, "label", when_missing="review", text=text)
    return load_policy(document(asked), "a", SOURCES, NO_BASE)


def decide(when: str, *findings: Finding) -> Decision:
    return policy(when).decide(subject(*findings))


def measured(verdict: Verdict = Verdict.ABSTAINED, **fields: object) -> Finding:
    measurements = (("outlying", 1.5), ("quality.jpeg", 60.0))
    return finding("learned", verdict, **{"measurements": measurements, **fields})


def test_a_rule_may_look_at_what_an_abstention_measured() -> None:
    assert decide("learned.abstained && learned.outlying > 1.0", measured()).action is Action.LABEL
    assert decide("learned.outlying > 2.0", measured()).action is Action.ALLOW
    assert decide("learned.quality.jpeg < 70.0", measured(Verdict.DETECTED)).action is Action.LABEL


@pytest.mark.parametrize(
    "findings",
    [
        (),
        (measured(measurements=()),),
        (measured(measurements=(("outlying", math.nan),)),),
        (measured(), measured()),
        (measured(Verdict.DETECTED, score=math.inf),),
    ],
    ids=["none", "unmeasured", "nan", "two", "broken"],
)
def test_what_was_not_measured_is_missing(findings: tuple[Finding, ...]) -> None:
    decision = decide("learned.outlying > 1.0", *findings)
    assert decision.action is Action.REVIEW
    assert [reason.code for reason in decision.reasons] == ["signal_missing"]


def test_the_reason_says_what_was_not_measured() -> None:
    (reason,) = decide("learned.spread > 0.5", measured()).reasons
    assert "learned did not measure spread" in reason.text


def test_a_text_shows_the_figure() -> None:
    seen = policy("learned.outlying > 1.0", "{learned.outlying} times the limit.").decide(subject(measured()))
    assert [reason.text for reason in seen.reasons] == ["1.5 times the limit."]


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("alpha.outlying > 1.0", "alpha.outlying"),
        ("learned.outlyng > 1.0", "learned.outlyng"),
        ("learned.spread > 1.0", "never come true"),
    ],
)
def test_a_slip_is_refused(when: str, told: str) -> None:
    asked = document(rule("far", when, "label", when_missing="review"))
    (problem,) = find_problems(asked, "a", SOURCES, NO_BASE)
    assert told in str(problem)


def test_a_case_gives_measurements_with_a_verdict() -> None:
    given = subject_of({"learned": "abstained", "learned.outlying": 2.0}, SOURCES)
    assert given.findings[0].measurements == (("outlying", 2.0),)
    assert Reader([declare(SOURCES)["learned.outlying"]]).read(given) == {"learned.outlying": 2.0}
