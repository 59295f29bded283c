"""What the cases of a policy leave untried: rules that never fire or never stay silent, limits tried on one side only.

A case that nobody wrote is where a mistake hides. This module knows rules, outcomes and limits. It does not know what
a case expects.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from policies.base import Subject
from policies.cel import Outcome
from policies.compiler import CompiledRule
from policies.engine import RulePolicy
from policies.problems import Position
from policies.reading import Reader, Value
from policies.signals import Signal
from policies.tree import Node

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "_<_": operator.lt,
    "_<=_": operator.le,
    "_>_": operator.gt,
    "_>=_": operator.ge,
}
_MIRRORED = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_"}


@dataclass(frozen=True, slots=True)
class Limit:
    """A comparison of a signal with a number, in a condition. text: as people would write it."""

    signal: str
    operator: str
    number: float
    position: Position

    @property
    def text(self) -> str:
        """Such as "copy_move.score > 12"."""
        return f"{self.signal} {self.operator.strip('_')} {self.number:g}"

    def holds(self, value: float) -> bool:
        """Whether a value lies on the side that the comparison asks for."""
        return _COMPARE[self.operator](value, self.number)


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that no case tries. position: in the policy."""

    rule: str
    message: str
    position: Position


def gaps(
    policy: RulePolicy, own: Collection[str], subjects: Iterable[Subject], signals: Mapping[str, Signal]
) -> tuple[Gap, ...]:
    """What no subject tries, in the order of the policy's text. own: the rules to try. subjects: one a case."""
    reader = Reader(signals.values())
    seen = [(reader.read(subject), policy.outcomes(subject)) for subject in subjects]
    found = [gap for rule in policy.rules if rule.rule.id in own for gap in _of_rule(rule, seen, signals)]
    return tuple(sorted(found, key=lambda gap: (gap.position, gap.message)))


def limits_in(rule: CompiledRule, signals: Mapping[str, Signal]) -> Iterator[Limit]:
    """The comparisons of a rule's condition, in no order."""
    for node in rule.condition.tree.walk():
        if node.kind != "call" or node.name not in _COMPARE or len(node.children) != 2:
            continue
        left, right, name = *node.children, node.name
        if left.kind == "constant":
            left, right, name = right, left, _MIRRORED[name]
        if left.name in signals and (number := _number(right)) is not None:
            yield Limit(left.name, name, number, rule.rule.when.locate(*_place(rule.rule.when.text, right.offset)))


def _of_rule(
    rule: CompiledRule, seen: list[tuple[dict[str, Value], dict[str, Outcome]]], signals: Mapping[str, Signal]
) -> Iterator[Gap]:
    identity, where = rule.rule.id, rule.rule.position
    applied = [(values, outcomes[identity]) for values, outcomes in seen if identity in outcomes]
    reached = {outcome for _, outcome in applied}
    if Outcome.TRUE not in reached:
        yield Gap(identity, "it fires in no case", where)
    # A rule for all that it applies to ("true") is silent where it does not apply.
    if Outcome.FALSE not in reached and (rule.reads or len(applied) == len(seen)):
        yield Gap(identity, "it stays silent in no case", where)
    for limit in limits_in(rule, signals):
        values = [value[limit.signal] for value, _ in applied if limit.signal in value]
        sides = {limit.holds(value) for value in values if isinstance(value, int | float)}
        if True not in sides:
            yield Gap(identity, f"no case has a value for which {limit.text} holds", limit.position)
        if False not in sides:
            yield Gap(identity, f"no case has a value for which {limit.text} does not hold", limit.position)


def _number(node: Node) -> float | None:
    if node.kind == "call" and node.name == "-_" and len(node.children) == 1:
        inner = _number(node.children[0])
        return None if inner is None else -inner
    value = node.value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1
