"""Parameters: what a request may say, and how a refusal names it."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import InvalidInput
from generators.base import Parameter, Value
from generators.parameters import complete, parse

SCALE = Parameter("scale", "int", 2, "factor", choices=(2, 4))
SIGMA = Parameter("sigma", "float", 0.0, "noise", minimum=0.0, maximum=100.0)
STEPS = Parameter("steps", "int", 20, "steps", minimum=1, maximum=50)
STYLE = Parameter("style", "string", "plain", "style", choices=("plain", "bold"))
ALL = (SCALE, SIGMA, STEPS, STYLE)


def refusal(wire: dict[str, str]) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse(ALL, wire)
    return caught.value


def test_nothing_given_means_the_defaults_in_order() -> None:
    assert list(parse(ALL, {}).items()) == [("scale", 2), ("sigma", 0.0), ("steps", 20), ("style", "plain")]


def test_what_is_given_is_typed() -> None:
    values = parse(ALL, {"scale": "4", "sigma": "12.5", "style": "bold"})
    assert values == {"scale": 4, "sigma": 12.5, "steps": 20, "style": "bold"}
    assert type(values["scale"]) is int


def test_a_float_may_be_written_as_an_integer() -> None:
    sigma = parse(ALL, {"sigma": "25"})["sigma"]
    assert (sigma, type(sigma)) == (25.0, float)


@pytest.mark.parametrize(
    ("name", "text", "limit"),
    [
        ("scale", "3", "one of 2, 4"),
        ("scale", "2.0", "one of 2, 4"),
        ("scale", "", "one of 2, 4"),
        ("scale", "9" * 400, "one of 2, 4"),
        ("steps", "0", "an integer from 1 up to 50"),
        ("steps", "51", "an integer from 1 up to 50"),
        ("steps", "1_0", "an integer from 1 up to 50"),
        ("steps", " 7", "an integer from 1 up to 50"),
        ("sigma", "-0.1", "a number from 0 up to 100"),
        ("sigma", "nan", "a number from 0 up to 100"),
        ("sigma", "inf", "a number from 0 up to 100"),
        ("sigma", "loud", "a number from 0 up to 100"),
        ("style", "loud", "one of plain, bold"),
    ],
)
def test_a_refusal_names_field_limit_and_what_was_found(name: str, text: str, limit: str) -> None:
    error = refusal({name: text})
    assert error.field == f"parameters.{name}"
    assert error.limit == limit
    assert error.found in (text[:64], str(_number(text)))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    error = refusal({"scael": "4"})
    assert error.field == "parameters.scael"
    assert error.limit == "one of scale, sigma, steps, style"


def test_a_long_value_is_not_repeated_whole() -> None:
    assert len(refusal({"style": "x" * 10_000}).found) == 64


def test_a_bool_is_no_number() -> None:
    with pytest.raises(InvalidInput):
        complete(ALL, {"steps": True})


@given(st.integers(), st.integers(), st.integers())
def test_integers_pass_exactly_within_their_range(low: int, high: int, value: int) -> None:
    parameter = Parameter("n", "int", 0, "", minimum=low, maximum=high)
    if low <= value <= high:
        assert parse([parameter], {"n": str(value)}) == {"n": value}
    else:
        with pytest.raises(InvalidInput):
            parse([parameter], {"n": str(value)})


@given(st.floats())
def test_floats_survive_the_wire_and_only_finite_ones_pass(value: float) -> None:
    parameter = Parameter("x", "float", 0.0, "")
    if math.isfinite(value):
        assert parse([parameter], {"x": repr(value)}) == {"x": value}
    else:
        with pytest.raises(InvalidInput):
            parse([parameter], {"x": repr(value)})


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12), min_size=1, max_size=4))
def test_names_that_are_not_declared_are_refused_by_name(wire: dict[str, str]) -> None:
    assume(not wire.keys() & {parameter.name for parameter in ALL})
    assert refusal(wire).field.removeprefix("parameters.") in wire


@given(st.text(max_size=12))
def test_text_becomes_a_number_within_bounds_or_a_named_refusal(text: str) -> None:
    try:
        steps = parse([STEPS], {"steps": text})["steps"]
    except InvalidInput as error:
        steps = error.field
    assert steps in (*range(1, 51), "parameters.steps")


@given(st.sampled_from((2, 4)), st.floats(0, 100), st.integers(1, 50), st.sampled_from(("plain", "bold")))
def test_checking_values_that_passed_changes_nothing(scale: int, sigma: float, steps: int, style: str) -> None:
    values: dict[str, Value] = {"scale": scale, "sigma": sigma, "steps": steps, "style": style}
    assert complete(ALL, complete(ALL, values)) == values


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
