"""Thresholds and lists: values that a policy names once and its rules share.

They are written into the conditions when a policy is loaded, so that they cost nothing when it decides, and so that
`probability > thresholds.high` is held against the scale of a probability like any number.
This module knows names, values and where a condition names them. It does not know YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from policies.cel import Condition, Environment
from policies.signals import Signal, Type
from policies.tree import Node

Constant: TypeAlias = int | float | tuple[str, ...]
"""A threshold, or a list with all that it includes, each word once."""

MAX_WORDS = 500
"""In one list: CEL looks at them one by one. Longer lists belong into a hash list or into the caller's context."""


@dataclass(frozen=True, slots=True)
class Cycle(Exception):
    """A list that includes itself. path: the names, from the list back to itself."""

    path: tuple[str, ...]


def declared(constants: Mapping[str, Constant]) -> dict[str, Signal]:
    """The constants as names that conditions may use, for the type checker and its hints."""
    return {name: Signal(name, _type(value)) for name, value in constants.items()}


def inlined(condition: Condition, constants: Mapping[str, Constant], environment: Environment) -> Condition:
    """The condition with its constants written in. The tree keeps the places of the original text.

    Raises ExpressionRefused where the values make it too long for the library.
    """
    named = [node for node in condition.tree.walk() if node.kind == "name" and node.name in constants]
    if not named:
        return condition
    pieces = []
    end = len(condition.text)
    for node in sorted(named, key=lambda node: -node.offset):
        start, stop = _span(condition.text, node)
        pieces += [condition.text[stop:end], _literal(constants[node.name])]
        end = start
    text = condition.text[:end] + "".join(reversed(pieces))
    return environment.compile(text, tree=_with_values(condition.tree, constants))


def resolved(lists: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Every list with what it includes. An entry "lists.NAME" of a known list includes it. Raises Cycle."""
    whole: dict[str, tuple[str, ...]] = {}

    def words(name: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if name in path:
            raise Cycle((*path[path.index(name) :], name))
        if name not in whole:
            parts = (words(entry, (*path, name)) if entry in lists else (entry,) for entry in lists[name])
            whole[name] = tuple(dict.fromkeys(word for part in parts for word in part))
        return whole[name]

    for name in lists:
        words(name, ())
    return whole


def _type(value: Constant) -> Type:
    if isinstance(value, tuple):
        return "list<string>"
    return "int" if isinstance(value, int) else "double"


def _span(text: str, node: Node) -> tuple[int, int]:
    """Where a dotted name stands; its node points at the last dot, and blanks may stand around it."""
    before, after = node.name.rsplit(".", 1)
    for match in re.finditer(rf"{re.escape(before)}\s*\.\s*{re.escape(after)}", text):
        if match.start() <= node.offset < match.end():
            return match.start(), match.end()
    raise AssertionError(f"{node.name} does not stand at {node.offset}")  # pragma: no cover - the checker placed it


def _literal(value: Constant) -> str:
    """The value in CEL, which shares JSON's escapes."""
    if isinstance(value, tuple):
        return json.dumps(list(value), ensure_ascii=False)
    return f"({value!r})"


def _with_values(node: Node, constants: Mapping[str, Constant]) -> Node:
    if node.kind == "name" and node.name in constants:
        value = constants[node.name]
        if not isinstance(value, tuple):
            return Node("constant", node.offset, node.name, value)
        words = tuple(Node("constant", node.offset, value=word) for word in value)
        return Node("list", node.offset, node.name, children=words)
    return replace(node, children=tuple(_with_values(child, constants) for child in node.children))
