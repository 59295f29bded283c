"""What a candidate would have changed, counted while the log goes by. Bounded by rules, labels and tenants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.rules import NO_RULE_FIRED
from server.policy.backtest.replay import Again

_MOST_KINDS = 10_000
ACTIONS = ("ALLOW", "LABEL", "REVIEW", "BLOCK")
_Move = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """How many decisions went from one action to another. samples: ids of some, the oldest first."""

    before: str
    after: str
    count: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleCount:
    """before, after: decisions that a rule fired on. decided, decides: changes whose first reason it was, or is."""

    rule: str
    before: int
    after: int
    decided: int
    decides: int


@dataclass(frozen=True, slots=True)
class Group:
    """The decisions of one label that was detected, or of one tenant."""

    name: str
    replayed: int
    changed: int
    matrix: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """See `countersign.v1.Backtest`. unknown: decisions by signal. own, theirs: rules of the candidate, and of then."""

    policy_id: str
    policy_digest: str
    decisions: int
    replayed: int
    changed: int
    refused: int
    not_replayable: int
    unknown: Mapping[str, int]
    matrix: tuple[Cell, ...]
    rules: tuple[RuleCount, ...]
    labels: tuple[Group, ...]
    tenants: tuple[Group, ...]
    decided_by: Mapping[str, int]
    own: frozenset[str]
    seconds: float


_Kind = tuple[str, str, str, tuple[str, ...], tuple[str, ...], Again]
"""Tenant, action and policy of then, rules and labels of then, and what the candidate makes of it."""


@dataclass(slots=True)
class Tally:
    """Counts. samples: ids that are kept for each change.

    Decisions of one kind are counted together and taken apart once: most are of few kinds.
    """

    samples: int
    decisions: int = 0
    refused: int = 0
    not_replayable: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    matrix: Counter[_Move] = field(default_factory=Counter)
    decided_by: Counter[str] = field(default_factory=Counter)
    _kinds: dict[_Kind, int] = field(default_factory=dict)
    _named: dict[_Move, list[str]] = field(default_factory=dict)
    _before: Counter[str] = field(default_factory=Counter)
    _after: Counter[str] = field(default_factory=Counter)
    _decided: Counter[str] = field(default_factory=Counter)
    _decides: Counter[str] = field(default_factory=Counter)
    _labels: dict[str, Counter[_Move]] = field(default_factory=dict)
    _tenants: dict[str, Counter[_Move]] = field(default_factory=dict)

    def refuse(self) -> None:
        """Media that was refused: nothing was decided on it."""
        self.decisions += 1
        self.refused += 1

    def skip(self, unknown: Collection[str]) -> None:
        """A decision that cannot be made again, for want of these signals."""
        self.decisions += 1
        self.not_replayable += 1
        self.unknown.update(unknown)

    def add(self, leaf: Mapping[str, Any], again: Again) -> None:
        """A decision, and what the candidate makes of it."""
        if again.unknown:
            self.skip(again.unknown)
            return
        self.decisions += 1
        action = leaf["action"]
        before = tuple([each["rule"] for each in leaf["reasons"] if each["code"] != NO_RULE_FIRED])
        labels = tuple(leaf["facets"].get("labels", ()))
        kind = (leaf["tenant"], action, leaf["policy"]["digest"], before, labels, again)
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if action != again.action:
            named = self._named.setdefault((action, again.action), [])
            if len(named) < self.samples:
                named.append(leaf["decision_id"])
        if len(self._kinds) > _MOST_KINDS:
            self._take_apart()

    def _take_apart(self) -> None:
        for (tenant, action, policy, before, labels, again), count in self._kinds.items():
            move = (action, again.action)
            self.matrix[move] += count
            self.decided_by[policy] += count
            _count(self._before, before, count)
            _count(self._after, again.rules, count)
            self._tenants.setdefault(tenant, Counter())[move] += count
            for label in labels:
                self._labels.setdefault(label, Counter())[move] += count
            if action != again.action:
                _count(self._decided, before[:1], count)
                _count(self._decides, again.rules[:1], count)
        self._kinds.clear()

    def result(self, policy_id: str, policy_digest: str, own: Iterable[str], seconds: float) -> Result:
        """Everything counted. own: rules of the candidate."""
        self._take_apart()
        rules = frozenset(own)
        return Result(
            policy_id=policy_id,
            policy_digest=policy_digest,
            decisions=self.decisions,
            replayed=self.matrix.total(),
            changed=_changed(self.matrix),
            refused=self.refused,
            not_replayable=self.not_replayable,
            unknown=dict(sorted(self.unknown.items())),
            matrix=_cells(self.matrix, self._named),
            rules=tuple(self._rule(each) for each in sorted(rules | self._before.keys())),
            labels=_groups(self._labels),
            tenants=_groups(self._tenants),
            decided_by=dict(self.decided_by.most_common()),
            own=rules,
            seconds=seconds,
        )

    def _rule(self, rule: str) -> RuleCount:
        return RuleCount(rule, self._before[rule], self._after[rule], self._decided[rule], self._decides[rule])


def _count(counter: Counter[str], names: Iterable[str], count: int) -> None:
    for name in names:
        counter[name] += count


def _changed(matrix: Mapping[_Move, int]) -> int:
    return sum(count for (before, after), count in matrix.items() if before != after)


def _cells(matrix: Mapping[_Move, int], named: Mapping[_Move, list[str]]) -> tuple[Cell, ...]:
    ordered = sorted(matrix.items(), key=lambda item: tuple(ACTIONS.index(action) for action in item[0]))
    return tuple(Cell(*move, count, tuple(named.get(move, ()))) for move, count in ordered)


def _groups(groups: Mapping[str, Counter[_Move]]) -> tuple[Group, ...]:
    return tuple(
        Group(name, matrix.total(), _changed(matrix), _cells(matrix, {})) for name, matrix in sorted(groups.items())
    )
