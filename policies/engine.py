"""From a subject to a decision: which rules apply, which fired, and which of them wins.

    hard block > exemption > block > review > label > allow

A hard block that could not be judged is a review that no exemption lifts.
The order of rules in the text carries no meaning. A rule that lacks a signal which its result depends on becomes a
review with the code "signal_missing", unless it says `when_missing: skip`. A rule that came to an error of another
kind (a division by zero, an exhausted budget) becomes a review with the code "rule_error", whatever it says.

This module knows the order of things and precedence. It does not know YAML, CEL or where findings come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.errors import ConfigurationError
from core.media import digest_of
from detectors.base import Source
from policies import reasons
from policies.base import Decision, Subject
from policies.bundle import Bundle
from policies.cel import Environment, Outcome
from policies.compiler import CompiledRule, compile_rules
from policies.document import parse
from policies.fields import Notes
from policies.problems import Problem
from policies.reading import Reader
from policies.reasons import Fired
from policies.rules import Document, Mode, WhenMissing
from policies.signals import Signal, declare


def load_policy(text: str, source: str, detectors: Iterable[Source]) -> RulePolicy:
    """Compiles a policy once, for many decisions.

    text: the YAML document; its digest is taken over its UTF-8 bytes as they are, so `sha256sum` of the file gives the
    same. source: the name for messages. detectors: those whose findings the policy will see.
    Raises ConfigurationError whose text holds every problem, one a line.
    """
    signals = declare(detectors)
    environment = _environment(signals)
    document, rules, problems = _compile(text, source, signals, environment)
    if document is None or problems:
        raise ConfigurationError("\n".join(str(problem) for problem in problems))
    return RulePolicy(document, digest_of(text.encode()), rules, signals, environment)


def find_problems(text: str, source: str, detectors: Iterable[Source]) -> list[Problem]:
    """Every problem that keeps the policy from being loaded, in order of position; empty for a good one."""
    signals = declare(detectors)
    return _compile(text, source, signals, _environment(signals))[2]


def _environment(signals: Mapping[str, Signal]) -> Environment:
    return Environment({name: signal.type for name, signal in signals.items()})


def _compile(
    text: str, source: str, signals: Mapping[str, Signal], environment: Environment
) -> tuple[Document | None, tuple[CompiledRule, ...], list[Problem]]:
    notes = Notes(source)
    document = parse(text, notes)
    rules = compile_rules(document, signals, environment, notes) if document is not None else ()
    return document, rules, notes.all()


class RulePolicy:
    """A loaded policy (`policies.base.Policy`). Immutable, deterministic, shared freely between threads."""

    def __init__(
        self,
        document: Document,
        digest: str,
        rules: Sequence[CompiledRule],
        signals: Mapping[str, Signal],
        environment: Environment,
    ) -> None:
        self.id = document.id
        self.version = document.version
        self.description = document.description
        self.digest = digest
        self._rules = tuple(sorted(rules, key=lambda rule: rule.rule.id))
        self._signals = {name: signals[name] for rule in self._rules for name in rule.operands}
        self._reader = Reader(self._signals.values())
        self._bundle = Bundle([rule.condition for rule in self._rules], signals, environment)

    @property
    def rules(self) -> tuple[CompiledRule, ...]:
        """The rules, in the order of their ids."""
        return self._rules

    def outcomes(self, subject: Subject) -> dict[str, Outcome]:
        """What became of the condition of every rule that applies to the subject, by the rule's id."""
        wanted = [index for index, rule in enumerate(self._rules) if rule.rule.scope.covers(subject)]
        judged = self._bundle.judge(self._reader.read(subject), wanted)
        return {self._rules[index].rule.id: outcome for index, outcome in judged.items()}

    def decide(self, subject: Subject) -> Decision:
        """The decision for one subject. Never raises for odd findings."""
        values = self._reader.read(subject)
        wanted = [index for index, rule in enumerate(self._rules) if rule.rule.scope.covers(subject)]
        fired: list[Fired] = []
        skipped: dict[str, str] = {}
        for index, outcome in self._bundle.judge(values, wanted).items():
            if outcome is Outcome.FALSE:
                continue
            rule = self._rules[index]
            if outcome is Outcome.TRUE:
                fired.append(reasons.fired(rule, values))
            elif outcome is Outcome.ERROR:
                fired.append(reasons.erred(rule, values))
            elif rule.rule.when_missing is not WhenMissing.SKIP:
                fired.append(reasons.lacking(rule, values, subject, self._signals))
            elif rule.rule.mode is Mode.LIVE:
                skipped[rule.rule.id] = rule.rule.skip_reason
        return self._weigh(fired, skipped)

    def _weigh(self, fired: Iterable[Fired], skipped: Mapping[str, str]) -> Decision:
        items = tuple(fired)
        live = reasons.ranked(item for item in items if item.mode is Mode.LIVE) or (reasons.nothing(skipped),)
        shadow = reasons.ranked(item for item in items if item.mode is Mode.SHADOW)
        return Decision(live[0].action, live, self.id, self.digest, shadow)
