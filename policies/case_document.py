"""Cases as staff write them beside a policy: a YAML document → `Case`s, or every problem with its line and column.

    policy: platform-default              # the id of the policy that these are cases of
    common:                               # what every case starts from
      metadata: not_detected              # a detector: detected | not_detected | abstained | failed | not_run
    cases:
      - name: a picture that says it was made with AI
        given:                            # over `common`; see `policies.given` for what is given nowhere
          metadata: detected
          metadata.codes: [sd.prompt]     # any signal by its name; `at` and `digest` for periods and shares
        each: {request.jurisdiction: [DE, FR]}      # the case holds for each of these values
        expect:
          action: label
          rules: [declared-ai]            # all live rules that have something to say, and no others; [] for none
          shadow: {double-compression: review}      # all rehearsed ones with their actions; not looked at where absent
          codes: [declared_ai]            # the reason codes of the live ones; not looked at where absent
          texts: {declared-ai: "…"}       # the texts of some, word for word; user_texts alike
          due: 48h                        # the shortest term that staff have

This module knows the shape of that document. It does not judge anything: `policies.cases` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from detectors.base import Source
from policies.base import Action
from policies.case_values import ValueReader
from policies.fields import Fields, Notes, table_of
from policies.grammar import Key, Shape
from policies.problems import Position, did_you_mean
from policies.reading import Value
from policies.signals import Signal
from policies.strict_yaml import Node, Sequence, Table, YamlFault, read

MAX_CASES = 2000
_ACTIONS = tuple(item.name.lower() for item in Action)
_EXPECT = Shape(
    "`expect`",
    {
        "action": Key("choice", "The decision's action.", True, _ACTIONS),
        "rules": Key("words", "Every live rule that has something to say, and no other.", True),
        "shadow": Key("table", "Every rehearsed rule that has something to say, with its action."),
        "codes": Key("words", "Every reason code of the live rules."),
        "texts": Key("table", "What some of them say, by rule."),
        "user_texts": Key("table", "What some of them say to the person concerned, by rule."),
        "due": Key("text", "The shortest term that staff have, such as 48h."),
    },
)
_CASE = Shape(
    "a case",
    {
        "name": Key("text", "The case in a few words; unique.", True),
        "given": Key("table", "What is known, over `common`."),
        "each": Key("table", "A signal with several values: the case holds for each of them."),
        "expect": Key("table", "What the policy makes of it.", True, shape=_EXPECT),
    },
)
_DOCUMENT = Shape(
    "the document of cases",
    {
        "policy": Key("text", "The id of the policy.", True),
        "common": Key("table", "What every case starts from."),
        "cases": Key("table", "The cases.", True, shape=_CASE),
    },
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case demands. rules: ids. shadow: actions by rule; codes: reason codes; None is not looked at. texts,
    user_texts: by rule. due: the shortest term that the rules set staff, "" for not looked at.
    """

    action: Action
    rules: frozenset[str]
    shadow: Mapping[str, Action] | None = None
    codes: frozenset[str] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    user_texts: Mapping[str, str] = field(default_factory=dict)
    due: str = ""


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
        self._values = ValueReader(signals, sources)
        self._rules = rules

    def parse(self, text: str, policy: str, notes: Notes) -> tuple[Case, ...]:
        """The cases in `text`, adding what is wrong to `notes`. policy: the id that the document MUST name."""
        try:
            root = read(text)
        except YamlFault as fault:
            notes.add(fault.message, fault.position, hint=fault.hint)
            return ()
        table = table_of(root, _DOCUMENT.owner, notes)
        if table is None:
            return ()
        fields = Fields(table, _DOCUMENT, notes)
        if (named := fields.text("policy")) and named != policy:
            fields.refuse(f"these are cases of {named!r}, not of {policy!r}", fields.place("policy"))
        cases = tuple(self._cases(fields, self._values.table(fields, "common")))
        _refuse_duplicates(cases, notes)
        return cases

    def _cases(self, fields: Fields, common: Mapping[str, Value]) -> Iterator[Case]:
        node = fields.node("cases")
        if not isinstance(node, Sequence) or not node.items:
            fields.refuse("`cases` must be a list with at least one case", fields.place("cases"))
        elif len(node.items) > MAX_CASES:
            fields.refuse(f"{len(node.items)} cases; at most {MAX_CASES} are read", node.position)
        else:
            for item in node.items:
                yield from self._case(item, common, fields.notes)

    def _case(self, node: Node, common: Mapping[str, Value], notes: Notes) -> Iterator[Case]:
        table = table_of(node, _CASE.owner, notes)
        if table is None:
            return
        fields = Fields(table, _CASE, notes)
        given = {**common, **self._values.table(fields, "given")}
        self._values.refuse_orphans(given, fields)
        name, expected = fields.text("name"), fields.node("expect")
        if expected is None:
            fields.refuse("a case lacks `expect`")
            return
        expectation = self._expectation(expected, notes)
        if expectation is not None:
            yield from self._each(Case(name, given, expectation, fields.position), fields)

    def _each(self, case: Case, fields: Fields) -> Iterator[Case]:
        """The case, or as many as `each` has values."""
        signals = self._values.several(fields, "each")
        if not signals:
            yield case
        for name, values in signals.items():
            for value in values:
                told = ", ".join(value) if isinstance(value, list) else value
                yield replace(case, name=f"{case.name} ({name}: {told})", given={**case.given, name: value})

    def _expectation(self, node: Node, notes: Notes) -> Expectation | None:
        table = table_of(node, _EXPECT.owner, notes)
        if table is None:
            return None
        fields = Fields(table, _EXPECT, notes)
        action = fields.choice("action")
        if not fields.has("rules"):
            fields.refuse("`expect` lacks `rules`", hint="name every live rule that fires, or write []")
        rules = _names(fields, "rules")
        for name in sorted(rules - frozenset(self._rules)):
            fields.refuse(f"the policy has no rule {name!r}", fields.place("rules"), did_you_mean(name, self._rules))
        if not action:
            return None
        return Expectation(
            action=Action[action.upper()],
            rules=rules,
            shadow=self._shadow(fields) if fields.has("shadow") else None,
            codes=_names(fields, "codes") if fields.has("codes") else None,
            texts=self._texts(fields, "texts"),
            user_texts=self._texts(fields, "user_texts"),
            due=fields.text("due") if fields.has("due") else "",
        )

    def _shadow(self, fields: Fields) -> dict[str, Action]:
        found = self._by_rule(fields, "shadow", Key("choice", "Its action.", choices=_ACTIONS))
        if found is None:
            return {}
        table, rehearsed = found
        words = {name: rehearsed.choice(name) for name in table.entries if name in self._rules}
        return {name: Action[word.upper()] for name, word in words.items() if word}

    def _texts(self, fields: Fields, key: str) -> dict[str, str]:
        found = self._by_rule(fields, key, Key("text", "What it says."))
        if found is None:
            return {}
        table, texts = found
        return {name: texts.text(name) for name in table.entries if name in self._rules}

    def _by_rule(self, fields: Fields, key: str, each: Key) -> tuple[Table, Fields] | None:
        """A table whose keys are rules."""
        node = fields.node(key)
        table = table_of(node, f"`{key}`", fields.notes) if node is not None else None
        if table is None:
            return None
        return table, Fields(table, Shape(f"`{key}`", dict.fromkeys(self._rules, each)), fields.notes)


def _names(fields: Fields, key: str) -> frozenset[str]:
    """A list of words, which may be empty."""
    node = fields.node(key)
    if isinstance(node, Sequence) and not node.items:
        return frozenset()
    return frozenset(word.text for word in fields.words(key))


def _refuse_duplicates(cases: Iterable[Case], notes: Notes) -> None:
    lines: dict[str, int] = {}
    for case in cases:
        if case.name in lines:
            notes.add(f"another case is named {case.name!r}", case.position, hint=f"line {lines[case.name]}")
        lines.setdefault(case.name, case.position.line)
