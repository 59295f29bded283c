"""Fusing is only faster: the outcomes are those of judging each condition alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Verdict
from policies.bundle import Bundle
from policies.cel import Condition, Environment, Outcome
from policies.reading import Reader, Value
from policies.signals import declare
from tests.policies.fakes import DETECTORS, finding, subject

SIGNALS = declare(DETECTORS)
ENVIRONMENT = Environment({name: signal.type for name, signal in SIGNALS.items()})
READER = Reader(SIGNALS.values())
CONDITIONS = [
    ENVIRONMENT.compile(text)
    for text in (
        "true // a comment",
        "alpha.detected",
        "alpha.detected || media.width > 1",
        "alpha.detected && media.width < 1",
        "alpha.score > 0.5 && beta.score > 0.5",
        "alpha.score > 0.5 || beta.detected",
        "alpha.codes.exists(code, code.startsWith('x'))",
        "10 % media.width == 1",
        "10 % media.height == 1 && beta.detected",
        "alpha.abstained || !beta.ran",
        "still.probability > 0.5 ? alpha.detected : beta.detected",
        "alpha.codes[1] == 'x'",
    )
    * 3  # more than one table
]
BUNDLE = Bundle(CONDITIONS, SIGNALS, ENVIRONMENT)


def alone(conditions: list[Condition], values: dict[str, Value]) -> dict[int, Outcome]:
    bound = ENVIRONMENT.bind(values)
    return {index: condition.judge(bound) for index, condition in enumerate(conditions)}


found = st.builds(
    finding,
    st.sampled_from(["alpha", "beta", "still"]),
    st.sampled_from(list(Verdict)),
    score=st.sampled_from([None, 0.2, 0.8, float("nan")]),
    probability=st.sampled_from([None, 0.2, 0.8]),
    codes=st.sampled_from([(), ("x",), ("y", "x")]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(found, max_size=4), st.sampled_from([0, 3, 640]), st.sampled_from([0, 480]))
def test_fused_and_alone_agree(findings: list, width: int, height: int) -> None:  # type: ignore[type-arg]
    values = READER.read(subject(*findings, width=width, height=height))
    expected = {index: outcome for index, outcome in alone(CONDITIONS, values).items() if outcome is not Outcome.FALSE}
    assert BUNDLE.judge(values, range(len(CONDITIONS))) == expected


def test_only_what_is_wanted_is_judged() -> None:
    values = READER.read(subject())
    assert BUNDLE.judge(values, [0, 3]) == {0: Outcome.TRUE}
    assert BUNDLE.judge(values, [1, 3]) == {1: Outcome.MISSING}


def test_a_condition_at_the_limit_of_nesting_is_judged_alone() -> None:
    deep = ENVIRONMENT.compile("(" * 31 + "alpha.detected" + ")" * 31)
    values = READER.read(subject(finding("alpha", Verdict.DETECTED)))
    assert Bundle([deep], SIGNALS, ENVIRONMENT).judge(values, [0]) == {0: Outcome.TRUE}


def test_every_outcome_occurs() -> None:
    values = READER.read(subject(finding("beta"), width=0))
    assert set(alone(CONDITIONS, values).values()) == set(Outcome)


def test_an_outcome_has_no_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(Outcome.FALSE)
