"""Cases as staff write them beside a policy: a YAML document → `Case`s, or every problem with its line and column.

    policy: platform-default              # the id of the policy that these are cases of
    common:                               # what every case starts from
      metadata: not_detected              # a detector: detected | not_detected | abstained | failed | not_run
    cases:
      - name: a picture that says it was made with AI
        given:                            # over `common`; see `policies.given` for what is given nowhere
          metadata: detected
          metadata.codes: [sd.prompt]     # any signal by its name
        expect:
          action: label
          rules: [declared-ai]            # all live rules that have something to say, and no others; [] for none
          shadow: {double-compression: review}    # all rehearsed ones with their actions; not looked at where absent
          codes: [declared_ai]            # the reason codes of the live ones; not looked at where absent
          texts: {declared-ai: "…"}       # the texts of some, word for word

This module knows the shape of that document. It does not judge anything: `policies.cases` does.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from detectors.base import Source
from policies.base import Action
from policies.complaints import suggest
from policies.fields import Fields, Notes, table_of
from policies.given import VERDICTS
from policies.grammar import Key, Shape
from policies.problems import Position, did_you_mean
from policies.reading import Value
from policies.signals import Signal
from policies.strict_yaml import Node, Scalar, Sequence, YamlFault, read

MAX_CASES = 2000
_ACTION = Key("choice", "The action that is expected.", True, choices=tuple(item.name.lower() for item in Action))
_CASES = Shape(
    "the document of cases",
    {
        "policy": Key("text", "The id of the policy that these are cases of.", True),
        "common": Key("table", "What every case starts from."),
        "cases": Key("table", "The cases.", True),
    },
)
_CASE = Shape(
    "a case",
    {
        "name": Key("text", "What the case is about.", True),
        "given": Key("table", "What differs from `common`."),
        "expect": Key("table", "What the policy must decide.", True),
    },
)
_EXPECT = Shape(
    "`expect`",
    {
        "action": _ACTION,
        "rules": Key("words", "All live rules that have something to say.", True),
        "shadow": Key("table", "All rehearsed ones with their actions."),
        "codes": Key("words", "The reason codes of the live rules."),
        "texts": Key("table", "The texts of some rules, word for word."),
    },
)
_TEXT = Key("text", "The text that is expected.")
_OF_A_VERDICT = ("ran", "abstained", "failed", "detected")
_OF_A_FINDING = ("score", "probability", "codes")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case demands. rules: ids. shadow: actions by rule; codes: reason codes; None is not looked at. texts: by
    rule.
    """

    action: Action
    rules: frozenset[str]
    shadow: Mapping[str, Action] | None = None
    codes: frozenset[str] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One case. given: values by the name of a detector or a signal, those of `common` included."""

    name: str
    given: Mapping[str, Value]
    expect: Expectation
    position: Position


class CaseReader:
    """Reads cases against what there is: the signals, the sources of findings, and the rules of the policy."""

    def __init__(self, signals: Mapping[str, Signal], sources: Iterable[Source], rules: Collection[str]) -> None:
        self._signals = signals
        self._sources = {source.name: source for source in sources}
        self._rules = rules

    def parse(self, text: str, policy: str, notes: Notes) -> tuple[Case, ...]:
        """The cases in `text`, adding what is wrong to `notes`. policy: the id that the document MUST name."""
        try:
            root = read(text)
        except YamlFault as fault:
            notes.add(fault.message, fault.position)
            return ()
        table = table_of(root, "the document of cases", notes)
        if table is None:
            return ()
        fields = Fields(table, _CASES, notes)
        if (named := fields.text("policy")) and named != policy:
            fields.refuse(f"these are cases of {named!r}, not of {policy!r}", fields.place("policy"))
        common = self._given(fields, "common")
        return self._cases(fields, common)

    def _cases(self, fields: Fields, common: Mapping[str, Value]) -> tuple[Case, ...]:
        node = fields.node("cases")
        if not isinstance(node, Sequence) or not node.items:
            fields.refuse("`cases` must be a list with at least one case", fields.place("cases"))
            return ()
        if len(node.items) > MAX_CASES:
            fields.refuse(f"{len(node.items)} cases; at most {MAX_CASES} are read", node.position)
            return ()
        found = [case for case in (self._case(item, common, fields.notes) for item in node.items) if case]
        lines: dict[str, int] = {}
        for case in found:
            if case.name in lines:
                fields.refuse(f"another case is named {case.name!r}", case.position, f"line {lines[case.name]}")
            lines.setdefault(case.name, case.position.line)
        return tuple(found)

    def _case(self, node: Node, common: Mapping[str, Value], notes: Notes) -> Case | None:
        table = table_of(node, "a case", notes)
        if table is None:
            return None
        fields = Fields(table, _CASE, notes)
        given = {**common, **self._given(fields, "given")}
        self._refuse_orphans(given, fields)
        expected = fields.node("expect")
        if expected is None:
            fields.refuse("a case lacks `expect`")
            return None
        expectation = self._expectation(expected, notes)
        return Case(fields.text("name"), given, expectation, fields.position) if expectation else None

    def _given(self, fields: Fields, key: str) -> dict[str, Value]:
        node = fields.node(key)
        table = table_of(node, f"`{key}`", fields.notes) if node is not None else None
        if table is None:
            return {}
        read_values = {name: self._value(name, item, table.keys[name], fields) for name, item in table.entries.items()}
        return {name: value for name, value in read_values.items() if value is not None}

    def _value(self, name: str, node: Node, position: Position, fields: Fields) -> Value | None:
        source, _, part = name.partition(".")
        if name in self._sources:
            return self._verdict(name, node, fields)
        if source in self._sources and part in _OF_A_VERDICT:
            hint = f"write `{source}:` with one of {', '.join(VERDICTS)}"
            fields.refuse(f"{name} follows from the verdict", position, hint)
            return None
        signal = self._signals.get(name)
        if signal is None:
            hint = suggest(name, self._signals) if "." in name else did_you_mean(name, self._sources)
            fields.refuse(f"there is no signal {name!r}", position, hint)
            return None
        return typed(signal, node, fields)

    def _verdict(self, name: str, node: Node, fields: Fields) -> str | None:
        if isinstance(node, Scalar) and node.text in VERDICTS:
            return node.text
        word = node.text if isinstance(node, Scalar) else ""
        hint = near if (near := did_you_mean(word, VERDICTS)).startswith("did") else f"one of {', '.join(VERDICTS)}"
        fields.refuse(f"{name} gives no such verdict: {word!r}", node.position, hint)
        return None

    def _refuse_orphans(self, given: Mapping[str, Value], fields: Fields) -> None:
        """A score without a verdict would be dropped in silence."""
        for name in given:
            source, _, part = name.partition(".")
            if source in self._sources and part in _OF_A_FINDING and source not in given:
                fields.refuse(f"{name} is given, but no verdict of {source}", hint=f"add `{source}: detected`")

    def _expectation(self, node: Node, notes: Notes) -> Expectation | None:
        table = table_of(node, "`expect`", notes)
        if table is None:
            return None
        fields = Fields(table, _EXPECT, notes)
        action = fields.choice("action")
        if not fields.has("rules"):
            fields.refuse("`expect` lacks `rules`", hint="name every live rule that fires, or write []")
        rules = names(fields, "rules")
        for name in sorted(rules - frozenset(self._rules)):
            fields.refuse(f"the policy has no rule {name!r}", fields.place("rules"), did_you_mean(name, self._rules))
        codes = names(fields, "codes") if fields.has("codes") else None
        if not action:
            return None
        return Expectation(
            action=Action[action.upper()],
            rules=rules,
            shadow=self._shadow(fields) if fields.has("shadow") else None,
            codes=codes,
            texts=self._texts(fields),
        )

    def _shadow(self, fields: Fields) -> dict[str, Action]:
        node = fields.node("shadow")
        table = table_of(node, "`shadow`", fields.notes) if node is not None else None
        if table is None:
            return {}
        rehearsed = Fields(table, Shape("`shadow`", dict.fromkeys(self._rules, _ACTION)), fields.notes)
        words = {name: rehearsed.choice(name) for name in table.entries if name in self._rules}
        return {name: Action[word.upper()] for name, word in words.items() if word}

    def _texts(self, fields: Fields) -> dict[str, str]:
        node = fields.node("texts")
        table = table_of(node, "`texts`", fields.notes) if node is not None else None
        if table is None:
            return {}
        texts = Fields(table, Shape("`texts`", dict.fromkeys(self._rules, _TEXT)), fields.notes)
        return {name: texts.text(name) for name in table.entries if name in self._rules}


def names(fields: Fields, key: str) -> frozenset[str]:
    """A list of words, which may be empty."""
    node = fields.node(key)
    if isinstance(node, Sequence) and not node.items:
        return frozenset()
    return frozenset(word.text for word in fields.words(key))


def typed(signal: Signal, node: Node, fields: Fields) -> Value | None:
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
            return node.text if node.kind != "null" else None


def _impossible(signal: Signal, value: Value) -> str | None:
    """What of a value the signal can never be."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        low = -math.inf if signal.low is None else signal.low
        high = math.inf if signal.high is None else signal.high
        return None if low <= value <= high else f"{value:g}"
    words = value if isinstance(value, list) else [value]
    return next((word for word in words if isinstance(word, str) and signal.values and word not in signal.values), None)


_FORMS = {"bool": "true or false", "list<string>": "such as [a, b]", "double": "such as 0.5"}
