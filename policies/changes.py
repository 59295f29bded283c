"""Single changes of a signal that could make a difference: the values at which a comparison turns.

Between the numbers that a policy compares a signal with, nothing changes; so the nearest value with another outcome is
one of those numbers or the next beside it. Words and flags are changed to what they are compared with. What is made
of calculations (`double(media.width) / 2.0 > …`) and patterns is not inverted: no change is proposed for those. Nor is
one of what a requester wrote: an explanation travels further than a prompt may, and would say how to get round a rule.

This module knows trees and values. Whether a change makes a difference, `policies.explaining` finds out by judging.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from policies.reading import Value
from policies.rulings import MIRRORED
from policies.signals import Signal, is_private
from policies.templates import shown
from policies.tree import Node

OTHER = "something else"
"""Stands for any text that no rule compares with."""
CATEGORICAL = 1.0
"""The distance of a change that is no number's: as far as from one end of a scale to the other."""
NEAR_ON_A_SCALE, NEAR_BESIDE = 0.05, 0.1
"""A number is near where the change is at most 5 % of its signal's scale, or, without a scale, at most 10 % of the
number that it is compared with."""

Bound: TypeAlias = Literal["at", "above", "below"]
_SIDES = {"above": ("just above", "more than"), "below": ("just below", "less than")}


@dataclass(frozen=True, slots=True)
class Change:
    """One signal with another value. before: None where it is missing.

    distance: 0 or more; 1 is the whole scale, or, without one, as much as the largest number in play.
    limit, bound: for numbers, `after` is the limit or the next number above or below it. near: see `NEAR_ON_A_SCALE`.
    """

    signal: str
    before: Value | None
    after: Value
    distance: float = CATEGORICAL
    limit: float | None = None
    bound: Bound = "at"
    near: bool = False

    @property
    def upwards(self) -> bool:
        """Whether a number grows."""
        known = isinstance(self.after, int | float) and isinstance(self.before, int | float)
        return known and self.after > self.before  # type: ignore[operator]  # both are numbers, which mypy loses here

    def words(self, *, beyond: bool = False) -> str:
        """Such as "copy_move.score had been 0.31 or less instead of 0.46". beyond: it holds further away too."""
        after = shown(self.after) or "empty"
        if self.limit is not None and self.bound != "at":
            after = f"{_SIDES[self.bound][beyond]} {shown(self.limit)}"
        elif self.limit is not None and beyond:
            after += " or more" if self.upwards else " or less"
        return f"{self.signal} had been {after} instead of {shown(self.before) or 'empty'}"


class Changes:
    """What is worth a try for some conditions. all: each once, the smallest first."""

    def __init__(self, trees: Iterable[Node], signals: Mapping[str, Signal], values: Mapping[str, Value]) -> None:
        self._signals = signals
        self._values = values
        self._trees = tuple(trees)
        self._compared = [pair for tree in self._trees for node in tree.walk() for pair in _comparison(node, signals)]
        found: dict[tuple[str, str], Change] = {}
        for change in (*self._of_numbers(), *self._of_words()):
            found.setdefault((change.signal, repr(change.after)), change)
        self.all = tuple(sorted(found.values(), key=_order))

    def plain(self) -> frozenset[str]:
        """The signals that are only ever compared with numbers: beyond the outermost of these nothing changes."""
        named = Counter(node.name for tree in self._trees for node in tree.walk() if node.kind == "name")
        compared = Counter(signal.name for signal, _ in self._compared)
        return frozenset(name for name, count in compared.items() if count == named[name])

    def _of_numbers(self) -> Iterator[Change]:
        """The numbers that signals are compared with, and their neighbours."""
        scales = self._scales()
        for signal, limit in self._compared:
            before = self._values.get(signal.name)
            for bound, after in _neighbours(signal, limit):
                inside = (signal.low is None or signal.low <= after) and (signal.high is None or after <= signal.high)
                if not inside or after == before:
                    continue
                if not isinstance(before, int | float):
                    yield Change(signal.name, before, after, CATEGORICAL, limit, bound)
                    continue
                way = abs(after - before)
                yield Change(
                    *(signal.name, before, after, way / scales[signal.name], limit, bound),
                    near=way <= _margin(signal, limit),
                )

    def _scales(self) -> dict[str, float]:
        """How much of each signal counts as 1, so that changes of different signals can be compared."""
        scales: dict[str, float] = {}
        for signal, limit in self._compared:
            before = self._values.get(signal.name)
            numbers = (limit, before if isinstance(before, int | float) else 0.0, scales.get(signal.name, 0.0))
            scales[signal.name] = _scale(signal) or max(abs(number) for number in numbers) or 1.0
        return scales

    def _of_words(self) -> Iterator[Change]:
        for tree in self._trees:
            nodes = list(tree.walk())
            words = tuple(dict.fromkeys(node.value for node in nodes if isinstance(node.value, str)))
            for name in dict.fromkeys(node.name for node in nodes if node.kind == "name"):
                if name not in self._signals or is_private(name):
                    continue
                before = self._values.get(name)
                for after in _options(self._signals[name], before, words):
                    if after != before:
                        yield Change(name, before, after)


def _options(signal: Signal, before: Value | None, words: tuple[str, ...]) -> Iterator[Value]:
    """What a signal that is no number could be instead. words: what the condition speaks of."""
    if signal.type == "bool":
        yield from (True, False)
    elif signal.type == "string":
        yield from sorted(signal.values) if signal.values else (*words, OTHER, "")
    elif signal.type == "list<string>":
        held = before if isinstance(before, list) else []
        yield [item for item in held if item not in words]
        yield from ([*held, word] for word in words if word not in held)
        yield []


def _comparison(node: Node, signals: Mapping[str, Signal]) -> Iterator[tuple[Signal, int | float]]:
    """The signal and the number, where the node compares the two."""
    if node.kind != "call" or len(node.children) != 2 or node.name not in (*MIRRORED, "_!=_"):
        return
    left, right = node.children
    if left.kind == "constant":
        left, right = right, left
    limit = right.value
    if left.kind == "name" and left.name in signals and isinstance(limit, int | float) and not isinstance(limit, bool):
        yield signals[left.name], limit


def _neighbours(signal: Signal, limit: float) -> Iterator[tuple[Bound, int | float]]:
    yield "at", limit
    if signal.type == "int":
        yield "at", limit + 1
        yield "at", limit - 1
    else:
        yield "above", math.nextafter(limit, math.inf)
        yield "below", math.nextafter(limit, -math.inf)


def _order(change: Change) -> tuple[object, ...]:
    """The smallest first. A limit and the next number beside it may be equally far in floating point: then the limit,
    which people know, comes first.
    """
    return change.distance, change.signal, change.bound != "at", repr(change.after)


def _margin(signal: Signal, limit: float) -> float:
    """How far from the limit a number is still near."""
    scale = _scale(signal)
    return NEAR_BESIDE * abs(limit) if scale is None else NEAR_ON_A_SCALE * scale


def _scale(signal: Signal) -> float | None:
    return None if signal.low is None or signal.high is None else signal.high - signal.low
