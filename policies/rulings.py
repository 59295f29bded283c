"""What a well-typed condition may still not say: comparisons that cannot come true, and costs or NaNs without bound.

The type checker lets `credential.state == "trustd"` through, and `0.0 / 0.0`, and strings that double at every step.
The language of policies is therefore a written list of functions, and each literal is held against what is known of
the signal it is compared with.

This module knows the tree, the signals and patterns. It does not know the CEL library, YAML or actions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.cel import Environment, Outcome
from policies.problems import did_you_mean
from policies.signals import Signal
from policies.tree import Node

MAX_LOOPS = 2
"""Nested exists/all/filter/map. Two compare the codes of one detector with another's."""
MAX_PATTERN = 200
"""Code points in one pattern."""
MAX_REPEATS = 100
"""In a pattern, `{n}`: RE2 takes linear time whatever the text, and unfolds counts into as many copies."""

_REPEATS = re.compile(r"\{(\d+)(?:,(\d*))?\}")

_FUNCTIONS = frozenset(
    (
        *("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false"),
        *("_+_", "_-_", "_*_", "_/_", "_%_", "-_", "_[_]", "double", "int", "size"),
        *("startsWith", "endsWith", "contains", "matches"),
    )
)
MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_", "_==_": "_==_"}


@dataclass(frozen=True, slots=True)
class Ruling:
    """One thing that a condition may not say. offset: code points from the condition's start."""

    offset: int
    message: str
    hint: str = ""


def rule_on(tree: Node, signals: Mapping[str, Signal]) -> Iterator[Ruling]:
    """Every objection to a compiled condition."""
    if tree.depth("comprehension") > MAX_LOOPS:
        yield Ruling(tree.offset, f"loops are nested deeper than {MAX_LOOPS}", "split the rule in several")
    for node in tree.walk():
        if node.kind == "other":
            yield Ruling(node.offset, "map literals, messages and has() are not part of the policy language")
        if node.kind == "call":
            yield from _on_function(node)
            yield from _on_comparison(node, signals)


def rule_on_patterns(tree: Node, environment: Environment) -> Iterator[Ruling]:
    """Every pattern that is none, or that costs more than a moderator's pattern needs to."""
    for node in tree.walk():
        if node.kind == "call" and node.name == "matches" and isinstance(pattern := node.children[-1].value, str):
            counts = [int(count) for match in _REPEATS.finditer(pattern) for count in match.groups() if count]
            offset = node.children[-1].offset
            if len(pattern) > MAX_PATTERN:
                message = f"the pattern has {len(pattern)} characters; at most {MAX_PATTERN} are read"
                yield Ruling(offset, message, "split the rule in several, or use a list of words")
            elif max(counts, default=0) > MAX_REPEATS:
                yield Ruling(offset, f"a pattern may count to {MAX_REPEATS} at most", "write * or + instead")
            elif _fails(pattern, environment):
                yield Ruling(offset, f"{pattern!r} is not a pattern", "RE2 syntax")


def _fails(pattern: str, environment: Environment) -> bool:
    probe = environment.compile(f"'' .matches({json.dumps(pattern, ensure_ascii=False)})")
    return probe.judge(environment.bind({})) is Outcome.ERROR


def _on_function(node: Node) -> Iterator[Ruling]:
    if node.name not in _FUNCTIONS:
        yield Ruling(node.offset, f"{node.name}() is not part of the policy language")
    elif "string_to_double" in node.overloads or "string_to_int64" in node.overloads:
        yield Ruling(node.offset, "a text cannot be turned into a number here", "compare it as a text")
    elif node.name == "_+_" and _grows(node):
        # Each step may double the length, and the iteration budget does not count bytes.
        yield Ruling(node.offset, "texts and lists cannot be joined in a condition", "compare the parts")
    elif "divide_double" in node.overloads and not node.children[1].value:
        yield Ruling(node.offset, "division by something that may be zero", "multiply the other side instead")
    elif node.name == "matches" and node.children[-1].kind != "constant":
        yield Ruling(node.offset, "the pattern of matches() must be written out")


def _grows(node: Node) -> bool:
    if not node.overloads or node.overloads[0] not in ("add_list", "add_string", "add_bytes"):
        return not node.overloads or len(node.overloads) > 1
    return not node.children[0].name.startswith("@")  # `filter` and `map` add to a result that only they can name


def _on_comparison(node: Node, signals: Mapping[str, Signal]) -> Iterator[Ruling]:
    if len(node.children) != 2:
        return
    left, right = node.children
    operator = node.name
    if left.kind == "constant" and right.kind == "name":
        left, right, operator = right, left, MIRRORED.get(operator, operator)
    signal = signals.get(left.name) if left.kind == "name" else None
    if signal is None:
        return
    if operator in ("_==_", "_!=_", "@in"):
        yield from _on_words(signal, right)
    if operator in MIRRORED and isinstance(right.value, int | float) and not isinstance(right.value, bool):
        yield from _on_range(signal, operator, right)


def _on_words(signal: Signal, literal: Node) -> Iterator[Ruling]:
    for item in literal.children if literal.kind == "list" else (literal,):
        if signal.values and isinstance(item.value, str) and item.value not in signal.values:
            hint = did_you_mean(item.value, signal.values)
            yield Ruling(item.offset, f"{signal.name} is never {item.value!r}", hint)


def _on_range(signal: Signal, operator: str, literal: Node) -> Iterator[Ruling]:
    low = float("-inf") if signal.low is None else signal.low
    high = float("inf") if signal.high is None else signal.high
    limit = literal.value if isinstance(literal.value, int | float) else 0
    possible = {
        "_<_": low < limit,
        "_<=_": low <= limit,
        "_>_": high > limit,
        "_>=_": high >= limit,
        "_==_": low <= limit <= high,
    }
    if not possible[operator]:
        scale = f"from {low:g} to {high:g}" if high != float("inf") else f"never below {low:g}"
        yield Ruling(literal.offset, f"this comparison can never come true: {signal.name} is {scale}")
