"""A policy with one thing changed in it, over and over: what a good set of cases must notice.

Each rule is removed, its action, mode and treatment of missing signals are changed, its condition is negated, each
number in it is moved a little both ways, each entry of a list and each part of its scope is taken away.

Changes are made to the document's nodes and in the text of conditions, so that what is loaded is a policy like any
other. This module knows documents. It does not run cases: `policies.mutation` does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from policies.base import Action
from policies.compiler import CompiledRule
from policies.engine import RulePolicy
from policies.problems import Position
from policies.rules import WhenMissing
from policies.signals import Signal
from policies.strict_yaml import Node, Scalar, Sequence, Table, read
from policies.tree import Node as Part

STEP = 0.1
"""How far a decimal number is moved, as a part of it. A whole number is moved by one."""

Change: TypeAlias = tuple[str, Position, Table | None]
"""What is changed, where, and the rule as it becomes; None where it is taken away."""
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TEXT = re.compile(r"""(r?)("(\\.|[^"\\])*"|'(\\.|[^'\\])*')""")
_SWAPPED = {"_&&_": ("&&", "||"), "_||_": ("||", "&&")}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed policy. change: what was done, for people. position: where, in the policy as it was."""

    rule: str
    change: str
    position: Position
    text: str


def mutants(text: str, policy: RulePolicy, signals: Mapping[str, Signal]) -> Iterator[Mutant]:
    """Every change of `policy`, whose document is `text`, that is one: no mutant decides as the policy does."""
    root = read(text)
    if not isinstance(root, Table) or not isinstance(rules := root.entries["rules"], Sequence):
        return
    compiled = {rule.rule.id: rule for rule in policy.rules}
    for index, rule in enumerate(rules.items):
        if not isinstance(rule, Table) or not isinstance(name := rule.entries["id"], Scalar):
            continue
        for change, position, changed in _of_rule(rule, compiled[name.text], signals):
            items = [changed if at == index else item for at, item in enumerate(rules.items)]
            rest = Sequence(tuple(item for item in items if item is not None), rules.position)
            yield Mutant(name.text, change, position, flow(_with(root, "rules", rest)))


def flow(node: Node) -> str:
    """A node as YAML in flow style, each scalar of the kind that it had."""
    if isinstance(node, Table):
        return "{" + ", ".join(f"{json.dumps(key)}: {flow(value)}" for key, value in node.entries.items()) + "}"
    if isinstance(node, Sequence):
        return "[" + ", ".join(flow(item) for item in node.items) + "]"
    return json.dumps(node.text, ensure_ascii=False) if node.kind == "str" else node.text


def _of_rule(rule: Table, compiled: CompiledRule, signals: Mapping[str, Signal]) -> Iterator[Change]:
    yield "the rule removed", rule.position, None
    yield from _actions(rule)
    yield from _words(rule, "mode", "live", ("live", "shadow"))
    yield from _missing(rule)
    yield from _scopes(rule, "kinds" if _knows_its_kinds(compiled, signals) else "")
    when = rule.entries["when"]
    if isinstance(when, Scalar):
        yield "the condition negated", when.position, _with(rule, "when", _text(when, f"!({when.text}\n)"))
        for start, end, new in _edits(when.text, compiled.condition.tree):
            before = when.text[:start].split("\n")
            place = when.locate(len(before), len(before[-1]) + 1)
            text = when.text[:start] + new + when.text[end:]
            change = (
                f"{when.text[start:end].strip(' ,')!r} replaced by {new!r}" if new else f"{when.text[start:end]!r} cut"
            )
            yield f"in the condition, {change}", place, _with(rule, "when", _text(when, text))


def _actions(rule: Table) -> Iterator[Change]:
    action = rule.entries["action"]
    plain = _without(_without(rule, "hard"), "exemption")
    for other in Action:
        name = other.name.lower()
        if isinstance(action, Scalar) and name != action.text:
            yield f"the action {action.text} → {name}", action.position, _with(plain, "action", _text(action, name))


def _missing(rule: Table) -> Iterator[Change]:
    where = rule.keys.get("when_missing", rule.position)
    node = rule.entries.get("when_missing")
    if isinstance(node, Scalar) and node.text == "skip":
        yield "when_missing: skip → review", where, _without(_without(rule, "skip_reason"), "when_missing")
    elif isinstance(node, Scalar):
        reason = _with(rule, "skip_reason", _text(node, "a mutant"))
        yield "when_missing: review → skip", where, _with(reason, "when_missing", _text(node, "skip"))


def _words(rule: Table, key: str, default: str, words: tuple[str, ...]) -> Iterator[Change]:
    node = rule.entries.get(key)
    now = node.text if isinstance(node, Scalar) else default
    for word in words:
        if word != now:
            scalar = Scalar(word, "str", rule.position, word)
            yield f"{key} {now} → {word}", rule.keys.get(key, rule.position), _with(rule, key, scalar)


def _knows_its_kinds(compiled: CompiledRule, signals: Mapping[str, Signal]) -> bool:
    """Whether the rule is skipped for other kinds of media anyway, as nothing that it reads has a value there."""
    kinds = compiled.rule.scope.kinds
    skipped = compiled.rule.when_missing is WhenMissing.SKIP
    return skipped and all(signals[name].kinds and signals[name].kinds <= kinds for name in compiled.reads)


def _scopes(rule: Table, redundant: str) -> Iterator[Change]:
    scope = rule.entries.get("applies_to")
    if not isinstance(scope, Table):
        return
    for key, node in scope.entries.items():
        if key == redundant:
            continue
        yield f"applies_to.{key} removed", scope.keys[key], _with(rule, "applies_to", _without(scope, key))
        if isinstance(node, Sequence) and len(node.items) > 1:
            for index, item in enumerate(node.items):
                rest = Sequence(node.items[:index] + node.items[index + 1 :], node.position)
                name = item.text if isinstance(item, Scalar) else ""
                yield (
                    f"applies_to.{key} without {name}",
                    item.position,
                    _with(rule, "applies_to", _with(scope, key, rest)),
                )


def _edits(text: str, condition: Part) -> Iterator[tuple[int, int, str]]:
    """Changes of a condition's text: from, to, and what stands there then."""
    for part in condition.walk():
        if part.kind == "constant" and isinstance(part.value, int | float) and not isinstance(part.value, bool):
            if match := _NUMBER.match(text, part.offset):
                yield from ((match.start(), match.end(), moved) for moved in _moved(match[0]))
        elif part.kind == "list":
            yield from _shortened(text, part)
        elif part.name in _SWAPPED:
            old, new = _SWAPPED[part.name]
            if text.startswith(old, part.offset):
                yield part.offset, part.offset + 2, new


def _moved(number: str) -> Iterator[str]:
    if number.isdecimal():
        yield str(int(number) + 1)
        if int(number):
            yield str(int(number) - 1)
        return
    value = float(number)
    for factor in (1 + STEP, 1 - STEP):
        yield repr(value * factor if value else STEP * (factor - 1))


def _shortened(text: str, part: Part) -> Iterator[tuple[int, int, str]]:
    """The list with each of its written texts left out."""
    matches = [_TEXT.match(text, child.offset) for child in part.children]
    for index, match in enumerate(matches):
        if match is None:
            continue
        following = matches[index + 1] if index + 1 < len(matches) else None
        before = matches[index - 1] if index else None
        if following is not None:
            yield match.start(), following.start(), ""
        else:
            yield (before.end() if before else match.start()), match.end(), ""


def _text(like: Scalar, text: str) -> Scalar:
    return replace(like, text=text, kind="str", raw=text)


def _with(table: Table, key: str, node: Node) -> Table:
    return replace(table, entries={**table.entries, key: node})


def _without(table: Table, key: str) -> Table:
    return replace(table, entries={name: node for name, node in table.entries.items() if name != key})
