"""The CEL compiler's complaints in words for people who write rules.

This module knows the library's sentences. One that it does not know is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from policies.cel import Fault
from policies.problems import Position, did_you_mean
from policies.signals import Signal

_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_SYNTAX = re.compile(r"Syntax error: (.*?)( expecting .*)?$")
_OPERATOR = re.compile(r"^_(\S+)_$")
_OPERATORS_HINT = "CEL writes && for and, || for or, ! for not, == for equals"


def explain(fault: Fault, signals: Mapping[str, Signal]) -> tuple[Position, str, str]:
    """Position within the expression, message and hint."""
    if match := _UNDECLARED.search(fault.message):
        return _of_unknown(match[1], fault.position, signals)
    if match := _OVERLOAD.search(fault.message):
        return fault.position, *_of_types(match[1], match[2])
    if match := _SYNTAX.search(fault.message):
        return fault.position, f"this is not CEL: {match[1]}", _OPERATORS_HINT
    return fault.position, fault.message, ""


def suggest(name: str, signals: Mapping[str, Signal]) -> str:
    """The hint for a signal that does not exist."""
    source = name.partition(".")[0]
    siblings = [signal.name for signal in signals.values() if signal.source == source]
    if hint := did_you_mean(name, siblings or signals):
        return hint
    return did_you_mean("", {f"{signal.source}.…" for signal in signals.values()})


def _of_unknown(name: str, position: Position, signals: Mapping[str, Signal]) -> tuple[Position, str, str]:
    # The library points at the last dot; people look for the beginning of the name.
    start = max(1, position.column - name.rfind(".")) if "." in name else position.column
    return Position(position.line, start), f"there is no signal {name!r}", suggest(name, signals)


def _of_types(function: str, arguments: str) -> tuple[str, str]:
    types = arguments.split(", ")
    match = _OPERATOR.match(function)
    if not match or len(types) != 2:
        return f"{function} does not take ({arguments})", ""
    message = f"{match[1]} does not take {types[0]} on the left and {types[1]} on the right"
    if set(types) == {"double", "int"}:
        return message, "write numbers beside a double with a decimal point, such as 1.0, and beside an int without"
    if "list(string)" in types and "string" in types:
        return message, "write 'word' in the.list, or the.list.exists(item, item.startsWith('word'))"
    return message, ""
