"""What the signals of a policy are for one subject. Which may be missing, and when, stands in `policies.signals`.

This module knows findings, credentials and requests. It does not know CEL, rules or actions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TypeAlias

from core.credential import CredentialState
from detectors.base import FAILED, Finding, Verdict
from policies.base import Subject
from policies.prompts import words_of
from policies.signals import Signal

Value: TypeAlias = bool | int | float | str | list[str]

AI_SOURCE_TYPES = frozenset(("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"))
"""Last path segments of the IPTC digital source types (cv.iptc.org/newscodes/digitalsourcetype) that mean: made by a
trained model, wholly or in part."""

_UNREAD_STORES = frozenset((CredentialState.UNPARSEABLE, CredentialState.REMOTE_NOT_FETCHED))
_ABSENT = {"ran": False, "abstained": False, "failed": False}
_CONFLICTING = {"ran": True, "abstained": False, "failed": False}


class Reader:
    """Reads the wanted signals, and no others, from subjects."""

    def __init__(self, wanted: Iterable[Signal]) -> None:
        signals = tuple(wanted)
        self._fixed = tuple((each.name, _READERS[each.name]) for each in signals if each.name in _READERS)
        self._parameters = tuple(each for each in signals if each.source == "parameter")
        self._findings: dict[str, list[tuple[str, str]]] = {}
        for each in signals:
            if each.name not in _READERS and each.source != "parameter":
                self._findings.setdefault(each.source, []).append((each.name, each.part))
        absent = [(each.name, each.part) for each in signals if each.source in self._findings]
        self._absent = {name: _ABSENT[part] for name, part in absent if part in _ABSENT}

    def read(self, subject: Subject) -> dict[str, Value]:
        """Values by signal name. A missing signal is absent; no value is NaN or infinite. Never raises."""
        values: dict[str, Value] = dict(self._absent)
        seen = set()
        for finding in subject.findings:
            wanted = self._findings.get(finding.detector)
            if wanted is None:
                continue
            if finding.detector in seen:
                _retract(values, wanted)
            else:
                seen.add(finding.detector)
                _read_finding(finding, wanted, values)
        for name, reader in self._fixed:
            value = reader(subject)
            if value is not None:
                values[name] = value
        for signal in self._parameters:
            setting = _setting(signal, subject)
            if setting is not None:
                values[signal.name] = setting
        return values


def why_missing(signal: Signal, subject: Subject) -> str:
    """One clause for people: why the signal has no value for this subject."""
    if signal.source == "credential":
        return "the credentials could not be read"
    if signal.name in _DECLARATIONS:
        return f"the requester has not declared {signal.part}"
    if signal.source == "parameter":
        return f"the order has no usable parameter {signal.part}"
    if signal.source in ("media", "request"):
        return f"the {signal.source} has no usable {signal.part}"
    findings = [finding for finding in subject.findings if finding.detector == signal.source]
    if not findings:
        examined = not signal.kinds or subject.kind in signal.kinds
        return f"{signal.source} did not run" if examined else f"{signal.source} does not examine {subject.kind}s"
    if len(findings) > 1:
        return f"{signal.source} returned several findings"
    if findings[0].verdict is Verdict.ABSTAINED:
        return f"{signal.source} abstained: {findings[0].explanation}"
    return f"{signal.source} gave no usable {signal.part}"


def _read_finding(finding: Finding, wanted: Iterable[tuple[str, str]], values: dict[str, Value]) -> None:
    abstained = finding.verdict is Verdict.ABSTAINED
    believed = not abstained and not _not_a_number(finding.score) and not _not_a_number(finding.probability)
    for name, part in wanted:
        if part == "ran":
            values[name] = True
        elif part == "abstained":
            values[name] = abstained
        elif part == "failed":
            values[name] = FAILED in finding.codes
        elif believed and (value := _CONCLUSIONS[part](finding)) is not None:
            values[name] = value


def _retract(values: dict[str, Value], wanted: Iterable[tuple[str, str]]) -> None:
    """Two findings of one detector may disagree, so neither is believed."""
    for name, part in wanted:
        values.pop(name, None)
        if part in _CONFLICTING:
            values[name] = _CONFLICTING[part]


def _probability(finding: Finding) -> float | None:
    value = _number(finding.probability)
    return value if value is not None and 0.0 <= value <= 1.0 else None


_CONCLUSIONS: Mapping[str, Callable[[Finding], Value | None]] = {
    "detected": lambda finding: finding.verdict is Verdict.DETECTED,
    "score": lambda finding: _number(finding.score),
    "probability": _probability,
    "codes": lambda finding: list(finding.codes),
}


def _ai_generated(subject: Subject) -> bool | None:
    credential = subject.credential
    made = {uri.rstrip("/").rpartition("/")[2] for uri in credential.digital_source_types}
    unread = credential.state in _UNREAD_STORES and not made
    return None if unread else not made.isdisjoint(AI_SOURCE_TYPES)


def _words(text: str | None) -> list[str] | None:
    return words_of(text) if text is not None else None


def _declared(subject: Subject) -> list[str] | None:
    if subject.prompt is None:
        return None  # no order
    return [name for name in ("purpose", "likeness", "consent") if getattr(subject, name) is not None]


_DECLARATIONS = ("request.purpose", "request.likeness", "request.consent")
_READERS: Mapping[str, Callable[[Subject], Value | None]] = {
    "credential.state": lambda subject: str(subject.credential.state),
    "credential.codes": lambda subject: list(subject.credential.codes),
    "credential.ai_generated": _ai_generated,
    "media.kind": lambda subject: str(subject.kind) if subject.kind is not None else None,
    "media.mime": attrgetter("mime"),
    "media.byte_size": attrgetter("byte_size"),
    "media.width": attrgetter("width"),
    "media.height": attrgetter("height"),
    "media.duration": lambda subject: _number(subject.duration),
    "request.direction": attrgetter("direction"),
    "request.stage": lambda subject: str(subject.phase),
    "request.tenant": attrgetter("tenant"),
    "request.surface": attrgetter("surface"),
    "request.jurisdiction": attrgetter("jurisdiction"),
    "request.task": attrgetter("task"),
    "request.source_type": attrgetter("source_type"),
    "request.model": attrgetter("model"),
    "request.prompt": attrgetter("prompt"),
    "request.negative_prompt": attrgetter("negative_prompt"),
    "request.prompt_words": lambda subject: _words(subject.prompt),
    "request.negative_prompt_words": lambda subject: _words(subject.negative_prompt),
    "request.declared": _declared,
    "request.purpose": attrgetter("purpose"),
    "request.likeness": attrgetter("likeness"),
    "request.consent": attrgetter("consent"),
}


def _setting(signal: Signal, subject: Subject) -> Value | None:
    value = subject.parameters.get(signal.part)
    if signal.type == "string":
        return value if isinstance(value, str) else None
    return None if isinstance(value, str | bool) else _number(value)


def _number(value: float | None) -> float | None:
    """A finite float, or None. `float()` also takes NumPy's scalars, which CEL would not."""
    return None if value is None or not math.isfinite(value) else float(value)


def _not_a_number(value: float | None) -> bool:
    return value is not None and not math.isfinite(value)
