"""Reading a YAML table field by field, noting every problem and going on, so that one check shows them all.

This module knows tables, texts, flags and lists. Which keys a table has stands in `policies.grammar`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from policies.grammar import Shape
from policies.problems import Position, Problem, did_you_mean
from policies.strict_yaml import Node, Scalar, Sequence, Table


class Notes:
    """The problems found so far in one document."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._problems: list[Problem] = []

    def add(self, message: str, position: Position, *, rule: str = "", hint: str = "") -> None:
        """Notes one problem."""
        self._problems.append(Problem(self._source, position, message, rule, hint))

    def all(self) -> list[Problem]:
        """The problems in order of position."""
        return sorted(self._problems, key=lambda problem: problem.position)


class Fields:
    """One table. Each reader returns a harmless value where the field is absent or wrong, after noting the problem."""

    def __init__(self, table: Table, shape: Shape, notes: Notes, rule: str = "") -> None:
        self.notes = notes
        self.rule = rule
        self.position = table.position
        self._shape = shape
        self._table = table
        for key, position in table.keys.items():
            if key not in shape.keys:
                self.refuse(f"unknown key {key!r} in {shape.owner}", position, did_you_mean(key, shape.keys))
            elif key in table.entries and (needs := shape.keys[key].only_with) is not None:
                self._refuse_stray(key, *needs)

    def refuse(self, message: str, position: Position | None = None, hint: str = "") -> None:
        """Notes a problem of this table."""
        self.notes.add(message, position or self.position, rule=self.rule, hint=hint)

    def _refuse_stray(self, key: str, other: str, word: str) -> None:
        """A key that means nothing without a certain word of another one. A flag that is off may stand anywhere."""
        node, companion = self._table.entries.get(key), self._table.entries.get(other)
        off = self._shape.keys[key].form == "flag" and not (isinstance(node, Scalar) and node.text == "true")
        found = companion.text if isinstance(companion, Scalar) else ""
        if not off and found != word and (not found or found in self._shape.keys[other].choices):
            self.refuse(f"`{key}` belongs to `{other}: {word}`", self.place(key))

    def place(self, key: str) -> Position:
        """Where the key stands; the table's own position where it does not."""
        return self._table.keys.get(key, self.position)

    def has(self, key: str) -> bool:
        """Whether the key is written, whatever its value."""
        return key in self._table.entries

    def scalar(self, key: str) -> Scalar:
        """A required, non-empty text with its position, of the key's pattern where that has one."""
        node = self._table.entries.get(key)
        if isinstance(node, Scalar) and node.kind != "null" and node.text.strip():
            known = self._shape.keys[key]
            if known.pattern and not re.fullmatch(known.pattern, node.text):
                self.refuse(f"`{key}: {node.text}` has the wrong form", node.position, known.hint)
            return node
        if node is None:
            self.refuse(f"{self._shape.owner} lacks `{key}`")
        else:
            self.refuse(f"`{key}` must be a non-empty text", node.position)
        return Scalar("", "str", self.place(key), "")

    def text(self, key: str) -> str:
        """A required, non-empty text."""
        return self.scalar(key).text.strip()

    def optional(self, key: str) -> Scalar | None:
        """A non-empty text with its position; None where absent."""
        return self.scalar(key) if self.has(key) else None

    def choice(self, key: str, default: str | None = None) -> str:
        """One of the key's words. Required where there is no default."""
        if not self.has(key) and default is not None:
            return default
        value = self.scalar(key)
        allowed = self._shape.keys[key].choices
        if value.text and value.text not in allowed:
            self.refuse(f"`{key}: {value.text}` is not possible", value.position, one_of(value.text, allowed))
            return ""
        return value.text

    def flag(self, key: str) -> bool:
        """True or false; false where absent."""
        node = self._table.entries.get(key)
        if node is None:
            return False
        if isinstance(node, Scalar) and node.text in ("true", "false") and node.kind == "bool":
            return node.text == "true"
        self.refuse(f"`{key}` must be true or false", node.position)
        return False

    def percent(self, key: str) -> float:
        """A number above 0, at most 100; 100 where absent."""
        node = self._table.entries.get(key)
        if node is None:
            return 100.0
        value = number(node)
        if value is None or not 0 < value <= 100:
            hint = "a rule for nothing is written `mode: shadow`" if value == 0 else "such as 25"
            self.refuse(f"`{key}` must be a number above 0, at most 100", node.position, hint)
            return 100.0
        return float(value)

    def words(self, key: str) -> tuple[Scalar, ...]:
        """A list of texts, each one of the key's words where it has some; empty where absent, never where present."""
        node = self._table.entries.get(key)
        return () if node is None else self.entries(key, node, self._shape.keys[key].choices)

    def entries(self, name: str, node: Node, allowed: Collection[str] = ()) -> tuple[Scalar, ...]:
        """A list of texts under any name."""
        if not isinstance(node, Sequence) or not node.items:
            self.refuse(f"`{name}` must be a list with at least one entry", node.position, "such as [a, b]")
            return ()
        good = []
        for item in node.items:
            if not isinstance(item, Scalar) or item.kind == "null" or not item.text.strip():
                self.refuse(f"`{name}` holds something that is not a text", item.position)
            elif item.kind == "bool":
                # YAML reads the country NO, and on and off, as truth values.
                self.refuse(
                    f"`{name}` holds {item.text}, which YAML takes for true or false", item.position, "quote it"
                )
            elif allowed and item.text not in allowed:
                self.refuse(f"{item.text!r} is not possible in `{name}`", item.position, one_of(item.text, allowed))
            else:
                good.append(item)
        return tuple(good)

    def node(self, key: str) -> Node | None:
        """The raw value of a key, for a nested reader; None where absent."""
        return self._table.entries.get(key)


def table_of(node: Node, owner: str, notes: Notes, rule: str = "") -> Table | None:
    """The node as a table, or None after noting that it is none."""
    if isinstance(node, Table):
        return node
    notes.add(f"{owner} must be a table of `key: value`", node.position, rule=rule)
    return None


def number(node: Node) -> int | float | None:
    """The finite number that a scalar is, or None. Whole numbers must fit into 64 bits."""
    if not isinstance(node, Scalar) or node.kind not in ("int", "float"):
        return None
    try:
        value: int | float = int(node.text) if node.kind == "int" else float(node.text)
    except ValueError:  # YAML 1.1 also reads 0x10, 1:30 and .inf
        return None
    return value if abs(value) < 2**63 else None


def one_of(word: str, allowed: Collection[str]) -> str:
    """The hint for a word that is none of the allowed ones."""
    near = did_you_mean(word, allowed)
    return near if near.startswith("did") else f"one of {', '.join(allowed)}"
