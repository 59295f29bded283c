"""Many conditions judged together: fused into few expressions, because entering the CEL library costs most.

One error would spoil a whole fused expression, and missing signals are errors by design. So a fused expression sees
placeholders where signals are missing, and the rows of the conditions that read one of those are thrown away: these
conditions are judged alone, without placeholders, where `&&` and `||` may absorb the missing part. Where a fused
expression comes to an error for another reason, all its conditions are judged alone. The outcomes are those of judging
each condition alone, only sooner.

This module knows conditions and values. It does not know rules or actions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from policies.cel import Condition, Environment, ExpressionRefused, Outcome, Table
from policies.reading import Value
from policies.signals import Signal, Type

_ROWS = 64
"""Conditions in one table: the gain is spent by then, and one that errs takes fewer others to the slow path."""

_PLACEHOLDERS: dict[Type, Value] = {"bool": False, "int": 0, "double": 0.0, "string": "", "list<string>": []}
_ABSORBING = frozenset(("_&&_", "_||_", "_?_:_"))
_ERRING = frozenset(("_/_", "_%_", "_[_]", "_+_", "_-_", "_*_", "-_", "int", "matches"))
"""Functions that may come to an error of their own."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some of the conditions, from `start`; table is None where they could not be fused."""

    start: int
    indices: frozenset[int]
    table: Table | None


class Bundle:
    """Conditions in a fixed order, named by their index. Immutable; shared freely between threads."""

    def __init__(
        self, conditions: Sequence[Condition], signals: Mapping[str, Signal], environment: Environment
    ) -> None:
        """`environment` declares `signals`; what the conditions name besides is written into them."""
        self._environment = environment
        self._conditions = tuple(conditions)
        self._reads = tuple(names_in(condition, signals) for condition in conditions)
        self._strict = frozenset(index for index, condition in enumerate(conditions) if _is_strict(condition))
        read = frozenset().union(*self._reads)
        self._placeholders = {name: _PLACEHOLDERS[signals[name].type] for name in read}
        self._readers = {name: frozenset(i for i, reads in enumerate(self._reads) if name in reads) for name in read}
        starts = range(0, len(conditions), _ROWS)
        self._parts = tuple(self._part(start, conditions[start : start + _ROWS]) for start in starts)

    def judge(self, values: Mapping[str, Value], wanted: Collection[int]) -> dict[int, Outcome]:
        """The outcomes of the wanted conditions; those that are left out are FALSE. Never raises."""
        missing = self._placeholders.keys() - values.keys()
        apart: set[int] = set()
        for name in missing:
            apart |= self._readers[name]
        bound = self._environment.bind({**self._placeholders, **values} if missing else values)
        outcomes: dict[int, Outcome] = {}
        for part in self._parts:
            if part.indices.isdisjoint(wanted):
                continue
            rows = part.table.rows(bound) if part.table is not None else None
            if rows is None:
                apart |= part.indices
            elif True in rows:
                found = (index for index, row in enumerate(rows, part.start) if row)
                outcomes.update((index, Outcome.TRUE) for index in found if index in wanted and index not in apart)
        outcomes.update(self._apart(apart.intersection(wanted), values, missing))
        return outcomes

    def _apart(
        self, indices: Collection[int], values: Mapping[str, Value], missing: Collection[str]
    ) -> Iterator[tuple[int, Outcome]]:
        """The outcomes of conditions that are judged one by one, without placeholders; those left out are FALSE."""
        settled = [index for index in indices if index in self._strict and not self._reads[index].isdisjoint(missing)]
        yield from ((index, Outcome.MISSING) for index in settled)
        others = [index for index in indices if index not in settled]
        if not others:
            return
        read = frozenset().union(*(self._reads[index] for index in others))
        bare = self._environment.bind({name: values[name] for name in read if name in values})
        for index in others:
            outcome = self._conditions[index].judge(bare)
            if outcome is not Outcome.FALSE:
                yield index, outcome

    def _part(self, start: int, conditions: Sequence[Condition]) -> _Part:
        return _Part(start, frozenset(range(start, start + len(conditions))), self._table(conditions))

    def _table(self, conditions: Sequence[Condition]) -> Table | None:
        """None where a condition is so near the library's limit of nesting that the list around it goes beyond."""
        # The line break ends a comment that the condition may end with.
        rows = ", ".join(f"{condition.text}\n" for condition in conditions)
        try:
            return self._environment.table(f"[{rows}]")
        except ExpressionRefused:
            return None


def names_in(condition: Condition, signals: Mapping[str, Signal]) -> frozenset[str]:
    """The signals that a condition reads. Variables bound by exists() and its kin have no dot and are none."""
    return frozenset(node.name for node in condition.tree.walk() if node.kind == "name" and node.name in signals)


def _is_strict(condition: Condition) -> bool:
    """Whether each signal that is missing decides the outcome: nothing absorbs it, and nothing else can go wrong."""
    absorbing = _ABSORBING | _ERRING
    return not any(node.kind == "comprehension" or node.name in absorbing for node in condition.tree.walk())
