"""The schema for editors says what the reader says, as far as a form can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from policies import files, grammar, schema
from policies.protected import BASE_FILE
from tests.policies.fakes import document, problems, rule

VALIDATOR = Draft7Validator(schema.json_schema())
COMMITTED = Path(schema.__file__).with_name("policy.schema.json")


class Loader(yaml.SafeLoader):
    """YAML as editors hand it to a schema: dates stay texts."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def accepts(text: str) -> bool:
    return bool(VALIDATOR.is_valid(Loader(text).get_single_data()))


def test_the_committed_schema_is_that_of_this_grammar() -> None:
    assert COMMITTED.read_text() == schema.text(), "run python -m policies.schema > policies/policy.schema.json"


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(schema.json_schema())


def test_every_key_is_in_it_with_its_meaning() -> None:
    keys = dict(grammar.POLICY.walk())
    written = schema.text()
    assert len(keys) > 25
    assert all(f'"{name}"' in written and key.about.split(".")[0] in written for name, key in keys.items())


@pytest.mark.parametrize("path", [*files.packs(), BASE_FILE], ids=lambda path: path.stem)
def test_it_accepts_every_policy_that_is_shipped(path: Path) -> None:
    assert list(VALIDATOR.iter_errors(Loader(path.read_text()).get_single_data())) == []


WHOLE: dict[str, Any] = {
    "when": "alpha.score > thresholds.t",
    "user_text": "Words.",
    "severity": "critical",
    "hard": True,
    "action": "block",
    "mode": "shadow",
    "cites": ["A law, article 1"],
    "due": "48h",
    "applies_to": {"direction": "outbound", "stage": "output", "kinds": ["image"], "tenants": ["lists.some"]},
    "effective_from": "2026-08-02",
    "effective_until": "2026-08-31T12:00:00+02:00",
    "rollout": 12.5,
    "when_missing": "skip",
    "skip_reason": "A reason.",
}
NAMES: dict[str, Any] = {"thresholds": {"t": 0.5}, "lists": {"some": ["a"]}, "parameters": {"strength": "number"}}


def test_both_accept_a_rule_with_everything() -> None:
    text = document(rule("one", **WHOLE), **NAMES)
    assert problems(text) == []
    assert accepts(text)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"wen": "true"}, {}),
        ({"title": ""}, {}),
        ({"id": "Not Kebab"}, {}),
        ({"code": "Not-Snake"}, {}),
        ({"action": "stop"}, {}),
        ({"severity": "severe"}, {}),
        ({"mode": "dark"}, {}),
        ({"hard": "yes"}, {}),
        ({"action": "label"}, {}),
        ({"exemption": True}, {}),
        ({"when_missing": "review"}, {}),
        ({"due": "two days"}, {}),
        ({"rollout": 0}, {}),
        ({"rollout": 101}, {}),
        ({"effective_from": "2026-08-02T00:00:00"}, {}),
        ({"effective_from": "tomorrow"}, {}),
        ({"cites": []}, {}),
        ({"exemptions": "alpha.detected"}, {}),
        ({"applies_to": {"kinds": ["audio"]}}, {}),
        ({"applies_to": {"stage": "middle"}}, {}),
        ({"applies_to": {"kind": ["image"]}}, {}),
        ({"applies_to": ["image"]}, {}),
        ({}, {"thresholds": {"t": "0.5"}}),
        ({}, {"thresholds": {"T": 0.5, "t": 1.0}}),
        ({}, {"lists": {"some": []}}),
        ({}, {"parameters": {"strength": "double"}}),
        ({}, {"rules": []}),
        ({}, {"extra": 1}),
    ],
)
def test_both_refuse_what_has_the_wrong_form(change: dict[str, Any], names: dict[str, Any]) -> None:
    text = document(rule("one", **WHOLE) | change, **(NAMES | names))
    assert problems(text)
    assert not accepts(text)


@pytest.mark.parametrize("change", [{"hard": False}, {"action": "allow", "exemption": True}, {"exemption": False}])
def test_both_accept_flags_where_they_belong_and_those_that_are_off(change: dict[str, Any]) -> None:
    text = document(rule("one", "alpha.detected", **change))
    assert problems(text) == []
    assert accepts(text)
