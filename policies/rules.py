"""A policy as written, as values: `policies.document` reads it, `policies.compiler` compiles it.

This module knows what a rule consists of. It does not know YAML, CEL or precedence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from core.media import Kind
from policies.base import Action, Severity, Stage, Subject
from policies.constants import Constant
from policies.problems import Position
from policies.signals import Type
from policies.strict_yaml import Scalar
from policies.windows import Window

NO_RULE_FIRED = "no_rule_fired"
SIGNAL_MISSING = "signal_missing"
RULE_ERROR = "rule_error"
RESERVED_CODES = frozenset((NO_RULE_FIRED, SIGNAL_MISSING, RULE_ERROR))
"""Reason codes of the engine itself, which no rule may carry."""


class Mode(StrEnum):
    """Whether a rule acts or only reports."""

    LIVE = "live"
    SHADOW = "shadow"


class WhenMissing(StrEnum):
    """What becomes of a rule that lacks a signal which its result depends on."""

    REVIEW = "review"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a rule applies. An empty field does not restrict, but for the stage: without one, a rule looks at media."""

    direction: str = ""
    stage: str = ""
    kinds: frozenset[Kind] = frozenset()
    tenants: frozenset[str] = frozenset()
    surfaces: frozenset[str] = frozenset()
    jurisdictions: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()

    def covers(self, subject: Subject) -> bool:
        """Whether the rule is to be judged for this subject."""
        phase = subject.phase
        return (
            (phase == self.stage if self.stage else phase != Stage.INPUT)
            and (not self.direction or self.direction == subject.direction)
            and (not self.kinds or subject.kind in self.kinds)
            and (not self.tenants or subject.tenant in self.tenants)
            and (not self.surfaces or subject.surface in self.surfaces)
            and (not self.jurisdictions or subject.jurisdiction in self.jurisdictions)
            and (not self.tasks or subject.task in self.tasks)
        )

    def contains(self, other: Scope) -> bool:
        """Whether this one covers every subject that the other covers."""
        return (
            self.stage in (other.stage, "" if other.stage != Stage.INPUT else other.stage)
            and self.direction in ("", other.direction)
            and _holds(self.kinds, other.kinds)
            and _holds(self.tenants, other.tenants)
            and _holds(self.surfaces, other.surfaces)
            and _holds(self.jurisdictions, other.jurisdictions)
            and _holds(self.tasks, other.tasks)
        )


def _holds(mine: frozenset[str], others: frozenset[str]) -> bool:
    return not mine or (bool(others) and others <= mine)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as written.

    text is for staff, user_text for the person concerned (None where there is none). severity: as written or by action.
    when_missing is None where the author said nothing, which means review. exemptions: conditions, any of which keeps
    the rule from firing. rollout: the share of content it applies to, above 0, at most 100 percent.
    protected: part of the base that every policy is joined with. cites: what it enforces. due: how long staff have from
    the decision on; None where nobody set a term.
    """

    id: str
    title: str
    when: Scalar
    action: Action
    code: str
    text: Scalar
    user_text: Scalar | None = None
    severity: Severity = Severity.MEDIUM
    mode: Mode = Mode.LIVE
    scope: Scope = field(default_factory=Scope)
    when_missing: WhenMissing | None = None
    skip_reason: str = ""
    hard: bool = False
    exemption: bool = False
    exemptions: tuple[Scalar, ...] = ()
    window: Window = field(default_factory=Window)
    rollout: float = 100.0
    protected: bool = False
    cites: tuple[str, ...] = ()
    due: timedelta | None = None
    position: Position = field(default_factory=Position)


@dataclass(frozen=True, slots=True)
class Document:
    """A policy as written. rules: in the order of the text, which carries no meaning.

    constants: thresholds and lists by the names that conditions give them. parameters: the type of each setting of a
    model that the policy declares ("double" or "string").
    """

    id: str
    version: str
    description: str
    rules: tuple[Rule, ...]
    constants: Mapping[str, Constant] = field(default_factory=dict)
    parameters: Mapping[str, Type] = field(default_factory=dict)
