"""What a policy sees and what it decides, as values. The language itself is `policies.engine`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Protocol

from core.credential import NO_CREDENTIAL, Credential
from core.media import Kind
from detectors.base import Finding


class Action(IntEnum):
    """Ordered from mild to severe. Without an exemption a decision takes the most severe action of its fired rules."""

    ALLOW = 1
    LABEL = 2
    REVIEW = 3
    BLOCK = 4


class Severity(IntEnum):
    """How bad it is that a rule fired, for queues and reports. It changes no decision: `Action` does."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


class Stage(StrEnum):
    """What a decision is about: an order before anything is made, media that were received, or media that were made."""

    INPUT = "input"
    UPLOAD = "upload"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything a rule may look at.

    direction: "inbound" or "outbound". stage: a `Stage`; "" means upload inbound and output outbound.
    At stage input nothing has been made: there are no findings and no media, and the fields of those keep their
    defaults. byte_size in bytes; width, height in pixels; duration in seconds.
    at: when the decision is made, with a zone; a policy never asks a clock. digest: "sha256:…" of the media, at stage
    input of the order; a rollout hangs on it. Rules that need one of the two and lack it cannot be judged.
    task, source_type, model: `Generator.task`, `.source_type` and `.name` of the model that makes it; "" inbound.
    prompt, negative_prompt: None where there is no order, "" where it has none. parameters: the order's, validated.
    purpose, likeness (a real, identifiable person is shown), consent (that person agreed): declared by the requester,
    not checked by anybody; None where not declared. memorised: what was made counts as a copy of something that its
    model learned from; None where nobody compared it.
    """

    direction: str
    findings: tuple[Finding, ...] = ()
    credential: Credential = NO_CREDENTIAL
    kind: Kind | None = None
    mime: str = ""
    byte_size: int = 0
    width: int = 0
    height: int = 0
    duration: float = 0.0
    tenant: str = ""
    surface: str = ""
    jurisdiction: str = ""
    task: str = ""
    source_type: str = ""
    stage: str = ""
    at: datetime | None = None
    digest: str = ""
    model: str = ""
    prompt: str | None = None
    negative_prompt: str | None = None
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)
    purpose: str | None = None
    likeness: bool | None = None
    consent: bool | None = None
    memorised: bool | None = None

    @property
    def phase(self) -> str:
        """The stage, also where the caller left it out."""
        return self.stage or (Stage.UPLOAD if self.direction == "inbound" else Stage.OUTPUT)


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that fired: its id, reason code, text for staff, action, and the operand values it looked at.

    user_text: for the person concerned; "" where the rule has none. It is filled in as `text` is.
    cites: what the rule enforces. due: how long staff have, from the decision on; None where nobody set a term.
    Three codes are the engine's own: "signal_missing" and "rule_error" (action REVIEW) for a rule that could not be
    judged, and "no_rule_fired" (action ALLOW, rule ""), whose operands name the rules skipped for want of signals.
    """

    rule: str
    code: str
    text: str
    action: Action
    operands: Mapping[str, str] = field(default_factory=dict)
    user_text: str = ""
    severity: Severity = Severity.MEDIUM
    cites: tuple[str, ...] = ()
    due: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome. reasons: the fired live rules in order of precedence, then by id; never empty.

    Precedence: hard block > exemption > block > review > label > allow; a hard block that could not be judged is a
    review that no exemption lifts. The first reason carries the decision's action; those after an exemption were set
    aside by it. shadow: the same for the rules in shadow mode, which change nothing. base_digest: of the base that the
    policy is joined with, "" for none.
    """

    action: Action
    reasons: tuple[Reason, ...]
    policy_id: str
    policy_digest: str
    shadow: tuple[Reason, ...] = ()
    base_digest: str = ""

    def beside(self, other: Action) -> tuple[Reason, ...]:
        """The reasons that count where another decision about the same work has the action `other`.

        What an exemption set aside does not come back because the other decision is more severe.
        """
        exempted = self.action is Action.ALLOW and other > self.action
        return tuple(each for each in self.reasons if each.action is Action.ALLOW) if exempted else self.reasons


class Policy(Protocol):
    """A loaded policy. Deterministic: the same subject gives an equal decision."""

    @property
    def id(self) -> str:
        """What its text calls itself."""
        ...

    @property
    def digest(self) -> str:
        """Of its text."""
        ...

    def decide(self, subject: Subject) -> Decision:
        """Never raises for odd findings: what a rule needs and lacks yields REVIEW unless the rule says otherwise."""
        ...
