"""What a label may be, and when one can stand in for another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from generators.marking import gb45438
from generators.marking.label import Label, Mark, Placement

LABELS = st.builds(
    Label,
    st.sampled_from(["AI", "AI-generated", "made with AI", "AI生成"]),
    st.sampled_from(Mark),
    st.sampled_from(Placement),
    st.sampled_from([0.02, 0.05, 0.1, 0.25]),
)


@pytest.mark.parametrize(
    ("values", "field", "limit"),
    [
        ({}, "label.text", "1 character"),
        ({"text": "  "}, "label.text", "1 character"),
        ({"text": "A" * 65}, "label.text", "64 characters"),
        ({"text": "···"}, "label.text", "1 letter or digit"),
        ({"text": "½"}, "label.text", "1 letter or digit"),
        ({"text": "two\nlines"}, "label.text", "Latin"),
        ({"text": "AI\u202egenerated"}, "label.text", "Latin"),
        ({"text": "A\u00adI"}, "label.text", "Latin"),
        ({"text": "صنعه الذكاء"}, "label.text", "Latin"),
        ({"text": "AI 🤖"}, "label.text", "Latin"),
        ({"text": "ż 生成"}, "label.text", "Latin"),
        ({"text": "AI", "height_fraction": 0.019}, "label.height_fraction", "0.02 to 0.25"),
        ({"text": "AI", "height_fraction": 0.26}, "label.height_fraction", "0.02 to 0.25"),
        ({"text": "AI", "height_fraction": float("nan")}, "label.height_fraction", "0.02 to 0.25"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_name(values: dict[str, str], field: str, limit: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Label(**values)  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.limit[: len(limit)]) == (field, limit)


def test_missing_letters_are_shown() -> None:
    with pytest.raises(InvalidInput) as caught:
        Label("AI ☃ ﷽")
    assert caught.value.found == "☃ U+2603 ﷽ U+FDFD"


def test_letters_and_their_accents_are_one() -> None:
    assert Label(" Ge\u0301ne\u0301re\u0301 ") == Label("Généré")


@given(LABELS, LABELS, LABELS)
def test_to_serve_for_is_a_partial_order(a: Label, b: Label, c: Label) -> None:
    assert a.serves_for(a)
    if a.serves_for(b) and b.serves_for(c):
        assert a.serves_for(c)
    if a.serves_for(b):
        assert b.text == a.text
        assert a.height_fraction >= b.height_fraction


@pytest.mark.parametrize(
    ("change", "serves"),
    [
        ({"text": "Picture: AI-generated"}, False),
        ({"text": "Not AI-generated, a real photo"}, False),
        ({"text": "AI"}, False),
        ({"mark": Mark.AI}, True),
        ({"height_fraction": 0.06}, True),
        ({"height_fraction": 0.04}, False),
        ({"placement": Placement.TOP_LEFT}, True),
        ({"placement": Placement.BOTTOM_BAR}, True),
        ({"placement": Placement.CENTRE}, False),
    ],
)
def test_what_serves_for_a_demanded_label(change: dict[str, object], serves: bool) -> None:
    demanded = Label("AI-generated")
    assert replace(demanded, **change).serves_for(demanded) is serves  # type: ignore[arg-type]


def test_no_text_serves_for_a_mark() -> None:
    assert not Label("AI").serves_for(Label(mark=Mark.AI))


@pytest.mark.parametrize("text", ["AI生成", "由人工智能生成", "人工智能合成", "AI生成合成"])
def test_labels_that_the_chinese_standard_accepts(text: str) -> None:
    assert gb45438.shortcomings(Label(text, placement=Placement.TOP_LEFT)) == []


def test_what_the_chinese_standard_misses_is_told_whole() -> None:
    label = Label(mark=Mark.AI, placement=Placement.CENTRE, height_fraction=0.04)
    assert len(gb45438.shortcomings(label)) == 4
    assert gb45438.shortcomings(Label("AI-generated")) == ["the text names neither 生成 nor 合成"]
