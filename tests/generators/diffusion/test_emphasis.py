"""Emphasis: the notation, its nesting and escapes, and that nothing else of a prompt is touched."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from generators.diffusion.emphasis import MAX_WEIGHT, Weighted, escape, parse
from policies.prompts import words_of

NOTATION = st.text(alphabet=r"ab ()[]:.129\,", max_size=60)
WORD = st.text(alphabet="abcdefgh ", min_size=1, max_size=20)


def weighed(prompt: str) -> dict[str, float]:
    """The weight of each word."""
    parsed = parse(prompt)
    found: dict[str, float] = {}
    at = 0
    for word in parsed.text.split(" "):
        found[word] = round(parsed.weights[at], 3) if word else 0
        at += len(word) + 1
    return found


@pytest.mark.parametrize(
    ("prompt", "weights"),
    [
        ("a dog", {"a": 1, "dog": 1}),
        ("a (dog:1.3)", {"a": 1, "dog": 1.3}),
        ("a (dog) here", {"a": 1, "dog": 1.1, "here": 1}),
        ("a [dog] here", {"a": 1, "dog": 0.909, "here": 1}),
        ("a (big (red:1.5) dog:1.2)", {"a": 1, "big": 1.2, "red": 1.8, "dog": 1.2}),
        ("((dog))", {"dog": 1.21}),
        ("[(dog:1.1)]", {"dog": 1.0}),
        ("(dog: 0.5 )", {"dog": 0.5}),
        ("(dog:0)", {"dog": 0}),
        (r"a \(dog\)", {"a": 1, "(dog)": 1}),
        (r"a \(dog:1.3\)", {"a": 1, "(dog:1.3)": 1}),
        ("a smile :)", {"a": 1, "smile": 1, ":)": 1}),
        ("(a dog", {"(a": 1, "dog": 1}),
        ("a] dog[", {"a]": 1, "dog[": 1}),
        ("n(u:1)de", {"n(u:1)de": 1}),
        ("do(g:1.3)", {"do(g:1.3)": 1}),
        ("(do:1.3)g", {"(do:1.3)g": 1}),
        ("nu\u0301(d:1)e", {"nu\u0301(d:1)e": 1}),
        ("n\u200b(u:1)\u200bde", {"n\u200b(u:1)\u200bde": 1}),
        ("at 12:30", {"at": 1, "12:30": 1}),
        ("(ki:1.2)(te:1.2)", {"ki": 1.2, "te": 1.2}),
        ("[ki](te)", {"ki": 0.909, "te": 1.1}),
        ("(n:1)(a)[ked]", {"n": 1, "a": 1.1, "ked": 0.909}),
    ],
)
def test_the_notation(prompt: str, weights: dict[str, float]) -> None:
    assert weighed(prompt) == weights


@pytest.mark.parametrize("prompt", ["(dog:2.1)", "((dog:1.5):1.5)", "(((((((((dog)))))))))", "(dog:999)"])
def test_too_much_weight_is_refused(prompt: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse(prompt, field="negative_prompt")
    assert (refusal.value.field, refusal.value.limit) == ("negative_prompt", "2")
    assert float(refusal.value.found) > MAX_WEIGHT


@given(NOTATION)
def test_whatever_is_written_is_parsed_or_refused_for_its_weight(prompt: str) -> None:
    try:
        parsed = parse(prompt)
    except InvalidInput:
        return
    assert len(parsed.weights) == len(parsed.text) <= len(prompt)
    assert all(0 <= weight <= MAX_WEIGHT for weight in parsed.weights)


@given(st.text(alphabet=r"kite ()[]:.1\\", max_size=40))
def test_the_model_is_told_no_word_that_a_list_of_words_does_not_see(prompt: str) -> None:
    try:
        parsed = parse(prompt)
    except InvalidInput:
        return
    seen = words_of(prompt)
    assert seen is not None
    assert set(re.findall(r"\w+", parsed.text)) <= set(seen)


@given(st.text(max_size=60))
def test_escaped_text_says_itself_and_weighs_nothing(text: str) -> None:
    escaped = escape(text.replace("\\", "/"))
    assert parse(escaped) == Weighted(text.replace("\\", "/"), (1.0,) * len(text))


@given(st.text(max_size=60).filter(lambda text: not set(text) & set("()[]\\")))
def test_text_without_brackets_is_left_alone(text: str) -> None:
    assert parse(text) == Weighted(text, (1.0,) * len(text))


@given(WORD, WORD, st.decimals(0, 2, places=2))
def test_a_weight_holds_within_its_brackets_alone(before: str, within: str, weight: object) -> None:
    parsed = parse(f"{before} ({within}:{weight}) {before}")
    assert parsed.text == f"{before} {within} {before}"
    around = (1.0,) * (len(before) + 1)
    assert parsed.weights == around + (float(str(weight)),) * len(within) + around


@given(WORD, st.sampled_from(["()", "[]"]), st.integers(1, 5))
def test_brackets_nest_by_multiplying(word: str, pair: str, depth: int) -> None:
    factor = {"()": 1.1, "[]": 1 / 1.1}[pair] ** depth
    parsed = parse(pair[0] * depth + word + pair[1] * depth)
    assert parsed.text == word
    assert parsed.weights == pytest.approx([factor] * len(word))
