"""The signals that conditions and texts may name, declared from the detectors when a policy is loaded.

    <detector>.ran          bool    the detector returned a finding
    <detector>.abstained    bool    it returned one and abstained
    <detector>.failed       bool    it abstained because it broke: a defect or an attack
    <detector>.detected     bool    its verdict                           optional
    <detector>.score        double  its own measure                       optional
    <detector>.probability  double  calibrated, 0 to 1                    optional
    <detector>.codes        list<string>  machine-readable particulars    optional
    credential.state, .codes, .ai_generated (optional); media.kind, .mime, .byte_size, .width, .height;
    media.duration (seconds, optional);
    request.direction, .tenant, .surface, .jurisdiction, .task, .source_type

An optional signal may be *missing*: then it has no value at all, and a rule whose result depends on it cannot be
judged (`policies.engine` says what follows). It is missing when
 - the detector returned no finding, as it does for kinds of media that it does not accept, or two that may disagree;
 - the detector abstained: all four are missing, `codes` too, or an abstention would read as "nothing found";
 - its score or probability is NaN or infinite: a broken detector's verdict is worth nothing, so all four are missing;
 - the one value is None, or a probability lies outside 0 to 1: that one is missing;
 - `media.duration`: it is NaN or infinite; `credential.ai_generated`: a manifest store exists that could not be read,
   or was found again and cannot be believed.

This module knows names, types and ranges. It does not know CEL, rules or values: `policies.reading` fills them in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.credential import CredentialState
from core.errors import ConfigurationError
from core.media import Kind
from detectors.base import Source

Type: TypeAlias = Literal["bool", "int", "double", "string", "list<string>"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Taken by signals of our own, or by CEL's grammar.
_RESERVED_NAMES = frozenset(
    (
        *("credential", "media", "request", "true", "false", "null", "in", "as", "break", "const", "continue", "else"),
        *("for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    )
)


@dataclass(frozen=True, slots=True)
class Signal:
    """One name that conditions and texts may use.

    values: every value it can take, empty where they are not known. low, high: the closed range it lies in.
    optional: it can be missing. kinds: the media kinds for which it can have a value at all; empty means all.
    """

    name: str
    type: Type
    values: frozenset[str] = frozenset()
    low: float | None = None
    high: float | None = None
    optional: bool = False
    kinds: frozenset[Kind] = frozenset()

    @property
    def source(self) -> str:
        """The part before the dot: a detector's name, "credential", "media" or "request"."""
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        """The part after the dot."""
        return self.name.partition(".")[2]


_FIXED = (
    Signal("credential.state", "string", frozenset(CredentialState)),
    Signal("credential.codes", "list<string>"),
    Signal("credential.ai_generated", "bool", optional=True),
    Signal("media.kind", "string", frozenset(Kind)),
    Signal("media.mime", "string"),
    Signal("media.byte_size", "int", low=0),
    Signal("media.width", "int", low=0),
    Signal("media.height", "int", low=0),
    Signal("media.duration", "double", low=0, optional=True),
    Signal("request.direction", "string", frozenset(("inbound", "outbound"))),
    Signal("request.tenant", "string"),
    Signal("request.surface", "string"),
    Signal("request.jurisdiction", "string"),
    Signal("request.task", "string"),
    Signal("request.source_type", "string"),
)


def declare(detectors: Iterable[Source]) -> dict[str, Signal]:
    """Every signal by name. Raises ConfigurationError for a detector whose name cannot be used or comes twice."""
    declared = {signal.name: signal for signal in _FIXED}
    for detector in detectors:
        if not _NAME.fullmatch(detector.name) or detector.name in _RESERVED_NAMES:
            raise ConfigurationError(f"the detector name {detector.name!r} cannot be used in policies")
        if f"{detector.name}.ran" in declared:
            raise ConfigurationError(f"two detectors are named {detector.name!r}")
        declared.update((signal.name, signal) for signal in _of_detector(detector))
    return declared


def _of_detector(detector: Source) -> tuple[Signal, ...]:
    name, kinds = detector.name, detector.kinds
    return (
        Signal(f"{name}.ran", "bool"),
        Signal(f"{name}.abstained", "bool"),
        Signal(f"{name}.failed", "bool"),
        Signal(f"{name}.detected", "bool", optional=True, kinds=kinds),
        Signal(f"{name}.score", "double", optional=True, kinds=kinds),
        Signal(f"{name}.probability", "double", low=0, high=1, optional=True, kinds=kinds),
        Signal(f"{name}.codes", "list<string>", optional=True, kinds=kinds),
    )
