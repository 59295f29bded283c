"""From a subject to a decision: which rules apply, which fired, and which of them wins.

    hard block > exemption > block > review > label > allow

A hard block that could not be judged is a review that no exemption lifts.
The order of rules in the text carries no meaning. A rule that lacks a signal which its result depends on becomes a
review with the code "signal_missing", unless it says `when_missing: skip`. A rule that came to an error of another
kind (a division by zero, an exhausted budget) becomes a review with the code "rule_error", whatever it says.

A rule whose period or share of content has not been told apart for want of a time or a digest becomes such a review
too, whatever it says: the caller is at fault, not the content.

This module knows the order of things and precedence. It does not know YAML, CEL or where findings come from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate

from core.errors import ConfigurationError
from core.media import digest_of
from detectors.base import Source
from policies import reasons
from policies.base import Decision, Subject
from policies.bundle import Bundle
from policies.cel import Outcome
from policies.compiler import CompiledRule
from policies.explaining import Explanation, explain
from policies.loading import Compiled, compile_policy, environment_of
from policies.problems import Problem
from policies.protected import Base, shipped
from policies.reading import Reader, Value
from policies.reasons import Fired
from policies.rules import Document, Mode, Rule, WhenMissing
from policies.signals import declare
from policies.windows import within


def load_policy(text: str, source: str, detectors: Iterable[Source], base: Base | None = None) -> RulePolicy:
    """Compiles a policy once, for many decisions.

    text: the YAML document; its digest is taken over its UTF-8 bytes as they are, so `sha256sum` of the file gives the
    same. source: the name for messages. detectors: those whose findings the policy will see. base: what the policy is
    joined with; the shipped one where None.
    Raises ConfigurationError whose text holds every problem, one a line.
    """
    base = base or shipped()
    compiled = compile_policy(text, source, declare(detectors), base)
    if compiled.document is None or compiled.problems:
        raise ConfigurationError("\n".join(str(problem) for problem in compiled.problems))
    return RulePolicy(compiled.document, digest_of(text.encode()), base.digest, compiled)


def find_problems(text: str, source: str, detectors: Iterable[Source], base: Base | None = None) -> list[Problem]:
    """Every problem that keeps the policy from being loaded, in order of position; empty for a good one."""
    return list(compile_policy(text, source, declare(detectors), base or shipped()).problems)


class RulePolicy:
    """A loaded policy (`policies.base.Policy`). Immutable, deterministic, shared freely between threads.

    digest: of the document. base_digest: of the base that it is joined with. rules: the document's and the base's,
    sorted by id. own_rules: the document's alone. signals: those that conditions and texts name.
    """

    def __init__(self, document: Document, digest: str, base_digest: str, compiled: Compiled) -> None:
        self.id = document.id
        self.version = document.version
        self.description = document.description
        self.digest = digest
        self.base_digest = base_digest
        self.rules = compiled.rules
        own = {rule.id for rule in document.rules}
        self.own_rules = tuple(rule for rule in self.rules if rule.rule.id in own)
        self.signals = {name: compiled.signals[name] for rule in self.rules for name in rule.operands}
        self._reader = Reader(self.signals.values())
        self._places = _places(self.rules)
        self._rule_at = {place: rule for rule, place in zip(self.rules, self._places, strict=True)}
        conditions = [condition for rule in self.rules for condition in (rule.condition, *rule.exemptions)]
        self._environment = environment_of(compiled.signals)
        self._bundle = Bundle(conditions, compiled.signals, self._environment)
        self._scopes = tuple(dict.fromkeys(rule.rule.scope for rule in self.rules))
        self._wanted = lru_cache(maxsize=256)(self._covered)

    def decide(self, subject: Subject) -> Decision:
        """The decision for one subject. Never raises for odd findings."""
        return self.decide_on(self._reader.read(subject), subject)

    def explain(self, subject: Subject) -> Explanation:
        """The decision with what nearly happened: see `policies.explaining`. Costs hundreds of decisions."""
        return explain(self, self.rules, subject)

    def read(self, subject: Subject) -> dict[str, Value]:
        """The values of all signals that the rules read or show. A missing signal is absent."""
        return self._reader.read(subject)

    def decide_on(self, values: Mapping[str, Value], subject: Subject) -> Decision:
        """The decision for these values of signals; from the subject itself come scope, time and share alone."""
        fired: list[Fired] = []
        skipped: dict[str, str] = {}
        for rule, outcome in self._standing(values, subject):
            if lacks := _lacks(rule.rule, subject):
                fired.append(reasons.undated(rule, values, lacks))
            elif outcome is Outcome.TRUE:
                fired.append(reasons.fired(rule, values))
            elif outcome is Outcome.ERROR:
                fired.append(reasons.erred(rule, values))
            elif rule.rule.when_missing is not WhenMissing.SKIP:
                fired.append(reasons.lacking(rule, values, subject, self.signals))
            elif rule.rule.mode is Mode.LIVE:
                skipped[rule.rule.id] = rule.rule.skip_reason
        return self._weigh(fired, skipped)

    def outcomes(self, subject: Subject, unknown: Collection[str] = ()) -> dict[str, Outcome]:
        """What became of every rule whose `applies_to` covers the subject, by the rule's id.

        unknown: signals that are taken to have no value, whatever the subject says.
        """
        read = self._reader.read(subject)
        values = {name: value for name, value in read.items() if name not in unknown} if unknown else read
        covered = {rule.rule.id: Outcome.FALSE for rule in self.rules if rule.rule.scope.covers(subject)}
        standing = self._standing(values, subject)
        return covered | {rule.rule.id: outcome for rule, outcome in standing}

    def silent(self, values: Mapping[str, Value], subject: Subject) -> Iterator[CompiledRule]:
        """The rules that apply and are in force, and have nothing to say."""
        standing = {rule.rule.id for rule, _ in self._standing(values, subject)}
        for rule in self.rules:
            if rule.rule.scope.covers(subject) and _in_force(rule.rule, subject) and rule.rule.id not in standing:
                yield rule

    def judge(self, rule: CompiledRule, values: Mapping[str, Value]) -> Outcome:
        """What becomes of one rule where it applies."""
        bound = self._environment.bind(values)
        lifted = any(each.judge(bound) is Outcome.TRUE for each in rule.exemptions)
        return Outcome.FALSE if lifted else rule.condition.judge(bound)

    def _standing(self, values: Mapping[str, Value], subject: Subject) -> Iterator[tuple[CompiledRule, Outcome]]:
        """The rules that apply, are in force and do not come to false, in the order of their ids."""
        wanted = self._wanted(tuple(scope.covers(subject) for scope in self._scopes))
        outcomes = self._bundle.judge(values, wanted)
        for place in sorted(outcomes):
            rule = self._rule_at.get(place)
            if rule is None:  # the outcome of an exemption
                continue
            # An exemption that cannot be judged lifts nothing: else making its detector abstain would be a way round.
            lifts = range(place + 1, place + 1 + len(rule.exemptions))
            lifted = bool(lifts) and any(outcomes.get(lift) is Outcome.TRUE for lift in lifts)
            if not lifted and _in_force(rule.rule, subject):
                yield rule, outcomes[place]

    def _covered(self, covers: tuple[bool, ...]) -> frozenset[int]:
        """The conditions of the rules whose scopes, told by their order, cover a subject."""
        scopes = {scope for scope, covered in zip(self._scopes, covers, strict=True) if covered}
        return frozenset(
            condition
            for rule, place in zip(self.rules, self._places, strict=True)
            if rule.rule.scope in scopes
            for condition in range(place, place + 1 + len(rule.exemptions))
        )

    def _weigh(self, fired: Iterable[Fired], skipped: Mapping[str, str]) -> Decision:
        items = tuple(fired)
        live = reasons.ranked([item for item in items if item.mode is Mode.LIVE]) or (reasons.nothing(skipped),)
        shadow = reasons.ranked([item for item in items if item.mode is Mode.SHADOW])
        return Decision(live[0].action, live, self.id, self.digest, shadow, self.base_digest)


def _places(rules: Iterable[CompiledRule]) -> tuple[int, ...]:
    """Where each rule's condition stands among all conditions; those of its exemptions follow it."""
    counts = [1 + len(rule.exemptions) for rule in rules]
    return tuple(accumulate(counts[:-1], initial=0)) if counts else ()


def _in_force(rule: Rule, subject: Subject) -> bool:
    """Whether the rule is in force for the subject, as far as can be told: what is unknown counts as in force."""
    if not (rule.window.always or subject.at is None or rule.window.holds(subject.at)):
        return False
    return rule.rollout == 100 or not subject.digest or within(rule.rollout, rule.id, subject.digest)


def _lacks(rule: Rule, subject: Subject) -> str:
    """What the subject must say before it is known whether the rule is in force; "" where it says enough."""
    if subject.at is None and not rule.window.always:
        return "the time of the decision"
    return "the digest of the content" if not subject.digest and rule.rollout < 100 else ""
