"""The shape of a policy document: what is refused, where, and with which advice."""

from __future__ import annotations

import pytest

from policies.problems import Position
from tests.policies.fakes import document, policy, problems, rule

GOOD = """\
id: a-policy
version: "1.10"
description: A test.
rules:
  - id: first-rule
    title: First
    when: alpha.detected
    action: review
    code: a_code
    text: A text.
"""


def complaints(text: str) -> list[str]:
    return [str(problem) for problem in problems(text)]


def test_a_good_document_has_no_problem() -> None:
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("id: a-policy", "id: A Policy", "a-policy.yaml:1:5: `id: A Policy` has the wrong form"),
        ('version: "1.10"', "version:", "a-policy.yaml:2:9: `version` must be a non-empty text"),
        ("description: A test.\n", "", "a-policy.yaml:1:1: the policy lacks `description`"),
        ("    when: alpha", "    wen: 1\n    when: alpha", "a-policy.yaml:7:5: rule 'first-rule': unknown key 'wen'"),
        ("action: review", "action: reveiw", "a-policy.yaml:8:13: rule 'first-rule': `action: reveiw` is not possible"),
        ("code: a_code", "code: A-Code", "a-policy.yaml:9:11: rule 'first-rule': `code: A-Code` has the wrong form"),
        ("code: a_code", "code: signal_missing", "a-policy.yaml:9:5: rule 'first-rule': the code 'signal_missing' is"),
        (
            "action: review",
            "action: review\n    hard: yes",
            "a-policy.yaml:9:11: rule 'first-rule': `hard` must be true",
        ),
        (
            "action: review",
            "action: review\n    hard: true",
            "9:5: rule 'first-rule': `hard` belongs to `action: block`",
        ),
        ("action: review", "action: block\n    exemption: true", "`exemption` belongs to `action: allow`"),
        (
            "action: review",
            "action: review\n    when_missing: skip",
            "9:5: rule 'first-rule': `when_missing: skip` needs",
        ),
        ("action: review", "action: review\n    skip_reason: So.", "`skip_reason` belongs to `when_missing: skip`"),
        ("action: review", "action: review\n    mode: dark", "`mode: dark` is not possible (one of live, shadow)"),
        ("action: review", "action: review\n    applies_to: {kinds: [imag]}", "9:26: rule 'first-rule': 'imag' is not"),
        ("action: review", "action: review\n    applies_to: {kinds: []}", "must be a list with at least one entry"),
        ("action: review", "action: review\n    applies_to: {kind: [image]}", "(did you mean 'kinds'?)"),
        ("action: review", "action: review\n    applies_to: inbound", "`applies_to` must be a table"),
        ("text: A text.", 'text: "{alpha.scor}"', "10:12: rule 'first-rule': the text names no signal: 'alpha.scor'"),
        ("text: A text.", 'text: "50 } 3"', "10:15: rule 'first-rule': the text names no signal: ''"),
    ],
)
def test_each_mistake_is_refused_at_its_place(old: str, new: str, complaint: str) -> None:
    found = complaints(GOOD.replace(old, new, 1))
    assert len(found) == 1, found
    assert complaint in found[0]


def test_a_policy_without_rules_is_refused() -> None:
    assert "at least one rule" in complaints(document())[0]
    assert "at least one rule" in complaints(GOOD[: GOOD.index("  - id")])[0]
    assert "at least one rule" in complaints(GOOD[: GOOD.index("rules:")])[0]


def test_a_second_rule_with_the_same_id_is_refused_and_the_first_is_named() -> None:
    second = GOOD[GOOD.index("  - id") :].replace("First", "Second")
    assert complaints(GOOD + second) == [
        "a-policy.yaml:11:5: rule 'first-rule': another rule has this id (the first is on line 5)"
    ]


def test_all_problems_are_reported_in_order_of_position() -> None:
    text = GOOD.replace("id: a-policy", "id: A").replace("alpha.detected", "alpha.detectd").replace("review", "stop")
    assert [problem.position.line for problem in problems(text)] == [1, 7, 8]


def test_a_scalar_is_kept_as_it_was_written() -> None:
    loaded = policy(rule("one", "alpha.detected"))
    assert loaded.version == "1"
    assert complaints(GOOD.replace('"1.10"', "1.10")) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the document is empty"),
        ("- a", "the policy must be a table"),
        (GOOD + "id: again\n", "11:1: the key 'id' stands here twice"),
        (GOOD.replace("A test.", "&here A test."), "anchors and aliases are not accepted"),
        (GOOD.replace("A test.", "!!python/object:os.system x"), "is not accepted"),
        (GOOD.replace("A test.", '"\\ud800"'), "surrogate"),
        (GOOD + "---\nid: two\n", "another document"),
        ("id: [", "expected the node content"),
        ("id: \x07", "characters that YAML does not allow"),
        ("[" * 100_000, "nested deeper than"),
        ("a: " + "x" * 300_000, "at most"),
    ],
)
def test_hostile_or_broken_yaml_is_refused(text: str, complaint: str) -> None:
    found = complaints(text)
    assert len(found) == 1, found
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("condition", "line", "column"),
    [
        ("alpha.detectd", 7, 11),
        ("'beta.detected || alpha.detectd'", 7, 29),
        ('"beta.detected ||  alpha.detectd"', 7, 30),
        ("beta.detected\n      || alpha.detectd", 8, 10),
        (">-\n      beta.detected ||\n      alpha.detectd", 9, 7),
        ("|\n      beta.detected\n        || alpha.detectd", 9, 12),
        ("'credential.codes == [''it''] || alpha.detectd'", 7, 44),
    ],
)
def test_a_problem_inside_a_condition_is_placed_whatever_the_quoting(condition: str, line: int, column: int) -> None:
    found = problems(GOOD.replace("alpha.detected", condition))
    assert [(problem.position, problem.hint) for problem in found] == [
        (Position(line, column), "did you mean 'alpha.detected'?")
    ]
