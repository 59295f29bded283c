"""The signals that conditions and texts may name, declared from the detectors when a policy is loaded.

    <detector>.ran          bool    the detector returned a finding
    <detector>.abstained    bool    it returned one and abstained
    <detector>.failed       bool    it abstained because it broke: a defect or an attack
    <detector>.detected     bool    its verdict                           optional
    <detector>.score        double  its own measure                       optional
    <detector>.probability  double  calibrated, 0 to 1                    optional
    <detector>.codes        list<string>  machine-readable particulars    optional
    <detector>.outlying, .spread, .quality.jpeg, …  double  what detectors measure besides, by its name in their
    findings, where they say that they do; on abstentions, too            optional
    credential.state, .codes, .ai_generated (optional); media.kind, .mime, .byte_size, .width, .height;
    media.duration (seconds, optional); media.memorised (bool, optional): it counts as a copy of what its model learned
    from;
    request.direction, .stage, .tenant, .surface, .jurisdiction, .task, .source_type, .model;
    request.prompt, .negative_prompt    string  as written                optional
    request.prompt_words, .negative_prompt_words  list<string>  `policies.prompts`: their words, folded    optional
    request.purpose (string), .likeness, .consent (bool)  declared by the requester, unchecked, optional
    request.declared    list<string>  which of these three were declared; missing where there is no order
    parameter.<name>        a setting of the model, where the policy declares it, optional

An optional signal may be *missing*: then it has no value at all, and a rule whose result depends on it cannot be
judged (`policies.engine` says what follows). It is missing when
 - the detector returned no finding, as it does for kinds of media that it does not accept, or two that may disagree;
 - the detector abstained: all four are missing, `codes` too, or an abstention would read as "nothing found";
 - its score or probability is NaN or infinite: a broken detector's verdict is worth nothing, so all four are missing;
 - the one value is None, or a probability lies outside 0 to 1: that one is missing; a measurement, where the finding
   has none of that name, or the detector broke;
 - `media.duration`: it is NaN or infinite; `credential.ai_generated`: a manifest store exists that could not be read,
   or was found again and cannot be believed;
 - `media.memorised`: nobody compared it, as of all uploads;
 - prompts: there is no order (an upload); an order without a prompt has the empty one, which is not missing;
 - purpose, likeness, consent: not declared; a parameter: the order has none of that name, or one of another type.

At stage input nothing has been made or received: there is no media, no credential and no finding. Rules for that stage
therefore read requests and parameters only, and the rules that read anything else are never judged there.

This module knows names, types and ranges. It does not know CEL, rules or values: `policies.reading` fills them in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.credential import CredentialState
from core.errors import ConfigurationError
from core.media import Kind
from detectors.base import Measuring, Source
from policies.base import Stage

Type: TypeAlias = Literal["bool", "int", "double", "string", "list<string>"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Taken by signals of our own, or by CEL's grammar.
RESERVED_NAMES = frozenset(
    (
        *("credential", "media", "request", "parameter", "thresholds", "lists"),
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else"),
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
        """The part before the dot: a detector's name, "credential", "media", "request" or "parameter"."""
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        """The part after the first dot."""
        return self.name.partition(".")[2]

    @property
    def of_order(self) -> bool:
        """Whether it is known before anything is made."""
        return self.source in _OF_ORDERS


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
    Signal("media.memorised", "bool", optional=True),
    Signal("request.direction", "string", frozenset(("inbound", "outbound"))),
    Signal("request.stage", "string", frozenset(Stage)),
    Signal("request.tenant", "string"),
    Signal("request.surface", "string"),
    Signal("request.jurisdiction", "string"),
    Signal("request.task", "string"),
    Signal("request.source_type", "string"),
    Signal("request.model", "string"),
    Signal("request.prompt", "string", optional=True),
    Signal("request.negative_prompt", "string", optional=True),
    Signal("request.prompt_words", "list<string>", optional=True),
    Signal("request.negative_prompt_words", "list<string>", optional=True),
    Signal("request.declared", "list<string>", frozenset(("purpose", "likeness", "consent")), optional=True),
    Signal("request.purpose", "string", optional=True),
    Signal("request.likeness", "bool", optional=True),
    Signal("request.consent", "bool", optional=True),
)
_PRIVATE = frozenset(signal.name for signal in _FIXED if "prompt" in signal.part)
_OF_ORDERS = frozenset(("request", "parameter"))


def is_private(name: str) -> bool:
    """Whether the signal holds a person's own words, which MUST NOT enter a permanent record."""
    return name in _PRIVATE


def declare(detectors: Iterable[Source]) -> dict[str, Signal]:
    """Every signal by name. Raises ConfigurationError for a detector whose name cannot be used or comes twice."""
    declared = {signal.name: signal for signal in _FIXED}
    for detector in detectors:
        if not _NAME.fullmatch(detector.name) or detector.name in RESERVED_NAMES:
            raise ConfigurationError(f"the detector name {detector.name!r} cannot be used in policies")
        if f"{detector.name}.ran" in declared:
            raise ConfigurationError(f"two detectors are named {detector.name!r}")
        declared.update((signal.name, signal) for signal in _of_detector(detector))
    return declared


def _of_detector(detector: Source) -> tuple[Signal, ...]:
    name, kinds = detector.name, detector.kinds
    own = (
        Signal(f"{name}.ran", "bool"),
        Signal(f"{name}.abstained", "bool"),
        Signal(f"{name}.failed", "bool"),
        Signal(f"{name}.detected", "bool", optional=True, kinds=kinds),
        Signal(f"{name}.score", "double", optional=True, kinds=kinds),
        Signal(f"{name}.probability", "double", low=0, high=1, optional=True, kinds=kinds),
        Signal(f"{name}.codes", "list<string>", optional=True, kinds=kinds),
    )
    if not isinstance(detector, Measuring):
        return own
    measured = (
        Signal(f"{name}.{part}", "double", low=low, high=high if high < math.inf else None, optional=True, kinds=kinds)
        for part, (low, high) in detector.measures.items()
    )
    return *own, *measured
