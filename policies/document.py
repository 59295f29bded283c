"""A policy as staff write it: a YAML document → `Document`, or every problem with its line and column.

Which keys there are and what they mean stands in `policies.grammar`.
This module knows the document around the rules; `policies.rule_reader` reads each of them. Neither reads conditions or
templates: `policies.compiler` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from policies.constants import MAX_WORDS, Constant, Cycle, resolved
from policies.fields import Fields, Notes, number, one_of, table_of
from policies.grammar import MAX_RULES, NAME, POLICY
from policies.problems import Position, did_you_mean
from policies.rule_reader import RuleReader
from policies.rules import Document, Rule
from policies.signals import RESERVED_NAMES, Type
from policies.strict_yaml import Node, Scalar, Sequence, Table, YamlFault, read

MAX_NAMES = 200
"""Thresholds, lists and parameters of one policy, each."""
LISTS = "lists."
_PARAMETER_TYPES: Mapping[str, Type] = {"number": "double", "text": "string"}


def parse(text: str, notes: Notes, *, protected: bool = False) -> Document | None:
    """Reads a document, adding what is wrong to `notes`. None where not even a table could be read.

    protected: whether its rules may say that no policy can take them out.
    """
    try:
        root = read(text)
    except YamlFault as fault:
        notes.add(fault.message, fault.position, hint=fault.hint)
        return None
    return document_of(root, notes, protected=protected)


def document_of(root: Node, notes: Notes, *, protected: bool = False) -> Document | None:
    """`parse` for what YAML was already read from."""
    table = table_of(root, POLICY.owner, notes)
    if table is None:
        return None
    fields = Fields(table, POLICY, notes)
    lists = _lists(fields)
    return Document(
        id=fields.text("id"),
        version=fields.text("version"),
        description=fields.text("description"),
        rules=_rules(fields, RuleReader(notes, lists, protected=protected)),
        constants=_thresholds(fields) | lists,
        parameters=_parameters(fields),
    )


def _rules(fields: Fields, reader: RuleReader) -> tuple[Rule, ...]:
    node = fields.node("rules")
    if not isinstance(node, Sequence) or not node.items:
        # A policy that forbids nothing would allow everything in silence.
        fields.refuse("`rules` must be a list with at least one rule", fields.place("rules"))
        return ()
    if len(node.items) > MAX_RULES:
        fields.refuse(f"{len(node.items)} rules; at most {MAX_RULES} are read", node.position)
        return ()
    read_rules = (reader.rule(item) for item in node.items)
    rules = tuple(rule for rule in read_rules if rule is not None)
    _refuse_duplicates(rules, fields.notes)
    return rules


def _thresholds(fields: Fields) -> dict[str, Constant]:
    found: dict[str, Constant] = {}
    for name, node in _named(fields, "thresholds"):
        value = number(node)
        if value is None:
            hint = "such as 0.5, without quotes; a whole number is compared with whole numbers only"
            fields.refuse(f"the threshold {name!r} must be a number", node.position, hint)
        else:
            found[f"thresholds.{name}"] = value
    return found


def _lists(fields: Fields) -> dict[str, Constant]:
    """Every list by the name that conditions give it, with all that it includes."""
    written = {f"{LISTS}{name}": fields.entries(name, node) for name, node in _named(fields, "lists")}
    for entries in written.values():
        for entry in entries:
            if entry.text.startswith(LISTS) and entry.text not in written:
                hint = did_you_mean(entry.text, written)
                fields.refuse(f"there is no list {entry.text!r}", entry.position, hint)
    try:
        whole = resolved({name: tuple(entry.text for entry in entries) for name, entries in written.items()})
    except Cycle as cycle:
        place = _place(written[cycle.path[0]], cycle.path[1], fields.place("lists"))
        fields.refuse(f"lists include each other in a circle: {' → '.join(cycle.path)}", place, "take one of them out")
        return dict.fromkeys(written, ())
    for name, words in whole.items():
        if len(words) > MAX_WORDS:
            message = f"{name} has {len(words)} words with all that it includes; at most {MAX_WORDS} are read"
            fields.refuse(message, _place(written[name], "", fields.place("lists")), "split it, or use a hash list")
    return dict(whole)


def _place(entries: tuple[Scalar, ...], text: str, otherwise: Position) -> Position:
    found = [entry.position for entry in entries if entry.text == text] or [entry.position for entry in entries]
    return found[0] if found else otherwise


def _parameters(fields: Fields) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for name, node in _named(fields, "parameters"):
        word = node.text if isinstance(node, Scalar) else ""
        if word not in _PARAMETER_TYPES:
            message = f"the parameter {name!r} must be said to be a number or a text"
            fields.refuse(message, node.position, one_of(word, tuple(_PARAMETER_TYPES)))
        else:
            found[f"parameter.{name}"] = _PARAMETER_TYPES[word]
    return found


def _named(fields: Fields, key: str) -> list[tuple[str, Node]]:
    """The entries of a table whose keys the author chooses."""
    node = fields.node(key)
    table = table_of(node, f"`{key}`", fields.notes) if node is not None else None
    if not isinstance(table, Table):
        return []
    if len(table.entries) > MAX_NAMES:
        fields.refuse(f"`{key}` has {len(table.entries)} names; at most {MAX_NAMES} are read", table.position)
        return []
    good = []
    for name, value in table.entries.items():
        if re.fullmatch(NAME, name) and name not in RESERVED_NAMES:
            good.append((name, value))
        else:
            hint = "lower-case words joined by underscores, none of CEL's own words"
            fields.refuse(f"{name!r} cannot be a name in `{key}`", table.keys[name], hint)
    return good


def _refuse_duplicates(rules: tuple[Rule, ...], notes: Notes) -> None:
    first: dict[str, Rule] = {}
    for rule in rules:
        if rule.id and rule.id in first:
            line = first[rule.id].position.line
            notes.add("another rule has this id", rule.position, rule=rule.id, hint=f"the first is on line {line}")
        first.setdefault(rule.id, rule)
