"""The life of a policy as values: its steps, and which version decides. Pure; knows no SQL and no rules.

    proposed ──> tested (as often as wanted) ──> approved ──> activated (for a part, more, all) ──> superseded
                                                                   └── rolled_back ──> what decided before

A policy is the whole service's: there is one that decides, for all tenants. What holds for some of them only, its own
rules say. The leaf of a step is, beside the envelope:
    {"policy": {"step", "id", "version", "digest", "cases"}, "tests": {"passed", "failed"} where some were run,
     "live": {"stable", "staged", "percent", "earlier"} where the step changed what decides}
digest, cases: of the policy's text and of its test cases, both kept among the documents; cases is "" without any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from core.errors import PreconditionFailed

CASES_TYPE = "application/yaml; profile=cases"
"""Media type of a policy's test cases among the documents; their name is the policy's id."""
WHOLE = 100
BASE = ""
"""In place of a digest: the policy that each server's own configuration names, before any was activated."""
MOST_EARLIER = 16
"""Versions that one can roll back to, one after the other."""
_BUCKETS = 10_000


class Step(StrEnum):
    """What happened to a version."""

    PROPOSED = "proposed"
    TESTED = "tested"
    APPROVED = "approved"
    ACTIVATED = "activated"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Live:
    """Which versions decide, by digest.

    index: of the entry that says so, -1 where there is none yet. stable: decides, but for the `percent` of content that
    `staged` decides; staged "" where nothing is staged. earlier: what was stable before, the latest last.
    """

    index: int = -1
    stable: str = BASE
    staged: str = ""
    percent: int = 0
    earlier: tuple[str, ...] = ()

    def activated(self, digest: str, percent: int) -> Live:
        """With `digest` deciding on `percent` of content, 1 to 100.

        PreconditionFailed if it decides on as much already, and while another version is staged.
        """
        if self.staged and self.staged != digest:
            raise PreconditionFailed(
                f"{self.staged} is being rolled out to {self.percent} % of content; finish that or roll it back first"
            )
        if (digest, percent) in ((self.stable, WHOLE), (self.staged, self.percent)):
            raise PreconditionFailed(f"{digest} decides on {percent} % of content already")
        if digest == self.stable:
            raise PreconditionFailed(
                f"{digest} decides on all content; another version has to be activated beside it first"
            )
        if percent < WHOLE:
            return replace(self, staged=digest, percent=percent)
        earlier = (*self.earlier, self.stable)[-MOST_EARLIER:]
        return replace(self, stable=digest, staged="", percent=0, earlier=earlier)

    def rolled_back(self) -> Live:
        """Without the staged version; where there is none, with what was stable before.

        PreconditionFailed if nothing was.
        """
        if self.staged:
            return replace(self, staged="", percent=0)
        if not self.earlier:
            raise PreconditionFailed("there is nothing to roll back to: no policy was activated before this one")
        return replace(self, stable=self.earlier[-1], earlier=self.earlier[:-1])

    def chosen(self, content: str) -> str:
        """The version that decides on the content with this digest. As `percent` grows, staged content stays so."""
        if self.staged and bucket(content, self.staged) < self.percent * _BUCKETS // WHOLE:
            return self.staged
        return self.stable

    def as_json(self) -> dict[str, Any]:
        """As the leaf has it."""
        return {
            "stable": self.stable,
            "staged": self.staged,
            "percent": self.percent,
            "earlier": list(self.earlier),
        }

    @classmethod
    def read(cls, index: int, value: Mapping[str, Any]) -> Live:
        """The inverse of `as_json`, of the entry at `index`."""
        earlier = tuple(str(each) for each in value["earlier"])
        return cls(index, str(value["stable"]), str(value["staged"]), int(value["percent"]), earlier)


def bucket(content: str, version: str) -> int:
    """0 to 9,999: where content stands in the rollout of a version. Another version shuffles anew."""
    return int.from_bytes(hashlib.sha256(f"{version}\0{content}".encode()).digest()[:8]) % _BUCKETS
