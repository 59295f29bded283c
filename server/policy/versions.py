"""Versions of a policy, as the steps of their lives make them. Pure.

A version is its text, by digest. What staff see of it is the fold of its steps: who proposed it and why, whether its
cases were run, who approved it, and whether it decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from server.audit import Recorded
from server.audit.entries.policy import Live, Step


class Standing(StrEnum):
    """Where a version stands. STAGED: decides on a part of content. SUPERSEDED: decided once."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    STAGED = "staged"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken. percent: of content that the version decided on from then, where it changed that."""

    step: Step
    index: int
    entry_id: str
    at: datetime
    actor: str
    note: str
    percent: int | None = None
    passed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """digest, cases: of text and test cases. id, version: what the text calls itself. percent: that it decides on.

    steps: in the order of the log.
    """

    digest: str
    cases: str
    id: str
    version: str
    standing: Standing = Standing.PROPOSED
    percent: int = 0
    steps: tuple[Taken, ...] = ()

    @property
    def proposal(self) -> Taken:
        """The latest."""
        return next(each for each in reversed(self.steps) if each.step is Step.PROPOSED)


def versions_of(steps: Iterable[Recorded], live: Live) -> tuple[Version, ...]:
    """Every version that the steps tell of, the one proposed last first."""
    found: dict[str, Version] = {}
    for recorded in steps:
        content = json.loads(recorded.leaf)
        about = content["policy"]
        known = found.pop(about["digest"], None) if about["step"] == Step.PROPOSED else found.get(about["digest"])
        taken = _taken(recorded, content)
        found[about["digest"]] = _after(known, about, taken)
    return tuple(_standing(each, live) for each in reversed(found.values()))


def _after(known: Version | None, about: Mapping[str, str], taken: Taken) -> Version:
    steps = (*(known.steps if known else ()), taken)
    cases = about["cases"] if taken.step is Step.PROPOSED or known is None else known.cases
    standing = known.standing if known else Standing.PROPOSED
    match taken.step:
        case Step.PROPOSED:
            standing = Standing.SUPERSEDED if standing is Standing.SUPERSEDED else Standing.PROPOSED
        case Step.APPROVED:
            standing = Standing.APPROVED
        case Step.ACTIVATED | Step.ROLLED_BACK:
            standing = Standing.SUPERSEDED
    return Version(about["digest"], cases, about["id"], about["version"], standing, 0, steps)


def _standing(version: Version, live: Live) -> Version:
    """What decides now is told by the log alone."""
    if version.digest == live.staged:
        return replace(version, standing=Standing.STAGED, percent=live.percent)
    if version.digest == live.stable:
        return replace(version, standing=Standing.ACTIVE, percent=100 - live.percent)
    return version


def _taken(recorded: Recorded, content: Mapping[str, Any]) -> Taken:
    tests, about = content.get("tests", {}), content["policy"]
    return Taken(
        step=Step(about["step"]),
        index=recorded.index,
        entry_id=recorded.decision_id,
        at=recorded.recorded_at,
        actor=_plain(recorded, "actor"),
        note=_plain(recorded, "note"),
        percent=_share(content, about["digest"]),
        passed=int(tests.get("passed", 0)),
        failed=int(tests.get("failed", 0)),
    )


def _share(content: Mapping[str, Any], digest: str) -> int | None:
    """Percent of content that the version decided on after the step; None where the step did not change that."""
    if "live" not in content:
        return None
    live = Live.read(0, content["live"])
    if digest == live.staged:
        return live.percent
    return 100 - live.percent if digest == live.stable else 0


def _plain(recorded: Recorded, name: str) -> str:
    """Of what the leaf commits to; "" where there was none, or where the database lost it."""
    disclosed = recorded.private.get(name)
    return str(disclosed.value) if disclosed else ""
