"""Settings of a generator: from the text on the wire to checked values, and defaults for those not given.

This module knows declarations (`generators.base.Parameter`). It does not know what any setting does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from core.errors import InvalidInput
from generators.base import Parameter, Value


def parse(declared: Iterable[Parameter], wire: Mapping[str, str]) -> dict[str, Value]:
    """One value for each declared parameter, in the order of declaration, from text such as {"scale": "4"}.

    Raises InvalidInput naming the field "parameters.<name>", with limit and found, for a name that is not declared
    and for text of the wrong type, out of range or outside the choices.
    """
    known = {parameter.name: parameter for parameter in declared}
    _refuse_unknown(known, wire)
    typed = {name: _typed(known[name], text) for name, text in wire.items()}
    return complete(known.values(), typed)


def complete(declared: Iterable[Parameter], values: Mapping[str, Value]) -> dict[str, Value]:
    """`values` checked against the declarations and filled with their defaults. Raises as `parse` does."""
    known = {parameter.name: parameter for parameter in declared}
    _refuse_unknown(known, values)
    return {name: _checked(parameter, values.get(name, parameter.default)) for name, parameter in known.items()}


def _refuse_unknown(known: Mapping[str, Parameter], given: Iterable[str]) -> None:
    for name in given:
        if name not in known:
            raise InvalidInput(
                f"there is no parameter {name!r}",
                field=f"parameters.{name}",
                limit="one of " + (", ".join(known) or "none"),
                found=name,
            )


def _typed(parameter: Parameter, text: str) -> Value:
    """The text as the declared type. Grouping underscores and spaces, which Python would accept, are refused."""
    if parameter.type == "string":
        return text
    number = int if parameter.type == "int" else float
    try:
        if "_" in text or text != text.strip():
            raise ValueError(text)
        return number(text)
    except ValueError:
        raise _refusal(parameter, text) from None


def _checked(parameter: Parameter, value: Value) -> Value:
    if not _has_type(parameter, value) or not _in_range(parameter, value):
        raise _refusal(parameter, value)
    if parameter.choices and value not in parameter.choices:
        raise _refusal(parameter, value)
    return float(value) if parameter.type == "float" else value


def _has_type(parameter: Parameter, value: Value) -> bool:
    if parameter.type == "string":
        return isinstance(value, str)
    if isinstance(value, bool):  # an int to Python, but nobody means 1 by it
        return False
    return isinstance(value, int) if parameter.type == "int" else isinstance(value, int | float)


def _in_range(parameter: Parameter, value: Value) -> bool:
    """Numbers must be finite and within the closed range; text has no range."""
    if isinstance(value, str):
        return True
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    # An integer is finite, though it may be too long to become the float that isfinite wants.
    return (isinstance(value, int) or math.isfinite(value)) and low <= value <= high


def _refusal(parameter: Parameter, found: Value) -> InvalidInput:
    allowed = _allowed(parameter)
    return InvalidInput(
        f"parameter {parameter.name!r} must be {allowed}",
        field=f"parameters.{parameter.name}",
        limit=allowed,
        found=str(found)[:64],
    )


def _allowed(parameter: Parameter) -> str:
    """What may be given, in words: "one of 2, 4", "a float from 0 to 100"."""
    if parameter.choices:
        return "one of " + ", ".join(str(choice) for choice in parameter.choices)
    noun = {"int": "an integer", "float": "a number", "string": "text"}[parameter.type]
    low, high = parameter.minimum, parameter.maximum
    bounds = ("" if low is None else f" from {low:g}") + ("" if high is None else f" up to {high:g}")
    return noun + bounds
