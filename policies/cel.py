"""The thin wall around the CEL library: compile a condition, judge it, and nothing of the library's leaks out.

Replacing the library means rewriting this module and `policies.tree`.

What must not leak: the library hands an error back as a value, and a truthy one (its message); it raises RuntimeError
where it runs out of its iteration budget or cannot convert a bound value. Both become `Outcome.ERROR` here. A variable
without a value makes the sub-expression that reads it an error too, which `&&` and `||` absorb where the other side
settles the result; what is not absorbed becomes `Outcome.MISSING`. A bound text ends for the library at its first NUL,
so that what follows would go unseen: no text with one may be bound, and `policies.reading` reads none.

This module knows CEL. It does not know findings, rules or actions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NewType

from cel_expr_python import cel

from policies.problems import Position
from policies.signals import Type
from policies.tree import Node, TooComplex, decode

MAX_LENGTH = 4096
"""Code points in one condition."""

Bound = NewType("Bound", object)
"""Values bound for judging. Opaque; may be used by many conditions, in one thread at a time."""

_TYPES: dict[Type, Any] = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "list<string>": cel.Type.List(cel.Type.STRING),
}
_FAULT = re.compile(r"^(?:INVALID_ARGUMENT: )?ERROR: <input>:(-?\d+):(-?\d+): (.*)$")
_UNBOUND = "UNKNOWN: No value with name"


class Outcome(Enum):
    """What became of a condition. There is deliberately no truth value: compare, never `if outcome`."""

    TRUE = "true"
    FALSE = "false"
    MISSING = "missing"
    ERROR = "error"

    def __bool__(self) -> bool:
        raise TypeError("an outcome has four values; compare it")


@dataclass(frozen=True, slots=True)
class Fault:
    """The library's complaint about an expression; position within the expression, from 1."""

    position: Position
    message: str


class ExpressionRefused(Exception):
    """An expression that does not compile, with every complaint. Turned into `Problem`s by `policies.compiler`."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        super().__init__("the expression does not compile")
        self.faults = tuple(faults)


class Condition:
    """A compiled expression whose result is a bool. Made by `Environment.compile`; shared freely between threads."""

    def __init__(self, text: str, compiled: Any, tree: Node) -> None:
        self.text = text
        self.tree = tree
        self._compiled = compiled

    def judge(self, bound: Bound) -> Outcome:
        """The outcome for these values. Never raises."""
        value = _evaluate(self._compiled, bound)
        if value is None:
            return Outcome.ERROR
        plain = value.value()
        # Only a bool is one of these two objects; an error is the text of its message.
        if plain is False:
            return Outcome.FALSE
        if plain is True:
            return Outcome.TRUE
        return Outcome.MISSING if str(plain).startswith(_UNBOUND) else Outcome.ERROR


class Table:
    """Several conditions fused into one expression, so that the library is entered once. See `policies.bundle`."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def rows(self, bound: Bound) -> list[bool] | None:
        """The result of each fused condition, or None where any of them came to an error."""
        value = _evaluate(self._compiled, bound)
        rows = value.plain_value() if value is not None else None
        return rows if isinstance(rows, list) else None  # an error is the text of its message


class Environment:
    """The declared variables, and the compiler for expressions over them."""

    def __init__(self, variables: Mapping[str, Type]) -> None:
        self._env = cel.NewEnv(variables={name: _TYPES[kind] for name, kind in variables.items()})

    def compile(self, text: str, *, tree: Node | None = None) -> Condition:
        """Compiles and type-checks a condition. Raises ExpressionRefused.

        tree: of a condition that was accepted before, where `text` is that condition with values written in.
        """
        if tree is None and len(text) > MAX_LENGTH:
            raise _refused(f"the condition has {len(text)} characters; at most {MAX_LENGTH} are read")
        compiled = self._checked(text)
        if compiled.return_type() != cel.Type.BOOL:
            kind = compiled.return_type().name().lower()
            raise _refused(f"the condition must be true or false, and this is of type {kind}")
        try:
            return Condition(text, compiled, tree or decode(compiled.serialize()))
        except TooComplex as error:
            raise _refused(f"the condition is too complex: {error}") from error

    def table(self, text: str) -> Table:
        """Compiles a list of conditions that `compile` has accepted. Raises ExpressionRefused."""
        return Table(self._checked(text))

    def bind(self, values: Mapping[str, object]) -> Bound:
        """Binds values to variables. A variable that is left out has no value. A text MUST NOT hold a NUL."""
        return Bound(self._env.Activation(values))

    def _checked(self, text: str) -> Any:
        try:
            return self._env.compile(text)
        except RuntimeError as error:
            raise ExpressionRefused(_faults(str(error))) from error


def _evaluate(compiled: Any, bound: Bound) -> Any | None:
    try:
        return compiled.eval(bound)
    except RuntimeError:  # out of budget, or a text that is not UTF-8
        return None


def _refused(message: str) -> ExpressionRefused:
    return ExpressionRefused((Fault(Position(), message),))


def _faults(report: str) -> list[Fault]:
    """The library's report, one line and column for each complaint, without its drawings and its follow-up errors."""
    found = (_FAULT.match(line) for line in report.split("\n"))
    faults = [
        Fault(Position(max(1, int(match[1])), max(1, int(match[2]))), match[3].removesuffix(" [INVALID_ARGUMENT]"))
        for match in found
        if match and "'*error*'" not in match[3]
    ]
    return faults or [Fault(Position(), report.split("\n")[0])]
