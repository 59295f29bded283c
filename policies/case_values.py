"""The values that a case gives, held against what each signal can be.

This module knows signals and verdicts. It does not know what a case expects.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from detectors.base import Source
from policies.complaints import suggest
from policies.fields import Fields, one_of, table_of
from policies.given import SPECIAL, VERDICTS
from policies.problems import Position, did_you_mean
from policies.reading import Value
from policies.signals import Signal
from policies.strict_yaml import Node, Scalar, Sequence
from policies.windows import NotAMoment, moment

_OF_A_VERDICT = ("ran", "abstained", "failed", "detected")
_DERIVED = {
    "request.prompt_words": "request.prompt",
    "request.negative_prompt_words": "request.negative_prompt",
    "request.declared": "request.purpose",
}
_FORMS = {"bool": "true or false", "list<string>": "such as [a, b]", "double": "such as 0.5"}


class ValueReader:
    """Reads values by name: of a detector, of a signal, or one of `given.SPECIAL`."""

    def __init__(self, signals: Mapping[str, Signal], sources: Iterable[Source]) -> None:
        self._signals = signals
        self._sources = {source.name for source in sources}

    def table(self, fields: Fields, key: str) -> dict[str, Value]:
        """A table of names and values; what is wrong with it is noted, and left out."""
        node = fields.node(key)
        table = table_of(node, f"`{key}`", fields.notes) if node is not None else None
        if table is None:
            return {}
        found = {name: self._value(name, item, table.keys[name], fields) for name, item in table.entries.items()}
        return {name: value for name, value in found.items() if value is not None}

    def several(self, fields: Fields, key: str) -> dict[str, list[Value]]:
        """A table with one name and a list of its values; empty where there is none."""
        node = fields.node(key)
        table = table_of(node, f"`{key}`", fields.notes) if node is not None else None
        if table is None:
            return {}
        ((name, values),) = table.entries.items() if len(table.entries) == 1 else (("", None),)
        if not isinstance(values, Sequence) or not values.items:
            fields.refuse(f"`{key}` must be one signal with a list of values", table.position)
            return {}
        found = [self._value(name, item, table.keys[name], fields) for item in values.items]
        return {name: [value for value in found if value is not None]}

    def refuse_orphans(self, given: Mapping[str, Value], fields: Fields) -> None:
        """A score without a verdict would be dropped in silence."""
        for name in given:
            source, _, part = name.partition(".")
            if source in self._sources and part and source not in given:
                fields.refuse(f"{name} is given, but no verdict of {source}", hint=f"add `{source}: detected`")

    def _value(self, name: str, node: Node, position: Position, fields: Fields) -> Value | None:
        source, _, part = name.partition(".")
        if name in SPECIAL:
            return _special(name, node, fields)
        if name in self._sources:
            return _verdict(name, node, fields)
        if source in self._sources and part in _OF_A_VERDICT:
            hint = f"write `{source}:` with one of {', '.join(VERDICTS)}"
            fields.refuse(f"{name} follows from the verdict", position, hint)
        elif name in _DERIVED:
            fields.refuse(f"{name} follows from other values", position, f"write `{_DERIVED[name]}:` and its like")
        elif name not in self._signals:
            hint = suggest(name, self._signals) if "." in name else did_you_mean(name, {*self._sources, *SPECIAL})
            fields.refuse(f"there is no signal {name!r}", position, hint)
        else:
            return _typed(self._signals[name], node, fields)
        return None


def _verdict(name: str, node: Node, fields: Fields) -> str | None:
    word = node.text if isinstance(node, Scalar) else ""
    if word in VERDICTS:
        return word
    fields.refuse(f"{name} gives no such verdict: {word!r}", node.position, one_of(word, VERDICTS))
    return None


def _special(name: str, node: Node, fields: Fields) -> str | None:
    """The text of an instant or a digest. An instant is read again where it is needed."""
    text = node.text if isinstance(node, Scalar) else ""
    try:
        if name == "at":
            moment(text, closing=False)
        elif not text:
            raise NotAMoment("a digest is a text that is not empty")
    except NotAMoment as error:
        fields.refuse(f"`{name}`: {error}", node.position)
        return None
    return text


def _typed(signal: Signal, node: Node, fields: Fields) -> Value | None:
    """The value of a signal, or None after noting that it is none that the signal can take."""
    value = _read(signal, node)
    if value is None:
        fields.refuse(f"{signal.name} must be a {signal.type}", node.position, _FORMS.get(signal.type, ""))
    elif (found := _impossible(signal, value)) is not None:
        hint = did_you_mean(found, signal.values) if signal.values else ""
        fields.refuse(f"{signal.name} is never {found}", node.position, hint)
    else:
        return value
    return None


def _read(signal: Signal, node: Node) -> Value | None:
    if signal.type == "list<string>":
        items = [item.text for item in node.items if isinstance(item, Scalar)] if isinstance(node, Sequence) else None
        return items if items is not None and isinstance(node, Sequence) and len(items) == len(node.items) else None
    if not isinstance(node, Scalar):
        return None
    match signal.type:
        case "bool":
            return {"true": True, "false": False}.get(node.text) if node.kind == "bool" else None
        case "int":
            return int(node.text) if node.kind == "int" and node.text.removeprefix("-").isdecimal() else None
        case "double":
            value = float(node.text) if node.kind in ("int", "float") and node.text[-1:].isdecimal() else math.nan
            return value if math.isfinite(value) else None
        case _:
            # YAML reads the country NO as a truth value.
            return node.text if node.kind not in ("null", "bool") else None


def _impossible(signal: Signal, value: Value) -> str | None:
    """What of a value the signal can never be."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        low = -math.inf if signal.low is None else signal.low
        high = math.inf if signal.high is None else signal.high
        return None if low <= value <= high else f"{value:g}"
    words = value if isinstance(value, list) else [value]
    return next((word for word in words if isinstance(word, str) and signal.values and word not in signal.values), None)
