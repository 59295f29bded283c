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
    """Ordered from mild to severe. Without an exemption a decision takes the most severe action of its fired rules."""

    ALLOW = 1
    LABEL = 2
    REVIEW = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything a rule may look at.

    direction: "inbound" or "outbound". byte_size in bytes; width, height in pixels; duration in seconds.
    task, source_type: `Generator.task` and `Generator.source_type` of the model that made it; "" inbound.
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
    source_type: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that fired: its id, reason code, text for people, action, and the operand values it looked at.

    Three codes are the engine's own: "signal_missing" and "rule_error" (action REVIEW) for a rule that could not be
    judged, and "no_rule_fired" (action ALLOW, rule ""), whose operands name the rules skipped for want of signals.
    """

    rule: str
    code: str
    text: str
    action: Action
    operands: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome. reasons: the fired live rules in order of precedence, then by id; never empty.

    Precedence: hard block > exemption > block > review > label > allow; a hard block that could not be judged is a
    review that no exemption lifts. The first reason carries the decision's action; those after an exemption were set
    aside by it. shadow: the same for the rules in shadow mode, which change nothing.
    """

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
