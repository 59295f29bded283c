"""The declaration of GB 45438-2025: written as the standard says, read however it comes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.aigc import MAX_FIELD, Aigc, parse
from core.errors import InvalidInput

PRINTABLE = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=20)


def test_all_seven_fields_stand_in_the_order_of_the_standard() -> None:
    assert list(json.loads(Aigc("1", "生成者", "7").json())) == [
        "Label",
        "ContentProducer",
        "ProduceID",
        "ReservedCode1",
        "ContentPropagator",
        "PropagateID",
        "ReservedCode2",
    ]


@given(st.sampled_from("123"), st.lists(PRINTABLE, min_size=6, max_size=6))
def test_what_was_written_is_read(label: str, values: list[str]) -> None:
    declaration = Aigc(label, *values)
    assert parse(declaration.json()) == declaration
    assert parse(json.dumps({"AIGC": json.loads(declaration.json())})) == declaration


@pytest.mark.parametrize(
    ("field", "value"), [("label", "4"), ("label", ""), ("content_producer", "a\nb"), ("produce_id", "x" * 257)]
)
def test_what_cannot_be_declared_is_named(field: str, value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Aigc(**({"label": "1"} | {field: value}))
    assert caught.value.field == f"aigc.{field}"


@pytest.mark.parametrize("text", ['{"Label":1,"ProduceID":12}', '{"Label":" 1 ","ProduceID":"12","Else":[1]}'])
def test_sloppy_writers_are_read(text: str) -> None:
    assert parse(text) == Aigc("1", produce_id="12")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "1",
        "null",
        "[]",
        '{"AIGC":[]}',
        '{"Label":"4"}',
        '{"Label":true}',
        '{"Label":1.0}',
        '{"Label":["1"]}',
        '{"Label":{"Label":"1"}}',
        "[" * 5000,
        '{"a":' * 3000,
        '{"Label":' + "1" * 10_000 + "}",
        '{"Label":"1","ContentProducer":"' + "x" * 20_000 + '"}',
    ],
)
def test_what_is_no_declaration_is_none(text: str) -> None:
    assert parse(text) is None


def test_hostile_fields_are_cut_and_cleaned() -> None:
    found = parse(json.dumps({"Label": "3", "ContentProducer": "a\x00\ud800\n‮b", "ProduceID": "9" * 400}))
    assert found == Aigc("3", "ab", "9" * MAX_FIELD)
    assert parse('{"Label":"1","ProduceID":' + "9" * 4000 + "}") == Aigc("1")


@given(st.text())
def test_no_text_raises(text: str) -> None:
    parse(text)
    parse('{"Label":"1","ContentProducer":' + json.dumps(text) + "}")
