"""The CEL compiler's complaints in words for people who write rules.

This module knows the library's sentences. One that it does not know is passed on as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policies.cel import Fault
from policies.problems import Position, did_you_mean
from policies.signals import Signal

_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_SYNTAX = re.compile(r"Syntax error: (.*?)( expecting .*)?$")
_OPERATOR = re.compile(r"^_(\S+)_$")
_OPERATORS_HINT = "CEL writes && for and, || for or, ! for not, == for equals"

_SLIPS = {
    "and": "CEL writes && for and",
    "or": "CEL writes || for or",
    "not": "CEL writes ! for not: !(a in b)",
    "is": "CEL writes == for is",
    "=": "CEL writes == to compare",
    "=>": "CEL writes >= for at least",
    "<>": "CEL writes != for is not",
    "&": "CEL writes && for and",
    "|": "CEL writes || for or",
    "%": "write 0.5 for 50 %",
    "contains": "write 'word' in the.list, or the.text.contains('word')",
    "like": "write the.text.contains('word') or the.text.startsWith('word')",
    "between": "write 0.2 <= the.signal && the.signal <= 0.8",
    "if": "leave out the word: the whole condition says when the rule fires",
    ",": "write a decimal point for a decimal comma, and ['a', 'b'] for one of several words",
}
"""What people write out of habit → what they want. Keys are the words at the place of the complaint."""
_SLIP = re.compile(r"[A-Za-z]+|=>|<>|===?|[=&|%,]")
_WORDS = {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false", "None": "null"}
_FUNCTIONS = ("startsWith", "endsWith", "contains", "matches", "exists", "exists_one", "all", "filter", "map", "size")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with an expression. position: within it."""

    position: Position
    message: str
    hint: str = ""


def explain(faults: Iterable[Fault], text: str, signals: Mapping[str, Signal]) -> Iterator[Complaint]:
    """The faults of an expression. After the first thing that is not CEL the library guesses, so that is told alone."""
    for fault in faults:
        if match := _SYNTAX.search(fault.message):
            yield _of_syntax(match[1], fault.position, text)
            return
        yield _of_meaning(fault, signals)


def suggest(name: str, signals: Mapping[str, Signal]) -> str:
    """The hint for a signal that does not exist."""
    source = name.partition(".")[0]
    siblings = [signal.name for signal in signals.values() if signal.source == source]
    if hint := did_you_mean(name, siblings or signals):
        return hint
    return did_you_mean("", {f"{signal.source}.…" for signal in signals.values()})


def _of_syntax(complaint: str, position: Position, text: str) -> Complaint:
    return Complaint(position, f"this is not CEL: {complaint}", _slip_at(position, text) or _OPERATORS_HINT)


def _slip_at(position: Position, text: str) -> str:
    """The hint for what stands at the place, or just before it, where the library went on."""
    line = text.split("\n")[position.line - 1] if position.line <= text.count("\n") + 1 else ""
    before, after = line[: position.column - 1], line[position.column - 1 :]
    if after[:1] in "“”„‘’‚«»" and after:
        return "use straight quotes: 'word'"
    if after[:1] in ("'", '"'):
        return "the text that begins here does not end: a quote is missing"
    if "&&" in after[:2] or "||" in after[:2] or not after:
        return "something is missing here: write what is to be compared"
    # A word that the library took for a name is only wrong by what follows it.
    for place in (
        before.rstrip()[-1:] + after.lstrip()[:1],
        after.lstrip(),
        before.split()[-1] if before.split() else "",
    ):
        found = _SLIP.match(place)
        hint = _SLIPS.get(found[0].lower(), "") if found else ""
        if found and found[0] == "===":
            hint = _SLIPS["="]
        if hint:
            return hint
    return ""


def _of_meaning(fault: Fault, signals: Mapping[str, Signal]) -> Complaint:
    if match := _UNDECLARED.search(fault.message):
        return _of_unknown(match[1], fault.position, signals)
    if match := _OVERLOAD.search(fault.message):
        return Complaint(fault.position, *_of_types(match[1], match[2]))
    return Complaint(fault.position, fault.message)


def _of_unknown(name: str, position: Position, signals: Mapping[str, Signal]) -> Complaint:
    # The library points at the last dot; people look for the beginning of the name.
    start = max(1, position.column - name.rfind(".")) if "." in name else position.column
    where = Position(position.line, start)
    if name in _WORDS:
        return Complaint(where, f"there is no {name!r}", f"CEL writes {_WORDS[name]}")
    if "." in name:
        return Complaint(where, f"there is no signal {name!r}", suggest(name, signals))
    if (function := did_you_mean(name, _FUNCTIONS)).startswith("did"):
        return Complaint(where, f"there is no function {name!r}", function)
    hint = suggest(name, signals)
    quoted = f"a word that a signal is compared with stands in quotes: '{name}'"
    return Complaint(where, f"there is no signal {name!r}", f"{hint}; {quoted}" if hint else quoted)


def _of_types(function: str, arguments: str) -> tuple[str, str]:
    types = arguments.split(", ")
    if function == "@in" and types[-1:] == ["string"]:
        return "`in` needs a list on the right", "write the.signal == 'word', or the.signal in ['a', 'b']"
    if function == "contains" and types[0].startswith("list"):
        return "a list has no contains()", "write 'word' in the.list"
    match = _OPERATOR.match(function)
    if not match or len(types) != 2:
        return f"{function} does not take ({arguments})", ""
    message = f"{match[1]} does not take {types[0]} on the left and {types[1]} on the right"
    if set(types) == {"double", "int"}:
        return message, "write numbers beside a double with a decimal point, such as 1.0, and beside an int without"
    if "list(string)" in types and "string" in types:
        return message, "write 'word' in the.list, or the.list.exists(item, item.startsWith('word'))"
    if types[0] == "bool" and types[1] in ("int", "double"):
        return message, "write both sides: 0.2 < the.signal && the.signal < 0.8; true and false stand alone: the.signal"
    if "bool" in types:
        return message, "true and false stand without quotes; the.signal alone means that it is true, !the.signal false"
    if "string" in types:
        return message, "numbers stand without quotes, words in quotes"
    return message, ""
