"""A policy with one thing changed in it, over and over: what a good set of cases must notice.

Each rule is removed, its action, mode and treatment of missing signals are changed, its condition is negated, each
number in it is moved a little both ways, each entry of a list and each part of its scope is taken away, and so are its
exemptions, its period and its share.

Changes are made to the document's nodes and in the text of conditions, so that what is loaded is a policy like any
other. This module knows documents. It does not run cases: `policies.mutation` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from policies.base import Action
from policies.compiler import CompiledRule
from policies.engine import RulePolicy
from policies.mutants_shared import moved, of_shared, text_like, with_, without
from policies.problems import Position
from policies.rules import WhenMissing
from policies.signals import Signal
from policies.strict_yaml import Node, Scalar, Sequence, Table
from policies.tree import Node as Part

Change: TypeAlias = tuple[str, Position, Table | None]
"""What is changed, where, and the rule as it becomes; None where it is taken away."""
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TEXT = re.compile(r"""(r?)("(\\.|[^"\\])*"|'(\\.|[^'\\])*')""")
_SWAPPED = {"_&&_": ("&&", "||"), "_||_": ("||", "&&")}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed policy. rule: whose, "" where it is what rules share. change: what was done, for people. position:
    where, in the policy as it was. root: the document as it became.
    """

    rule: str
    change: str
    position: Position
    root: Table


def mutants(root: Node, policy: RulePolicy, signals: Mapping[str, Signal]) -> Iterator[Mutant]:
    """Every change of `policy`, whose document is `root`, that is one: none is bound to decide as the policy does."""
    if not isinstance(root, Table) or not isinstance(rules := root.entries["rules"], Sequence):
        return
    for change, position, shared in of_shared(root):
        yield Mutant("", change, position, shared)
    compiled = {rule.rule.id: rule for rule in policy.rules}
    exempting = any(rule.rule.exemption for rule in policy.rules)
    for index, rule in enumerate(rules.items):
        if not isinstance(rule, Table) or not isinstance(name := rule.entries["id"], Scalar):
            continue
        for change, position, changed in _of_rule(rule, compiled[name.text], signals, exempting=exempting):
            items = [changed if at == index else item for at, item in enumerate(rules.items)]
            rest = Sequence(tuple(item for item in items if item is not None), rules.position)
            yield Mutant(name.text, change, position, with_(root, "rules", rest))


def _of_rule(
    rule: Table, compiled: CompiledRule, signals: Mapping[str, Signal], *, exempting: bool
) -> Iterator[Change]:
    yield "the rule removed", rule.position, None
    yield from _actions(rule)
    yield from _words(rule, "mode", "live", ("live", "shadow"))
    yield from _missing(rule)
    yield from _scopes(rule, "kinds" if _knows_its_kinds(compiled, signals) else "")
    for key in ("exemptions", "effective_from", "effective_until", "rollout", "due", *(["hard"] if exempting else [])):
        if key in rule.entries:
            yield f"{key} removed", rule.keys[key], without(rule, key)
    yield from _conditions(rule, compiled)


def _conditions(rule: Table, compiled: CompiledRule) -> Iterator[Change]:
    when = rule.entries["when"]
    if not isinstance(when, Scalar):
        return
    yield "the condition negated", when.position, with_(rule, "when", text_like(when, f"!({when.text}\n)"))
    for start, end, new in _edits(when.text, compiled.condition.tree):
        before = when.text[:start].split("\n")
        place = when.locate(len(before), len(before[-1]) + 1)
        old = when.text[start:end].strip(" ,")
        change = f"{old!r} replaced by {new!r}" if new else f"{old!r} left out"
        text = when.text[:start] + new + when.text[end:]
        yield f"in the condition, {change}", place, with_(rule, "when", text_like(when, text))


def _actions(rule: Table) -> Iterator[Change]:
    action = rule.entries["action"]
    plain = without(without(rule, "hard"), "exemption")
    for other in Action:
        name = other.name.lower()
        if isinstance(action, Scalar) and name != action.text:
            yield f"the action {action.text} → {name}", action.position, with_(plain, "action", text_like(action, name))


def _missing(rule: Table) -> Iterator[Change]:
    where = rule.keys.get("when_missing", rule.position)
    node = rule.entries.get("when_missing")
    if isinstance(node, Scalar) and node.text == "skip":
        yield "when_missing: skip → review", where, without(without(rule, "skip_reason"), "when_missing")
    elif isinstance(node, Scalar):
        reason = with_(rule, "skip_reason", text_like(node, "a mutant"))
        yield "when_missing: review → skip", where, with_(reason, "when_missing", text_like(node, "skip"))


def _words(rule: Table, key: str, default: str, words: tuple[str, ...]) -> Iterator[Change]:
    node = rule.entries.get(key)
    now = node.text if isinstance(node, Scalar) else default
    for word in words:
        if word != now:
            scalar = Scalar(word, "str", rule.position, word)
            yield f"{key} {now} → {word}", rule.keys.get(key, rule.position), with_(rule, key, scalar)


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
        yield f"applies_to.{key} removed", scope.keys[key], with_(rule, "applies_to", without(scope, key))
        if isinstance(node, Sequence) and len(node.items) > 1:
            for index, item in enumerate(node.items):
                rest = Sequence(node.items[:index] + node.items[index + 1 :], node.position)
                name = item.text if isinstance(item, Scalar) else ""
                yield (
                    f"applies_to.{key} without {name}",
                    item.position,
                    with_(rule, "applies_to", with_(scope, key, rest)),
                )


def _edits(text: str, condition: Part) -> Iterator[tuple[int, int, str]]:
    """Changes of a condition's text: from, to, and what stands there then."""
    for part in condition.walk():
        if part.name and part.kind in ("constant", "list"):
            continue  # a threshold or a list that the document names: see `policies.mutants_shared`
        if part.kind == "constant" and isinstance(part.value, int | float) and not isinstance(part.value, bool):
            if match := _NUMBER.match(text, part.offset):
                yield from ((match.start(), match.end(), number) for number in moved(match[0]))
        elif part.kind == "list":
            yield from _shortened(text, part)
        elif part.name in _SWAPPED:
            old, new = _SWAPPED[part.name]
            if text.startswith(old, part.offset):
                yield part.offset, part.offset + 2, new


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
