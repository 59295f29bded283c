"""A policy as written, as values: `policies.document` reads it, `policies.compiler` compiles it.

This module knows what a rule consists of. It does not know YAML, CEL or precedence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from core.media import Kind
from policies.base import Action, Subject
from policies.problems import Position
from policies.strict_yaml import Scalar

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
    """Where a rule applies. An empty field does not restrict."""

    direction: str = ""
    kinds: frozenset[Kind] = frozenset()
    surfaces: frozenset[str] = frozenset()
    jurisdictions: frozenset[str] = frozenset()
    tasks: frozenset[str] = frozenset()

    def covers(self, subject: Subject) -> bool:
        """Whether the rule is to be judged for this subject."""
        return (
            (not self.direction or self.direction == subject.direction)
            and (not self.kinds or subject.kind in self.kinds)
            and (not self.surfaces or subject.surface in self.surfaces)
            and (not self.jurisdictions or subject.jurisdiction in self.jurisdictions)
            and (not self.tasks or subject.task in self.tasks)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as written. when_missing is None where the author said nothing, which means review."""

    id: str
    title: str
    when: Scalar
    action: Action
    code: str
    text: Scalar
    mode: Mode = Mode.LIVE
    scope: Scope = field(default_factory=Scope)
    when_missing: WhenMissing | None = None
    skip_reason: str = ""
    hard: bool = False
    exemption: bool = False
    position: Position = field(default_factory=Position)


@dataclass(frozen=True, slots=True)
class Document:
    """A policy as written. rules: in the order of the text, which carries no meaning."""

    id: str
    version: str
    description: str
    rules: tuple[Rule, ...]
