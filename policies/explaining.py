"""What nearly happened: rules that all but fired, and the nearest change that would have led to another action.

    explanation = policy.explain(subject)

Nothing here is guessed. Each change is proposed from the conditions (`policies.changes`), then the rule or the whole
policy is judged again with it, and only what comes out otherwise is told. One signal is changed at a time while all
others stay, also those of the same detector. The work is bounded: what lies beyond `MAX_TRIES` is not found.

This module knows how outcomes are compared. It does not know how they come about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal, Protocol

from policies.base import Action, Decision, Subject
from policies.cel import Outcome
from policies.changes import Change, Changes
from policies.compiler import CompiledRule
from policies.reachability import conjuncts
from policies.reading import Value
from policies.rules import Mode
from policies.signals import Signal

MAX_TRIES = 400
"""Judgements of the whole policy for one explanation, and of conditions, each."""
MAX_NEAR = 10
"""Rules told of that nearly fired."""
_TOGETHER = 16
"""Ways to move several near numbers at once that are tried for one rule."""


class Judge(Protocol):
    """A policy that can be asked what would be. Values are those of `read`, some of them changed."""

    @property
    def signals(self) -> Mapping[str, Signal]:
        """Every signal that it reads."""
        ...

    def read(self, subject: Subject) -> dict[str, Value]:
        """The values of all signals that the policy reads."""
        ...

    def decide_on(self, values: Mapping[str, Value], subject: Subject) -> Decision:
        """The decision for these values."""
        ...

    def silent(self, values: Mapping[str, Value], subject: Subject) -> Iterable[CompiledRule]:
        """The rules that apply and are in force and whose conditions come to false, by id."""
        ...

    def judge(self, rule: CompiledRule, values: Mapping[str, Value]) -> Outcome:
        """What becomes of a rule's condition alone, and TRUE only while none of its exemptions holds."""
        ...


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A rule that nearly fired. kind "near": numbers lie near what they are compared with; "one_short": all parts of
    the condition but one hold. changes: with which it would have fired; several only where all are near.
    """

    rule: str
    title: str
    action: Action
    mode: Mode
    kind: Literal["near", "one_short"]
    changes: tuple[Change, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """A change with which the policy would have taken another action, for the reason of which rule.

    beyond: whether every value further away leads to that action too. rule: "" where no rule would have fired.
    """

    change: Change
    action: Action
    rule: str
    beyond: bool
    text: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with what nearly happened. near: the nearest first. milder, stricter: the nearest change that would
    have led to a milder, or a more severe, action; None where no single change was found.
    """

    decision: Decision
    near: tuple[NearMiss, ...]
    milder: Alternative | None
    stricter: Alternative | None

    @property
    def nearest(self) -> Alternative | None:
        """The nearest change that would have altered the action."""
        found = [each for each in (self.milder, self.stricter) if each is not None]
        return min(found, key=lambda each: each.change.distance, default=None)


def explain(policy: Judge, rules: Iterable[CompiledRule], subject: Subject) -> Explanation:
    """The decision for a subject, and what nearly happened. rules: all of the policy's."""
    values = policy.read(subject)
    decision = policy.decide_on(values, subject)
    live = [rule for rule in rules if rule.rule.mode is Mode.LIVE and rule.rule.scope.covers(subject)]
    trees = [condition.tree for rule in live for condition in (rule.condition, *rule.exemptions)]
    search = _Search(policy, values, subject, Changes(trees, policy.signals, values))
    milder, stricter = search.alternatives(decision)
    return Explanation(decision, _near_misses(policy, values, subject), milder, stricter)


@dataclass(frozen=True, slots=True)
class _Search:
    """A subject, and the changes that are worth a try for it."""

    policy: Judge
    values: Mapping[str, Value]
    subject: Subject
    changes: Changes

    def alternatives(self, decision: Decision) -> tuple[Alternative | None, Alternative | None]:
        """The nearest change to a milder action, and to a stricter one."""
        milder: Alternative | None = None
        stricter: Alternative | None = None
        for change in self.changes.all[:MAX_TRIES]:
            other = self._with(change)
            if other.action < decision.action and milder is None:
                milder = self._alternative(change, other)
            elif other.action > decision.action and stricter is None:
                stricter = self._alternative(change, other)
            if milder is not None and stricter is not None:
                break
        return milder, stricter

    def _alternative(self, change: Change, other: Decision) -> Alternative:
        beyond = change.limit is not None and change.before is not None and change.signal in self.changes.plain()
        further = [each for each in self.changes.all if _is_further(each, change)] if beyond else []
        beyond = beyond and all(self._with(each).action is other.action for each in further)
        text = f"If {change.words(beyond=beyond)}, the action would have been {other.action.name.lower()}."
        return Alternative(change, other.action, other.reasons[0].rule, beyond, text)

    def _with(self, change: Change) -> Decision:
        return self.policy.decide_on({**self.values, change.signal: change.after}, self.subject)


def _is_further(each: Change, change: Change) -> bool:
    """Whether one leads further the same way."""
    if each.signal != change.signal or isinstance(each.after, str | list) or isinstance(change.after, str | list):
        return False
    return each.after > change.after if change.upwards else each.after < change.after


def _near_misses(policy: Judge, values: Mapping[str, Value], subject: Subject) -> tuple[NearMiss, ...]:
    found = []
    tries = 0
    for rule in policy.silent(values, subject):
        changes = Changes((rule.condition.tree,), policy.signals, values).all
        parts = sum(1 for _ in conjuncts(rule.condition.tree))
        for kind, tried in _attempts(changes, parts):
            tries += 1
            if tries > MAX_TRIES:
                break
            moved = {**values, **{change.signal: change.after for change in tried}}
            if policy.judge(rule, moved) is Outcome.TRUE:
                found.append(_near_miss(rule, kind, tried))
                break
    # What is near by number comes before what lacks a whole part.
    found.sort(key=lambda miss: (miss.kind != "near", max(change.distance for change in miss.changes), miss.rule))
    return tuple(found[:MAX_NEAR])


def _attempts(
    changes: tuple[Change, ...], parts: int
) -> Iterator[tuple[Literal["near", "one_short"], tuple[Change, ...]]]:
    """What is tried for one rule, the smallest change first."""
    near: dict[str, list[Change]] = {}
    for change in changes:
        if change.near:
            near.setdefault(change.signal, []).append(change)
            yield "near", (change,)
    if len(near) > 1:
        for number, together in enumerate(product(*near.values())):
            if number < _TOGETHER:
                yield "near", together
    if parts > 1:
        yield from (("one_short", (change,)) for change in changes if not change.near and change.before is not None)


def _near_miss(rule: CompiledRule, kind: Literal["near", "one_short"], changes: tuple[Change, ...]) -> NearMiss:
    written = rule.rule
    words = " and ".join(change.words() for change in changes)
    text = f"“{written.title}” would have fired if {words}."
    return NearMiss(written.id, written.title, written.action, written.mode, kind, changes, text)
