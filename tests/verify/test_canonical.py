from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.canonical import canonical_json, parse_canonical, parse_json
from countersign.verify.errors import VerificationError

numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2**53) + 1, 2**53 - 1)
scalars = st.none() | st.booleans() | numbers | st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        # RFC 8785, section 3.2.2.3 and appendix B, as far as the range goes.
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (4.50, "4.5"),
        (2e-3, "0.002"),
        (0.000001, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-10, "1.5e-10"),
        (0.00001, "0.00001"),
        (-1.234e-5, "-0.00001234"),
        (333333333.3333333, "333333333.3333333"),
        (9007199254740991.0, "9007199254740991"),
        # RFC 8785, section 3.2.2.2.
        ("\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
        # RFC 8785, section 3.2.3: UTF-16 order puts the astral 😀 (D83D…) before U+FB33.
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7},
         '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'),
    ],
)  # fmt: skip
def test_values_have_the_form_of_rfc_8785(value: Any, text: str) -> None:
    assert canonical_json(value).decode() == text


@given(values)
def test_the_canonical_form_reads_back(value: Any) -> None:
    data = canonical_json(value)
    assert parse_canonical(data) == value
    assert json.loads(data) == value


@given(values)
def test_any_other_spelling_is_refused(value: Any) -> None:
    for spelling in (json.dumps(value, indent=1), json.dumps({"x": value}), " " + canonical_json(value).decode()):
        if spelling.encode() != canonical_json(parse_json(spelling.encode())):
            with pytest.raises(VerificationError):
                parse_canonical(spelling.encode())


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), 1e16, "\ud800", {1: 2}, {"\udc00": 1}, b"x", object()]
)
def test_values_without_a_form_are_refused(value: Any) -> None:
    with pytest.raises(VerificationError):
        canonical_json(value)


def test_deep_nesting_is_refused_not_a_crash() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(VerificationError):
        canonical_json(deep)
    with pytest.raises(VerificationError):
        parse_json(b"[" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b"NaN",
        b"[Infinity]",
        b"\xff",
        b"01",
        b"1e999",
        b"1.0",
        b"-0",
    ],
)
def test_malformed_or_ambiguous_json_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_canonical(data)
