"""YAML as positions and plain text: safe tags only, no duplicate keys, no anchors, bounded size and depth.

This module knows YAML. It does not know what a policy is, and it never converts a scalar: `1.10` stays "1.10".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from policies.problems import Position

MAX_TEXT = 256 * 1024
"""Code points in a document."""
MAX_DEPTH = 16
"""Nested sequences and mappings: a policy needs 4; the limit keeps hostile text off Python's own stack."""

_KNOWN_KINDS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
_KNOWN_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in _KNOWN_KINDS)


class YamlFault(Exception):
    """Text that is not the YAML we accept. Turned into a `Problem` by the caller, who knows the source's name."""

    def __init__(self, message: str, position: Position, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar as written. kind: YAML's reading of it ("str", "int", "float", "bool", "null", "timestamp").

    raw: the source text it was read from, quotes and block header included; `locate` maps back into it.
    """

    text: str
    kind: str
    position: Position
    raw: str

    def locate(self, line: int, column: int) -> Position:
        """Where in the document the given line and column of `text` stand (all from 1).

        Quoting and folding shift text against its source. Both hold the same visible characters in the same order, so
        each is matched with its next occurrence; where escapes break that, the scalar's own position is the answer.
        """
        lines = self.text.split("\n")
        offset = sum(len(item) + 1 for item in lines[: line - 1]) + column - 1
        cursor = self.raw.find("\n") + 1 if self.raw[:1] in "|>" else 0
        if self.raw[:1] in ("'", '"'):
            cursor = 1
        for index, character in enumerate(self.text[: offset + 1]):
            if character.isspace():
                continue
            found = self.raw.find(character, cursor)
            if found < 0:
                return self.position
            if index == offset:
                return self._advanced(found)
            cursor = found + 1
        return self._advanced(cursor)  # the end of the text, or white space

    def _advanced(self, offset: int) -> Position:
        before = self.raw[:offset].split("\n")
        if len(before) == 1:
            return Position(self.position.line, self.position.column + offset)
        return Position(self.position.line + len(before) - 1, len(before[-1]) + 1)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A YAML sequence."""

    items: tuple[Node, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping with unique text keys, each with the position of the key."""

    entries: Mapping[str, Node]
    keys: Mapping[str, Position]
    position: Position


Node: TypeAlias = Scalar | Sequence | Table


def read(text: str) -> Node:
    """The one document in `text`.

    Raises YamlFault for text that is too long or too deep, is not YAML, holds no or several documents, an anchor, an
    alias, a tag outside the core schema, or a key twice.
    """
    if len(text) > MAX_TEXT:
        raise YamlFault(f"the document has {len(text)} characters; at most {MAX_TEXT} are read", Position())
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlFault(error.problem or "not valid YAML", _position(mark) if mark else Position()) from error
    except yaml.YAMLError as error:  # the reader's complaint about unprintable characters carries no mark
        raise YamlFault("the document holds characters that YAML does not allow", Position()) from error
    if root is None:
        raise YamlFault("the document is empty", Position())
    return _node(root, text)


class _Loader(yaml.SafeLoader):
    """Composes nodes, and refuses while composing what must not even be built."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave the parser untyped
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise YamlFault("anchors and aliases are not accepted: write the value out", _position(event.start_mark))
        if self._depth >= MAX_DEPTH:
            raise YamlFault(f"nested deeper than {MAX_DEPTH} levels", _position(event.start_mark))
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


def _node(node: yaml.Node, text: str) -> Node:
    position = _position(node.start_mark)
    if node.tag not in _KNOWN_TAGS:
        raise YamlFault(f"the tag {node.tag!r} is not accepted", position)
    if isinstance(node, yaml.MappingNode):
        return _table(node, text)
    if isinstance(node, yaml.SequenceNode):
        return Sequence(tuple(_node(item, text) for item in node.value), position)
    value = str(node.value)
    if any(0xD800 <= ord(character) < 0xE000 for character in value):
        raise YamlFault("an escape stands for half a character (a surrogate)", position)
    raw = text[node.start_mark.index : node.end_mark.index]
    return Scalar(value, node.tag.rpartition(":")[2], position, raw)


def _table(node: yaml.MappingNode, text: str) -> Table:
    entries: dict[str, Node] = {}
    keys: dict[str, Position] = {}
    for key, value in node.value:
        position = _position(key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            raise YamlFault("a key must be a word", position)
        if key.value in entries:
            raise YamlFault(f"the key {key.value!r} stands here twice", position)
        entries[key.value] = _node(value, text)
        keys[key.value] = position
    return Table(entries, keys, _position(node.start_mark))
