"""What a policy can tell apart, so that millions of decisions can be made again once for each kind.

Two subjects are alike when every rule applies and is in force for both or for neither, and every signal that a
condition reads has for both the same value; or, where conditions compare a number with written numbers only, lies
between the same two of them. They are decided in one way, by construction: what differs between them is read by nothing
but texts.

This module knows what conditions read. It does not know how they are judged.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeAlias

from policies.base import Subject
from policies.cel import Outcome
from policies.compiler import CompiledRule
from policies.engine import RulePolicy
from policies.rules import Scope, WhenMissing
from policies.signals import Signal
from policies.tree import Node

_COMPARISONS = frozenset(("_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_"))
Coarse: TypeAlias = Callable[[object], Hashable]


def hangs_on(policy: RulePolicy, subject: Subject, unknown: frozenset[str]) -> frozenset[str]:
    """Those of `unknown` without whose values the policy cannot be said to decide in one way.

    A condition that is settled without them, as `true || unknown` is, does not hang on them.
    """
    outcomes = policy.outcomes(subject, unknown)
    found = frozenset[str]()
    for rule in policy.rules:
        found |= _names(_open_trees(rule, outcomes.get(rule.rule.id, Outcome.FALSE)), policy.signals) & unknown
    return found


def _open_trees(rule: CompiledRule, outcome: Outcome) -> Iterator[Node]:
    """Of a rule that came to `outcome`: the conditions of which another value could have made something else."""
    if outcome is Outcome.MISSING:
        yield rule.condition.tree
    # Whatever a rule has to say, it says unless an exemption holds.
    if outcome is not Outcome.FALSE and not (outcome is Outcome.MISSING and rule.rule.when_missing is WhenMissing.SKIP):
        yield from exemptions_of(rule)


def reads_of(rule: CompiledRule, signals: Mapping[str, Signal]) -> frozenset[str]:
    """The signals that decide about a rule: its condition's and its exemptions'."""
    return _names(trees_of(rule), signals)


def trees_of(rule: CompiledRule) -> Iterator[Node]:
    """Every condition that a rule depends on."""
    yield rule.condition.tree
    yield from exemptions_of(rule)


def exemptions_of(rule: CompiledRule) -> Iterator[Node]:
    """Those that keep the rule from firing."""
    return (exemption.tree for exemption in rule.exemptions)


def _names(trees: Iterable[Node], signals: Mapping[str, Signal]) -> frozenset[str]:
    return frozenset(node.name for tree in trees for node in tree.walk() if node.name in signals)


def limits_of(trees: Iterable[Node], signals: Mapping[str, Signal]) -> dict[str, list[float]]:
    """The numbers that signals are compared with, ascending; without signals that anything else is done with."""
    found: dict[str, set[float]] = {}
    spoilt: set[str] = set()
    for tree in trees:
        _collect(tree, signals, found, spoilt)
    return {name: sorted(limits) for name, limits in found.items() if name not in spoilt}


def _collect(node: Node, signals: Mapping[str, Signal], found: dict[str, set[float]], spoilt: set[str]) -> None:
    if node.kind == "call" and node.name in _COMPARISONS and (compared := _compared(node, signals)) is not None:
        found.setdefault(compared[0], set()).add(compared[1])
        return
    if node.kind == "name" and node.name in signals and signals[node.name].type in ("int", "double"):
        spoilt.add(node.name)
    for child in node.children:
        _collect(child, signals, found, spoilt)


def _compared(node: Node, signals: Mapping[str, Signal]) -> tuple[str, float] | None:
    """A numeric signal and the number that it is compared with; None for any other comparison."""
    for signal, number in (node.children, node.children[::-1]):
        known = signals.get(signal.name) if signal.kind == "name" else None
        value = number.value if number.kind == "constant" else None
        if known and known.type in ("int", "double") and isinstance(value, int | float) and not isinstance(value, bool):
            return known.name, value
    return None


def coarse_of(limits: list[float] | None) -> Coarse:
    """A signal's values to what tells them apart: between which limits a number lies, or on which.

    limits: as `limits_of` has them for the signal; None where its values tell themselves apart.
    """
    if limits is None:
        return lambda value: value  # texts and numbers

    def between(value: object) -> Hashable:
        if not isinstance(value, int | float):
            return None
        # Twice the place, and one less on a limit itself.
        right = bisect_right(limits, value)
        return 2 * right - (right > 0 and limits[right - 1] == value)

    return between


def restricts(rules: Iterable[CompiledRule], name: str) -> bool:
    """Whether any rule applies to some only of what a scope's field `name` tells apart."""
    return any(getattr(rule.rule.scope, name) != getattr(Scope(), name) for rule in rules)
