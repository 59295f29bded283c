"""docs/policy.md is true: its policies load, its examples of keys and conditions do, its slips get their hints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from detectors.base import Source, Verdict
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.verdicts.names import CARRIED
from policies.engine import RulePolicy, find_problems, load_policy
from policies.grammar import POLICY, RULE, SCOPE, Shape
from policies.protected import NO_BASE
from policies.signals import declare
from tests.policies.fakes import finding, subject

PAGE = Path(__file__).parents[2].joinpath("docs/policy.md").read_text()
SOURCES: list[Source] = list(build(HashList()))
POLICIES = [text for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if text.startswith("id:")]
NAMES: dict[str, Any] = {
    "thresholds": {"copied": 12.0},
    "lists": {"sensitive": ["avatar"]},
    "parameters": {"strength": "number"},
}
PLAIN = {"id": "a-rule", "title": "A", "when": "true", "action": "review", "code": "a", "text": "A."}


def section(title: str) -> str:
    """What stands under a heading, to the next one of any level."""
    return re.split(r"\n#+ ", PAGE.split(f"{title}\n", 1)[1])[0]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, without headings."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if line.startswith("| `") or (line.startswith("| ") and len(cells) == 2 and cells[1].startswith("`")):
            found.append(cells)
    return found


def load(text: str) -> RulePolicy:
    return load_policy(text, "docs/policy.md", SOURCES, NO_BASE)


def accepted(when: str, **fields: Any) -> list[str]:
    """What is wrong with a condition, with its hint; empty for a good one."""
    stage = {"applies_to": {"stage": "input"}} if "request.prompt" in when else {}
    document = {"id": "a", "version": "1", "description": "A.", **NAMES}
    rule = PLAIN | {"when": when, "when_missing": "review"} | stage | fields
    return [str(each) for each in find_problems(json.dumps(document | {"rules": [rule]}), "a", SOURCES, NO_BASE)]


def test_there_are_policies_to_load() -> None:
    assert [load(text).id for text in POLICIES] == ["our-platform", "our-orders"]


@pytest.mark.parametrize(
    ("title", "shape"), [("### The document", POLICY), ("### A rule", RULE), ("### `applies_to`", SCOPE)]
)
def test_every_key_is_explained_with_an_example_that_loads(title: str, shape: Shape) -> None:
    table = rows(section(title))
    assert [row[0].strip("`") for row in table] == list(shape.keys)
    for name, _, example in table:
        if name == "`protected`":
            continue
        written = yaml.BaseLoader(example.strip("`")).get_single_data()
        assert name.strip("`") in written
        assert find_problems(with_example(example.strip("`"), shape), "a", SOURCES, NO_BASE) == [], name


def with_example(example: str, shape: Shape) -> str:
    """A policy with the keys of the example, which stay as they are written."""
    given = example.removeprefix("{").removesuffix("}")
    named = set(yaml.BaseLoader(example).get_single_data())

    def table(base: dict[str, Any], *own: str) -> str:
        kept = [f"{key}: {json.dumps(value)}" for key, value in base.items() if key not in named or not own]
        return "{" + ", ".join([*kept, *own]) + "}"

    top = {"id": "a", "version": "1", "description": "A.", **NAMES}
    if shape is POLICY:
        return table(top | {"rules": [PLAIN]}, given)
    rule = table(PLAIN, given) if shape is RULE else table(PLAIN)[:-1] + f", applies_to: {{{given}}}}}"
    return "{" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in top.items()) + f", rules: [{rule}]}}"


def test_every_way_to_say_something_is_accepted() -> None:
    ways = [row for row in rows(section("## Conditions")) if len(row) == 2]
    assert len(ways) > 10
    assert {way: accepted(way.strip("`")) for _, way in ways if accepted(way.strip("`"))} == {}


def test_every_slip_is_refused_with_its_hint_and_what_is_meant_is_accepted() -> None:
    slips = [row for row in rows(section("## Conditions")) if len(row) == 3 and row[1].startswith("`")]
    assert len(slips) > 15
    for slip, meant, hint in slips:
        (complaint,) = accepted(slip.strip("`"))
        assert hint in complaint, complaint
        assert accepted(meant.strip("`")) == [], meant


def test_every_signal_is_listed() -> None:
    listed = set(re.findall(r"`((?:request|media|credential)\.[a-z_]+)`", section("## Conditions")))
    fixed = {name for name in declare(()) if not name.startswith("parameter.")}
    assert fixed <= listed
    parts = set(re.findall(r"`NAME\.([a-z_.]+)`", section("## Conditions")))
    plain = {signal.part for signal in declare(SOURCES).values() if signal.source == "copy_move"}
    assert parts == plain | CARRIED.keys()


def test_the_explanations_are_what_the_policy_says() -> None:
    loaded = load(POLICIES[0])
    quoted = re.findall(r"^> (.*)$", PAGE, re.MULTILINE)
    seen = [
        subject(finding("copy_move", Verdict.DETECTED, score=score), finding("known_hash"), surface="avatar")
        for score in (12.5, 11.5)
    ]
    first, second = (loaded.explain(each) for each in seen)
    assert first.milder is not None
    assert [first.milder.text, second.near[0].text] == quoted
