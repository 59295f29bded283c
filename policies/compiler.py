"""From a document to rules that can be judged: conditions compiled and ruled on, texts checked, silences refused.

This module knows how the parts of the language fit together. It does not decide: `policies.engine` does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from core.media import Kind
from policies.bundle import names_in
from policies.cel import Condition, Environment, ExpressionRefused, Outcome
from policies.complaints import explain, suggest
from policies.fields import Notes
from policies.problems import Position
from policies.rules import Document, Rule
from policies.rulings import rule_on
from policies.signals import Signal
from policies.strict_yaml import Scalar
from policies.templates import placeholders


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule that is ready to be judged.

    reads: the signals that its condition names, sorted. operands: those and what its text names, sorted.
    """

    rule: Rule
    condition: Condition
    reads: tuple[str, ...]
    operands: tuple[str, ...]


def compile_rules(
    document: Document, signals: Mapping[str, Signal], environment: Environment, notes: Notes
) -> tuple[CompiledRule, ...]:
    """Compiles every rule, adding what is wrong to `notes`; refused rules are left out. `environment` declares
    `signals`.
    """
    compiler = _Compiler(environment, signals, notes)
    compiled = (compiler.rule(rule) for rule in document.rules)
    return tuple(item for item in compiled if item is not None)


class _Compiler:
    def __init__(self, environment: Environment, signals: Mapping[str, Signal], notes: Notes) -> None:
        self._environment = environment
        self._signals = signals
        self._notes = notes

    def rule(self, rule: Rule) -> CompiledRule | None:
        shown = self._named_in_text(rule)
        if not rule.when.text:
            return None  # `policies.document` has noted it
        try:
            condition = self._environment.compile(rule.when.text)
        except ExpressionRefused as refusal:
            for fault in refusal.faults:
                position, message, hint = explain(fault, self._signals)
                self._refuse(rule, rule.when, position, message, hint)
            return None
        rulings = tuple(rule_on(condition.tree, self._signals))
        for ruling in rulings:
            self._refuse(rule, rule.when, _position(rule.when.text, ruling.offset), ruling.message, ruling.hint)
        if rulings:
            return None
        names = names_in(condition, self._signals)
        self._refuse_constants(rule, condition, names)
        self._refuse_silent_kinds(rule, names)
        return CompiledRule(rule, condition, tuple(sorted(names)), tuple(sorted(names | shown)))

    def _named_in_text(self, rule: Rule) -> frozenset[str]:
        named = list(placeholders(rule.text.text))
        for item in named:
            if item.name not in self._signals:
                position = _position(rule.text.text, item.offset)
                hint = suggest(item.name, self._signals) if item.name else "write {{ or }} for a brace"
                self._refuse(rule, rule.text, position, f"the text names no signal: {item.name!r}", hint)
        return frozenset(item.name for item in named)

    def _refuse_constants(self, rule: Rule, condition: Condition, names: frozenset[str]) -> None:
        """A condition that reads nothing is fine when it holds ("true" for all that a rule applies to), or useless."""
        if not names and condition.judge(self._environment.bind({})) is not Outcome.TRUE:
            self._refuse(rule, rule.when, Position(), "the condition reads no signal and never holds")
        for node in condition.tree.walk():
            if node.kind == "call" and node.name == "matches" and isinstance(pattern := node.children[-1].value, str):
                probe = self._environment.compile(f"'' .matches({json.dumps(pattern, ensure_ascii=False)})")
                if probe.judge(self._environment.bind({})) is Outcome.ERROR:
                    position = _position(rule.when.text, node.children[-1].offset)
                    self._refuse(rule, rule.when, position, f"{pattern!r} is not a pattern", "RE2 syntax")

    def _refuse_silent_kinds(self, rule: Rule, names: frozenset[str]) -> None:
        """A rule for media that its detector never examines would send every such upload to review."""
        if rule.when_missing is not None:
            return
        applies = rule.scope.kinds or frozenset(Kind)
        never = {name: applies - (self._signals[name].kinds or applies) for name in names}
        silent = sorted(name for name, kinds in never.items() if kinds)
        if silent:
            kinds = ", ".join(sorted(frozenset().union(*never.values())))
            message = f"the rule could never be judged for {kinds}: {', '.join(silent)} has no value there"
            self._refuse(rule, rule.when, Position(), message, "narrow applies_to.kinds, or state when_missing")

    def _refuse(self, rule: Rule, scalar: Scalar, within: Position, message: str, hint: str = "") -> None:
        self._notes.add(message, scalar.locate(within.line, within.column), rule=rule.id, hint=hint)


def _position(text: str, offset: int) -> Position:
    before = text[:offset].split("\n")
    return Position(len(before), len(before[-1]) + 1)
