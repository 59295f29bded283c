"""Many conditions judged together: fused into few expressions, because entering the CEL library costs most.

One error would spoil a whole fused expression, and missing signals are errors by design. So each row is guarded by
flags that say whether its optional signals have values:

    __given.copy_move.detected ? (copy_move.detected ? 1 : 0) : 2

A row of 2 is judged on its own, where `&&` and `||` may absorb the missing part, and so is every row of a table that
came to an error for another reason. The outcomes are those of judging each condition alone, only sooner.

This module knows conditions and values. It does not know rules or actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from policies.cel import Bound, Condition, Environment, ExpressionRefused, Outcome, Table
from policies.reading import Value
from policies.signals import Signal, Type

_ROWS = 32
"""Conditions in one table: the gain is spent by then, and one that errs takes fewer others to the slow path."""
_FLAG = "__given."
_ALONE = 2


class Bundle:
    """Conditions in a fixed order, named by their index. Immutable; shared freely between threads."""

    def __init__(self, conditions: Sequence[Condition], signals: Mapping[str, Signal]) -> None:
        """`conditions` were accepted by an environment over the same signals."""
        read = [sorted(names_in(condition, signals)) for condition in conditions]
        optional = [[name for name in names if signals[name].optional] for names in read]
        self._flags = tuple((_FLAG + name, name) for name in sorted({name for names in optional for name in names}))
        variables: dict[str, Type] = {name: signal.type for name, signal in signals.items()}
        variables.update((flag, "bool") for flag, _ in self._flags)
        self._environment = Environment(variables)
        self._alone = tuple(self._environment.compile(condition.text) for condition in conditions)
        rows = [_row(condition.text, names) for condition, names in zip(conditions, optional, strict=True)]
        self._tables = tuple(self._table(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS))

    def judge(self, values: Mapping[str, Value], wanted: Iterable[int]) -> dict[int, Outcome]:
        """The outcomes of the wanted conditions. Never raises."""
        flags = {flag: name in values for flag, name in self._flags}
        bound = self._environment.bind({**values, **flags})
        tables: dict[int, list[int] | None] = {}
        outcomes = {}
        for index in wanted:
            number, row = divmod(index, _ROWS)
            if number not in tables:
                tables[number] = self._rows(number, bound)
            rows = tables[number]
            if rows is None or rows[row] == _ALONE:
                outcomes[index] = self._alone[index].judge(bound)
            else:
                outcomes[index] = Outcome.TRUE if rows[row] == 1 else Outcome.FALSE
        return outcomes

    def _rows(self, number: int, bound: Bound) -> list[int] | None:
        table = self._tables[number]
        return table.rows(bound) if table is not None else None

    def _table(self, rows: Sequence[str]) -> Table | None:
        """None where a condition was near the library's limit of nesting and the guard goes beyond it."""
        try:
            return self._environment.table(f"[{', '.join(rows)}]")
        except ExpressionRefused:
            return None


def names_in(condition: Condition, signals: Mapping[str, Signal]) -> frozenset[str]:
    """The signals that a condition reads. Variables bound by exists() and its kin have no dot and are none."""
    return frozenset(node.name for node in condition.tree.walk() if node.kind == "name" and node.name in signals)


def _row(text: str, optional: Iterable[str]) -> str:
    # The line break ends a comment that the condition may end with.
    verdict = f"(({text}\n) ? 1 : 0)"
    guard = " && ".join(_FLAG + name for name in optional)
    return f"({guard} ? {verdict} : {_ALONE})" if guard else verdict
