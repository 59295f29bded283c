"""From a document to rules that can be judged: conditions compiled and ruled on, texts checked, silences refused.

This module knows how the parts of the language fit together. It does not decide: `policies.engine` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.media import Kind
from policies.base import Stage
from policies.bundle import names_in
from policies.cel import Condition, ExpressionRefused, Outcome
from policies.complaints import explain, suggest
from policies.constants import inlined
from policies.fields import Notes
from policies.problems import Position
from policies.reachability import BEFORE_MEDIA_HINT, contradictions
from policies.redundancy import refuse_covered
from policies.rules import Document, Rule
from policies.rulings import Ruling, rule_on, rule_on_patterns
from policies.signals import is_private
from policies.strict_yaml import Scalar
from policies.templates import placeholders, shown
from policies.vocabulary import Vocabulary

MAX_LISTED = 10_000
"""Words of lists in all conditions of a policy: some milliseconds a decision."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule that is ready to be judged.

    exemptions: while one of them holds, the rule does not fire.
    reads: the signals that its condition names, sorted. operands: those, its exemptions' and its texts', sorted.
    constants: the thresholds that its condition names, and what its texts name of the document, as people read them.
    """

    rule: Rule
    condition: Condition
    exemptions: tuple[Condition, ...] = ()
    reads: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)


def compile_rules(document: Document, vocabulary: Vocabulary, notes: Notes) -> tuple[CompiledRule, ...]:
    """Compiles every rule, adding what is wrong to `notes`; refused rules are left out."""
    compiler = _Compiler(vocabulary, notes)
    compiled = (compiler.rule(rule) for rule in document.rules)
    rules = tuple(item for item in compiled if item is not None)
    refuse_covered(((each.rule, each.condition.tree) for each in rules), notes)
    _refuse_many_words(rules, notes)
    return rules


def _refuse_many_words(rules: Iterable[CompiledRule], notes: Notes) -> None:
    """Each condition holds its own copy of the lists that it names, and the library walks through them one by one."""
    words = 0
    for rule in rules:
        trees = (condition.tree for condition in (rule.condition, *rule.exemptions))
        words += sum(len(node.children) for tree in trees for node in tree.walk() if node.kind == "list")
        if words > MAX_LISTED:
            message = f"with this rule, the conditions name more than {MAX_LISTED} words of lists in all"
            hint = "let fewer rules look at long lists, or use a hash list"
            notes.add(message, rule.rule.position, rule=rule.rule.id, hint=hint)
            return


class _Compiler:
    def __init__(self, vocabulary: Vocabulary, notes: Notes) -> None:
        self._words = vocabulary
        self._notes = notes

    def rule(self, rule: Rule) -> CompiledRule | None:
        shown_names = self._named_in_texts(rule)
        conditions = [self._condition(rule, scalar) for scalar in (rule.when, *rule.exemptions)]
        good = [condition for condition in conditions if condition is not None]
        if len(good) < len(conditions):
            return None
        condition, *exemptions = good
        signals = self._words.signals
        reads = names_in(condition, signals)
        self._refuse_silent_kinds(rule, reads)
        named = shown_names.union(*(_thresholds_in(each) for each in good))
        operands = shown_names.union(*(names_in(each, signals) for each in good)) & signals.keys()
        constants = {name: shown(value) for name, value in self._words.constants.items() if name in named}
        return CompiledRule(
            rule, condition, tuple(exemptions), tuple(sorted(reads)), tuple(sorted(operands)), constants
        )

    def _condition(self, rule: Rule, scalar: Scalar) -> Condition | None:
        """One condition, compiled and accepted; None after noting what is wrong with it."""
        if not scalar.text:
            return None  # `policies.rule_reader` has noted it
        words = self._words
        try:
            condition = inlined(words.environment.compile(scalar.text), words.constants, words.environment)
        except ExpressionRefused as refusal:
            for complaint in explain(refusal.faults, scalar.text, words.names):
                self._refuse(rule, scalar, complaint.position, complaint.message, complaint.hint)
            return None
        rulings = (*rule_on(condition.tree, words.signals), *rule_on_patterns(condition.tree, words.environment))
        rulings = rulings or (*self._unreachable(condition, rule),)
        for ruling in rulings:
            self._refuse(rule, scalar, _position(scalar.text, ruling.offset), ruling.message, ruling.hint)
        return None if rulings else condition

    def _unreachable(self, condition: Condition, rule: Rule) -> Iterator[Ruling]:
        """A condition that reads nothing is fine when it holds ("true" for all that a rule applies to), or useless."""
        environment = self._words.environment
        if not names_in(condition, self._words.signals) and condition.judge(environment.bind({})) is not Outcome.TRUE:
            yield Ruling(
                0, "the condition reads no signal and never holds", "write true for all that the rule applies to"
            )
        else:
            yield from contradictions(condition.tree, rule.scope, self._words.signals)

    def _named_in_texts(self, rule: Rule) -> frozenset[str]:
        names = []
        for scalar in (rule.text, *filter(None, (rule.user_text,))):
            for item in placeholders(scalar.text):
                names.append(item.name)
                if complaint := self._about(item.name, rule):
                    self._refuse(rule, scalar, _position(scalar.text, item.offset), *complaint)
        return frozenset(names)

    def _about(self, name: str, rule: Rule) -> tuple[str, str] | None:
        """What is wrong with a name in a text, and what to do about it."""
        if name not in self._words.names:
            hint = suggest(name, self._words.names) if name else "write {{ or }} for a brace"
            return f"the text names no signal: {name!r}", hint
        if is_private(name):
            return f"the words of an order are not shown: {name}", "name what was looked for instead"
        signal = self._words.signals.get(name)
        if rule.scope.stage == Stage.INPUT and signal is not None and not signal.of_order:
            return f"{name} has no value at stage input", BEFORE_MEDIA_HINT
        return None

    def _refuse_silent_kinds(self, rule: Rule, names: frozenset[str]) -> None:
        """A rule for media that its detector never examines would send every such upload to review."""
        if rule.when_missing is not None:
            return
        applies = rule.scope.kinds or frozenset(Kind)
        never = {name: applies - (self._words.signals[name].kinds or applies) for name in names}
        silent = sorted(name for name, kinds in never.items() if kinds)
        if silent:
            kinds = ", ".join(sorted(frozenset().union(*never.values())))
            message = f"the rule could never be judged for {kinds}: {', '.join(silent)} has no value there"
            self._refuse(rule, rule.when, Position(), message, "narrow applies_to.kinds, or state when_missing")

    def _refuse(self, rule: Rule, scalar: Scalar, within: Position, message: str, hint: str = "") -> None:
        self._notes.add(message, scalar.locate(within.line, within.column), rule=rule.id, hint=hint)


def _thresholds_in(condition: Condition) -> frozenset[str]:
    return frozenset(node.name for node in condition.tree.walk() if node.kind == "constant" and node.name)


def _position(text: str, offset: int) -> Position:
    before = text[:offset].split("\n")
    return Position(len(before), len(before[-1]) + 1)
