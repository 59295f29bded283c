"""Whether a policy decides as its cases say, and whether the cases try all of it.

    report = run_cases(policy, cases, detectors)

This module knows how cases are run and what a failed one says. It does not know files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.media import digest_of
from detectors.base import Source
from policies.base import Decision, Reason
from policies.case_coverage import Gap, gaps
from policies.case_document import Case, CaseReader, Expectation
from policies.engine import RulePolicy
from policies.fields import Notes
from policies.given import subject_of
from policies.loading import compile_policy
from policies.problems import Problem
from policies.protected import Base, shipped
from policies.rules import NO_RULE_FIRED
from policies.signals import Signal, declare


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case. failures: one sentence for each thing that is not as expected; empty where all is."""

    case: Case
    decision: Decision
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all cases. problems: what keeps the policy or its cases from being read; then nothing was run.

    gaps: what no case tries. policy_id, policy_digest: "" where the policy could not be loaded.
    """

    policy_id: str = ""
    policy_digest: str = ""
    results: tuple[Result, ...] = ()
    gaps: tuple[Gap, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> tuple[Result, ...]:
        """The cases that were not decided as expected."""
        return tuple(result for result in self.results if result.failures)

    @property
    def ok(self) -> bool:
        """Whether every case was decided as expected, and together they try every rule."""
        return bool(self.results) and not (self.problems or self.failed or self.gaps)


def run_cases(
    policy: str,
    cases: str,
    sources: Iterable[Source],
    *,
    policy_name: str = "the policy",
    cases_name: str = "the cases",
    base: Base | None = None,
) -> Report:
    """Runs the cases of a policy. policy, cases: the YAML documents. The names are for messages. base: what the policy
    is joined with; the shipped one where None. Never raises for what the documents say.
    """
    known = tuple(sources)
    tested = Tested.of(policy, known, policy_name, base or shipped())
    if not isinstance(tested, Tested):
        return Report(problems=tested)
    policy_loaded = tested.policy
    read, problems = tested.read(cases, cases_name)
    if problems:
        return Report(policy_loaded.id, policy_loaded.digest, problems=problems)
    subjects = [subject_of(case.given, known) for case in read]
    return Report(
        policy_id=policy_loaded.id,
        policy_digest=policy_loaded.digest,
        results=tuple(judge(policy_loaded, read, known)),
        gaps=gaps(policy_loaded, tested.own, subjects, tested.signals),
    )


@dataclass(frozen=True, slots=True)
class Tested:
    """A loaded policy, with what its cases may name. own: the ids of the rules of its own document."""

    policy: RulePolicy
    sources: tuple[Source, ...]
    signals: Mapping[str, Signal]
    own: frozenset[str]

    @classmethod
    def of(cls, text: str, sources: tuple[Source, ...], name: str, base: Base) -> Tested | tuple[Problem, ...]:
        """The policy in a document, or what keeps it from being loaded."""
        signals = declare(sources)
        compiled = compile_policy(text, name, signals, base)
        if compiled.document is None or compiled.problems:
            return compiled.problems
        policy = RulePolicy(compiled.document, digest_of(text.encode()), base.digest, compiled)
        # What no rule reads has no reader in the policy, yet a case may give it.
        own = frozenset(rule.id for rule in compiled.document.rules)
        return cls(policy, sources, {**signals, **compiled.signals}, own)

    def read(self, cases: str, name: str) -> tuple[tuple[Case, ...], tuple[Problem, ...]]:
        """The cases in a document, and what is wrong with it."""
        notes = Notes(name)
        reader = CaseReader(self.signals, self.sources, [rule.rule.id for rule in self.policy.rules])
        return reader.parse(cases, self.policy.id, notes), tuple(notes.all())


def judge(policy: RulePolicy, cases: Iterable[Case], sources: Sequence[Source]) -> Iterator[Result]:
    """What becomes of each case."""
    for case in cases:
        decision = policy.decide(subject_of(case.given, sources))
        yield Result(case, decision, tuple(_failures(case.expect, decision)))


def _failures(expect: Expectation, decision: Decision) -> Iterator[str]:
    live = [reason for reason in decision.reasons if reason.code != NO_RULE_FIRED]
    if decision.action is not expect.action:
        because = f" because of {_told(decision.reasons[:1])}" if live else ""
        yield f"expected {expect.action.name.lower()}, got {decision.action.name.lower()}{because}"
    yield from _differences("rules", expect.rules, [reason.rule for reason in live])
    if expect.shadow is not None:
        wanted = frozenset(f"{rule} ({action.name.lower()})" for rule, action in expect.shadow.items())
        found = [f"{reason.rule} ({reason.action.name.lower()})" for reason in decision.shadow]
        yield from _differences("rehearsed rules", wanted, found)
    yield from _differences("codes", expect.codes, [reason.code for reason in live])
    terms = sorted(reason.due for reason in live if reason.due is not None)
    due = f"{terms[0] // timedelta(hours=1)}h" if terms else "no term"
    if expect.due and due != expect.due:
        yield f"staff should have had {expect.due}, and had {due}"
    told = {reason.rule: reason for reason in (*decision.reasons, *decision.shadow)}
    yield from _unsaid(expect.texts, {rule: reason.text for rule, reason in told.items()}, "says")
    yield from _unsaid(expect.user_texts, {rule: reason.user_text for rule, reason in told.items()}, "tells people")


def _unsaid(expected: Mapping[str, str], said: Mapping[str, str], verb: str) -> Iterator[str]:
    for rule, text in expected.items():
        if said.get(rule, "") != text:
            yield f"{rule} {verb} {said.get(rule) or 'nothing'!r}, not {text!r}"


def _differences(what: str, expected: frozenset[str] | None, found: Iterable[str]) -> Iterator[str]:
    if expected is None:
        return
    had = frozenset(found)
    if absent := sorted(expected - had):
        yield f"{what} that should have fired: {', '.join(absent)}"
    if extra := sorted(had - expected):
        yield f"{what} that fired unasked: {', '.join(extra)}"


def _told(reasons: Iterable[Reason]) -> str:
    return "; ".join(f"{reason.rule} ({reason.code}): {reason.text}" for reason in reasons)
