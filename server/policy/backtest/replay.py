"""One decision again: what a candidate would have made of what was found then."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from detectors.base import Source
from policies.base import Action, Stage
from policies.engine import RulePolicy
from policies.equivalence import hangs_on, reads_of
from policies.rules import NO_RULE_FIRED
from server.policy.backtest.classes import LeafClasses
from server.policy.backtest.recorded import LeafReader

_NOTHING_SAID: tuple[str, tuple[str, ...]] = (Action.ALLOW.name, ())
_MOST_CLASSES = 100_000
"""That are remembered. A policy that does more with numbers than compare them may make one of each picture."""


@dataclass(frozen=True, slots=True)
class Again:
    """The outcome of a replay. rules: those that fired, the deciding one first.

    unknown: signals that were not recorded and on which the outcome hangs; then the rest means nothing.
    """

    action: str
    rules: tuple[str, ...]
    unknown: frozenset[str] = frozenset()


class Replay:
    """Decides again by one candidate. For one thread. leaves, classes: how subjects are read, and sorted."""

    def __init__(self, policy: RulePolicy, sources: Sequence[Source]) -> None:
        self._policy = policy
        self.classes = LeafClasses(policy, sources)
        reads = (reads_of(rule, policy.signals) for rule in policy.rules)
        self.leaves = LeafReader(frozenset[str]().union(*reads), policy.signals, sources)
        self._of_orders = frozenset(rule.rule.id for rule in policy.rules if rule.rule.scope.stage == Stage.INPUT)
        self._known: dict[Hashable, Again] = {}

    def decide(self, leaf: Mapping[str, Any], at: datetime) -> Again:
        """leaf: of a decision on media that was examined. at: the moment by which it is judged."""
        key = self.classes.of(leaf, at), self._said(leaf)
        again = self._known.get(key)
        if again is None:
            again = self._decide(leaf, at)
            if len(self._known) < _MOST_CLASSES:
                self._known[key] = again
        return again

    def _decide(self, leaf: Mapping[str, Any], at: datetime) -> Again:
        subject, unknown = self.leaves.subject(leaf, at), self.leaves.unknown(leaf)
        open_ones = hangs_on(self._policy, subject, unknown) if unknown else unknown
        decision = self._policy.decide(subject)
        asked, said = self._said(leaf)
        rules = tuple(each.rule for each in decision.beside(Action[asked]) if each.code != NO_RULE_FIRED)
        if Action[asked] > decision.action:
            return Again(asked, (*said, *rules), open_ones)
        return Again(decision.action.name, (*rules, *said), open_ones)

    def _said(self, leaf: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
        """What was said of the order that an output was made by, as recorded: the words it was asked with are not there
        to be judged again, and the more severe of the two holds.
        """
        making = leaf.get("making")
        if making is None or making["stage"] != "output" or "asked" not in making:
            return _NOTHING_SAID
        fired = (each["rule"] for each in leaf["reasons"])
        return making["asked"]["action"], tuple(rule for rule in fired if rule in self._of_orders)
