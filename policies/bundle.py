"""Many conditions judged together: fused into few expressions, because entering the CEL library costs most.

One error would spoil a whole fused expression, and missing signals are errors by design. So a fused expression sees
placeholders where signals are missing, and the rows of the conditions that read one of those are thrown away: these
conditions are judged alone, without placeholders, where `&&` and `||` may absorb the missing part. Where a fused
expression comes to an error for another reason, all its conditions are judged alone. The outcomes are those of judging
each condition alone, only sooner.

This module knows conditions and values. It does not know rules or actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from policies.cel import Condition, Environment, ExpressionRefused, Outcome, Table
from policies.reading import Value
from policies.signals import Signal, Type

_ROWS = 32
"""Conditions in one table: the gain is spent by then, and one that errs takes fewer others to the slow path."""

_PLACEHOLDERS: dict[Type, Value] = {"bool": False, "int": 0, "double": 0.0, "string": "", "list<string>": []}


class Bundle:
    """Conditions in a fixed order, named by their index. Immutable; shared freely between threads."""

    def __init__(
        self, conditions: Sequence[Condition], signals: Mapping[str, Signal], environment: Environment
    ) -> None:
        """`environment` declares `signals` and compiled the conditions."""
        self._environment = environment
        self._conditions = tuple(conditions)
        self._reads = tuple(names_in(condition, signals) for condition in conditions)
        read = frozenset().union(*self._reads)
        self._placeholders = {name: _PLACEHOLDERS[signals[name].type] for name in read}
        starts = range(0, len(conditions), _ROWS)
        self._tables = tuple(self._table(conditions[start : start + _ROWS]) for start in starts)

    def judge(self, values: Mapping[str, Value], wanted: Iterable[int]) -> dict[int, Outcome]:
        """The outcomes of the wanted conditions. Never raises."""
        missing = self._placeholders.keys() - values.keys()
        indices = tuple(wanted)
        together = [index for index in indices if missing.isdisjoint(self._reads[index])] if missing else indices
        outcomes = self._together(together, {**self._placeholders, **values})
        return {index: outcomes[index] if index in outcomes else self._alone(index, values) for index in indices}

    def _together(self, wanted: Iterable[int], values: Mapping[str, Value]) -> dict[int, Outcome]:
        """Outcomes from the tables; a condition whose table came to an error is left out."""
        bound = self._environment.bind(values)
        rows: dict[int, list[bool] | None] = {}
        outcomes = {}
        for index in wanted:
            number, row = divmod(index, _ROWS)
            if number not in rows:
                table = self._tables[number]
                rows[number] = table.rows(bound) if table is not None else None
            if (settled := rows[number]) is not None:
                outcomes[index] = Outcome.TRUE if settled[row] else Outcome.FALSE
        return outcomes

    def _alone(self, index: int, values: Mapping[str, Value]) -> Outcome:
        read = {name: values[name] for name in self._reads[index] if name in values}
        return self._conditions[index].judge(self._environment.bind(read))

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
