"""Rules that change nothing because another rule already says the same.

This module knows when one rule covers another. It does not know CEL or YAML.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from policies.fields import Notes
from policies.rules import Rule
from policies.tree import Node

_Key: TypeAlias = tuple[object, ...]


def refuse_covered(rules: Iterable[tuple[Rule, Node]], notes: Notes) -> None:
    """Notes every rule that another one with the same condition, action and code wholly covers."""
    alike: dict[_Key, list[Rule]] = {}
    for rule, tree in rules:
        alike.setdefault(_sameness(rule, tree), []).append(rule)
    for group in alike.values():
        for rule in group:
            wider = next((other for other in group if other.id != rule.id and _covers(other, rule)), None)
            if wider is not None:
                message = f"the rule changes nothing: {wider.id!r} says the same wherever this one applies"
                hint = f"take one out, or let them differ; the other is on line {wider.position.line}"
                notes.add(message, rule.position, rule=rule.id, hint=hint)


def _sameness(rule: Rule, tree: Node) -> _Key:
    """What two rules must share to say the same: also the code, since two laws may ask for one thing."""
    said = (rule.action, rule.code, rule.mode, rule.hard, rule.exemption, rule.when_missing)
    return *said, tuple(each.text for each in rule.exemptions), _placeless(tree)


def _placeless(node: Node) -> Node:
    return replace(node, offset=0, children=tuple(_placeless(child) for child in node.children))


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Whether `wide` speaks wherever `narrow` does. Of two equal rules the earlier one covers the later."""
    return _contains(wide, narrow) and (wide.position < narrow.position or not _contains(narrow, wide))


def _contains(wide: Rule, narrow: Rule) -> bool:
    # Shares of two rules are drawn by their ids, so only the whole holds another's share.
    shares = wide.rollout == 100
    return shares and wide.scope.contains(narrow.scope) and wide.window.contains(narrow.window)
