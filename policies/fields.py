"""Reading a YAML table field by field, noting every problem and going on, so that one check shows them all.

This module knows tables, texts, flags and lists. It does not know which fields a policy has.
"""

from __future__ import annotations

from collections.abc import Collection

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

    def __init__(self, table: Table, owner: str, known: Collection[str], notes: Notes, rule: str = "") -> None:
        self.notes = notes
        self.rule = rule
        self.position = table.position
        self._owner = owner
        self._table = table
        for key, position in table.keys.items():
            if key not in known:
                self.refuse(f"unknown key {key!r} in {owner}", position, did_you_mean(key, known))

    def refuse(self, message: str, position: Position | None = None, hint: str = "") -> None:
        """Notes a problem of this table."""
        self.notes.add(message, position or self.position, rule=self.rule, hint=hint)

    def place(self, key: str) -> Position:
        """Where the key stands; the table's own position where it does not."""
        return self._table.keys.get(key, self.position)

    def has(self, key: str) -> bool:
        """Whether the key is written, whatever its value."""
        return key in self._table.entries

    def scalar(self, key: str) -> Scalar:
        """A required, non-empty text with its position."""
        node = self._table.entries.get(key)
        if isinstance(node, Scalar) and node.kind != "null" and node.text.strip():
            return node
        if node is None:
            self.refuse(f"{self._owner} lacks `{key}`")
        else:
            self.refuse(f"`{key}` must be a non-empty text", node.position)
        return Scalar("", "str", self.place(key), "")

    def text(self, key: str) -> str:
        """A required, non-empty text."""
        return self.scalar(key).text.strip()

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed words. Required where there is no default."""
        if not self.has(key) and default is not None:
            return default
        value = self.scalar(key)
        if value.text and value.text not in allowed:
            self.refuse(f"`{key}: {value.text}` is not possible", value.position, _one_of(value.text, allowed))
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

    def words(self, key: str, allowed: Collection[str] = ()) -> frozenset[str]:
        """A list of texts, each one of `allowed` where that is given; empty where absent, never where present."""
        node = self._table.entries.get(key)
        if node is None:
            return frozenset()
        if not isinstance(node, Sequence) or not node.items:
            self.refuse(f"`{key}` must be a list with at least one entry", node.position, "such as [a, b]")
            return frozenset()
        for item in node.items:
            if not isinstance(item, Scalar) or item.kind == "null" or not item.text:
                self.refuse(f"`{key}` holds something that is not a text", item.position)
            elif allowed and item.text not in allowed:
                self.refuse(f"{item.text!r} is not possible in `{key}`", item.position, _one_of(item.text, allowed))
        return frozenset(item.text for item in node.items if isinstance(item, Scalar))

    def node(self, key: str) -> Node | None:
        """The raw value of a key, for a nested reader; None where absent."""
        return self._table.entries.get(key)


def table_of(node: Node, owner: str, notes: Notes, rule: str = "") -> Table | None:
    """The node as a table, or None after noting that it is none."""
    if isinstance(node, Table):
        return node
    notes.add(f"{owner} must be a table of `key: value`", node.position, rule=rule)
    return None


def _one_of(word: str, allowed: Collection[str]) -> str:
    near = did_you_mean(word, allowed)
    return near if near.startswith("did") else f"one of {', '.join(allowed)}"
