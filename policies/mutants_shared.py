"""Changes of what the rules of a policy share, its thresholds and lists, and how nodes are changed at all.

This module knows documents. It does not know rules: `policies.mutants` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policies.problems import Position
from policies.strict_yaml import Node, Scalar, Sequence, Table

STEP = 0.1
"""How far a decimal number is moved, as a part of it. A whole number is moved by one."""


def of_shared(root: Table) -> Iterator[tuple[str, Position, Table]]:
    """What is changed, where, and the document as it becomes."""
    for name, node in _entries(root, "thresholds"):
        if isinstance(node, Scalar):
            for number in moved(node.text):
                changed = _within(root, "thresholds", name, replace(node, text=number, raw=number))
                yield f"thresholds.{name} {node.text} → {number}", node.position, changed
    for name, node in _entries(root, "lists"):
        if isinstance(node, Sequence) and len(node.items) > 1:
            for index, item in enumerate(node.items):
                rest = replace(node, items=node.items[:index] + node.items[index + 1 :])
                word = item.text if isinstance(item, Scalar) else ""
                yield f"lists.{name} without {word}", item.position, _within(root, "lists", name, rest)


def moved(number: str) -> Iterator[str]:
    """The number a little higher and a little lower."""
    if number.isdecimal():
        yield str(int(number) + 1)
        if int(number):
            yield str(int(number) - 1)
        return
    value = float(number)
    for factor in (1 + STEP, 1 - STEP):
        # Rounded, or the last digit would say more of floating point than of the change.
        yield repr(round(value * factor, 12) if value else STEP * (factor - 1))


def with_(table: Table, key: str, node: Node) -> Table:
    """The table with another value of a key."""
    return replace(table, entries={**table.entries, key: node})


def without(table: Table, key: str) -> Table:
    """The table without a key."""
    return replace(table, entries={name: node for name, node in table.entries.items() if name != key})


def text_like(like: Scalar, text: str) -> Scalar:
    """A text in the place of another scalar."""
    return replace(like, text=text, kind="str", raw=text)


def _within(root: Table, key: str, name: str, node: Node) -> Table:
    table = root.entries[key]
    return with_(root, key, with_(table, name, node)) if isinstance(table, Table) else root


def _entries(root: Table, key: str) -> Iterator[tuple[str, Node]]:
    table = root.entries.get(key)
    if isinstance(table, Table):
        yield from table.entries.items()
