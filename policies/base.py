"""What a policy sees and what it decides, as values. The language itself is `policies.engine`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from core.credential import Credential
from core.media import Kind
from detectors.base import Finding


class Action(IntEnum):
    """Ordered from mild to severe; a decision takes the most severe action of its fired rules."""

    ALLOW = 1
    LABEL = 2
    REVIEW = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything a rule may look at.

    direction: "inbound" or "outbound". task: the generator's task, "" inbound. byte_size in bytes; width, height in
    pixels; duration in seconds.
    """

    direction: str
    findings: tuple[Finding, ...]
    credential: Credential
    kind: Kind
    mime: str
    byte_size: int
    width: int
    height: int
    duration: float = 0.0
    tenant: str = ""
    surface: str = ""
    jurisdiction: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that fired: its id, reason code, text for people, action, and the operand values it looked at."""

    rule: str
    code: str
    text: str
    action: Action
    operands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome. reasons are the fired live rules, most severe first; shadow holds rules in shadow mode."""

    action: Action
    reasons: tuple[Reason, ...]
    policy_id: str
    policy_digest: str
    shadow: tuple[Reason, ...] = ()


class Policy(Protocol):
    """A loaded policy. Deterministic: the same subject gives an equal decision."""

    id: str
    digest: str

    def decide(self, subject: Subject) -> Decision:
        """Never raises for odd findings: what a rule needs and lacks yields REVIEW unless the rule says otherwise."""
        ...
