"""Recorded decisions that a policy cannot tell apart, told by their leaves alone: the class of each, in microseconds.

A class is decided once (`replay`). Its key holds, of a leaf, everything that the outcome may hang on, and of numbers
that conditions compare with written numbers only between which of those they lie (`policies.equivalence`). A key that
holds too much costs time; one that held too little would be wrong. So what is not known to be unread is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import orjson

from detectors.base import FAILED, Source
from policies.engine import RulePolicy
from policies.equivalence import coarse_of, limits_of, reads_of, restricts, trees_of
from policies.windows import within
from server.record import memorised_in

_MEDIA = ("mime", "byte_size", "width", "height", "duration")
_USE = {"surface": "surfaces", "jurisdiction": "jurisdictions", "task": "tasks"}
_Key: TypeAlias = Callable[[Mapping[str, Any]], Hashable]
_NOTHING: Mapping[str, Any] = {}


class LeafClasses:
    """The classes of one policy."""

    def __init__(self, policy: RulePolicy, sources: Sequence[Source]) -> None:
        signals = policy.signals
        reads = frozenset[str]().union(*(reads_of(rule, signals) for rule in policy.rules))
        numbers = limits_of([tree for rule in policy.rules for tree in trees_of(rule)], signals)
        self._findings = {
            source.name: _finding_key(source.name, reads, numbers)
            for source in sources
            if any(name.startswith(f"{source.name}.") for name in reads)
        }
        self._media = tuple(
            (name, coarse_of(numbers.get(f"media.{name}"))) for name in _MEDIA if f"media.{name}" in reads
        )
        self._use = tuple(
            name for name, scope in _USE.items() if f"request.{name}" in reads or restricts(policy.rules, scope)
        )
        self._tenant = "request.tenant" in reads or restricts(policy.rules, "tenants")
        self._credential = any(name.startswith("credential.") for name in reads)
        self._passing = tuple(rule.rule for rule in policy.rules if not rule.rule.window.always)
        self._partial = tuple(rule.rule for rule in policy.rules if rule.rule.rollout < 100)

    def of(self, leaf: Mapping[str, Any], at: datetime) -> Hashable:
        """Equal for two leaves only if the policy decides on both in one way, as of `at`."""
        media, found = leaf["media"], self._findings
        return (
            media["kind"],
            tuple([found[each["detector"]](each) for each in leaf["findings"] if each["detector"] in found]),
            _credential(leaf.get("examined", leaf)["credential"]) if self._credential else None,
            tuple([coarse(media[name]) for name, coarse in self._media]),
            tuple([leaf["context"][name] for name in self._use]),
            leaf["tenant"] if self._tenant else None,
            _made(leaf) if leaf["direction"] == "outbound" else None,
            self._in_force(leaf, at) if self._passing or self._partial else None,
        )

    def _in_force(self, leaf: Mapping[str, Any], at: datetime) -> Hashable:
        """Which of the rules that begin, end or take a share of content are in force."""
        digest = leaf.get("examined", leaf).get("digest", leaf["media_digest"])
        return (
            tuple([rule.window.holds(at) for rule in self._passing]),
            tuple([within(rule.rollout, rule.id, digest) for rule in self._partial]),
        )


def _finding_key(name: str, reads: frozenset[str], numbers: Mapping[str, list[float]]) -> _Key:
    """The part of a key that one detector's finding makes."""
    score = coarse_of(numbers.get(f"{name}.score")) if f"{name}.score" in reads else _unread
    probability = coarse_of(numbers.get(f"{name}.probability")) if f"{name}.probability" in reads else _unread
    own = (f"{name}.{part}" for part in ("score", "probability", "codes", "ran", "abstained", "failed", "detected"))
    measured = tuple(
        (each.partition(".")[2], coarse_of(numbers.get(each)))
        for each in sorted(reads.difference(own))
        if each.startswith(f"{name}.")
    )
    codes: _Key = tuple if f"{name}.codes" in reads else lambda codes: FAILED in codes

    def key(finding: Mapping[str, Any]) -> Hashable:
        figures = score(finding.get("score")), probability(finding.get("probability"))
        measurements = finding.get("measurements", _NOTHING) if measured else _NOTHING
        besides = tuple([coarse(measurements.get(part)) for part, coarse in measured])
        return name, finding["verdict"], figures, codes(finding["codes"]), besides

    return key


def _unread(_: object) -> Hashable:
    return None


def _credential(entry: Mapping[str, Any]) -> Hashable:
    return entry["state"], tuple(entry["codes"]), tuple(entry["digital_source_types"])


def _made(leaf: Mapping[str, Any]) -> Hashable:
    """Of an output: what its rules look at besides, and what decides which of it was recorded."""
    making = leaf.get("making", _NOTHING)
    stage, signed = making.get("stage"), "intent_index" in making and leaf["action"] != "BLOCK"
    order = [*(making.get(name) for name in ("model", "parameters", "declared")), memorised_in(making.get("notes", {}))]
    ordered = orjson.dumps(order, option=orjson.OPT_SORT_KEYS)
    return leaf["context"].get("source_type"), leaf["context"]["task"], stage, signed, "examined" in leaf, ordered
