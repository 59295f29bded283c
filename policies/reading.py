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

_UNREAD_STORES = frozenset(
    (CredentialState.UNPARSEABLE, CredentialState.REMOTE_NOT_FETCHED, CredentialState.KNOWN_STRIPPED)
)


class Reader:
    """Reads the wanted signals, and no others, from subjects."""

    def __init__(self, wanted: Iterable[Signal]) -> None:
        signals = tuple(wanted)
        self._fixed = tuple((each.name, _READERS[each.name]) for each in signals if each.name in _READERS)
        self._parameters = tuple(each for each in signals if each.source == "parameter")
        of_findings = [each for each in signals if each.name not in _READERS and each.source != "parameter"]
        sources = dict.fromkeys(each.source for each in of_findings)
        self._wants = {name: _Wants([each for each in of_findings if each.source == name]) for name in sources}
        self._absent = {each.name: False for each in of_findings if each.part in _FACTS}

    def read(self, subject: Subject) -> dict[str, Value]:
        """Values by signal name. A missing signal is absent. No value is NaN or infinite, and no text holds a NUL: it
        is read as U+FFFD. Never raises.
        """
        values: dict[str, Value] = dict(self._absent)
        seen = set()
        for finding in subject.findings:
            wants = self._wants.get(finding.detector)
            if wants is None:
                continue
            if finding.detector in seen:
                wants.retract(values)
            else:
                seen.add(finding.detector)
                wants.read(finding, values)
        for name, reader in self._fixed:
            value = reader(subject)
            if value is not None:
                values[name] = _whole(value) if isinstance(value, str) else value
        for signal in self._parameters:
            setting = _setting(signal, subject)
            if setting is not None:
                values[signal.name] = setting
        return values


class _Wants:
    """What is wanted of the findings of one detector: facts about it, and what it concluded."""

    def __init__(self, signals: Iterable[Signal]) -> None:
        named = [(each.name, each.part) for each in signals]
        self._facts = tuple((name, _FACTS[part]) for name, part in named if part in _FACTS)
        self._conclusions = tuple((name, _CONCLUSIONS[part]) for name, part in named if part in _CONCLUSIONS)
        self._measured = tuple((name, part) for name, part in named if part not in _FACTS and part not in _CONCLUSIONS)
        self._ran = tuple((name, part == "ran") for name, part in named if part in _FACTS)

    def read(self, finding: Finding, values: dict[str, Value]) -> None:
        for name, fact in self._facts:
            values[name] = fact(finding)
        if _broken(finding):
            return
        self._measure(finding, values)
        if finding.verdict is Verdict.ABSTAINED:
            return
        for name, conclusion in self._conclusions:
            value = conclusion(finding)
            if value is not None:
                values[name] = value

    def _measure(self, finding: Finding, values: dict[str, Value]) -> None:
        if not self._measured:
            return
        measurements = dict(finding.measurements)
        for name, part in self._measured:
            value = _number(measurements.get(part))
            if value is not None:
                values[name] = value

    def retract(self, values: dict[str, Value]) -> None:
        """Two findings of one detector may disagree, so neither is believed; that it ran is all that is left."""
        for name, _ in (*self._conclusions, *self._measured):
            values.pop(name, None)
        values.update(self._ran)


def why_missing(signal: Signal, subject: Subject) -> str:
    """One clause for people: why the signal has no value for this subject."""
    source, part = signal.source, signal.part
    if source == "credential":
        return "the credentials could not be read"
    if signal.name in _DECLARATIONS:
        return f"the requester has not declared {part}"
    if source == "parameter":
        return f"the order has no usable parameter {part}"
    if source in ("media", "request"):
        return f"the {source} has no usable {part}"
    findings = [finding for finding in subject.findings if finding.detector == source]
    if not findings:
        examined = not signal.kinds or subject.kind in signal.kinds
        return f"{source} did not run" if examined else f"{source} does not examine {subject.kind}s"
    if len(findings) > 1:
        return f"{source} returned several findings"
    if part not in _CONCLUSIONS:
        return f"{source} did not measure {part}"
    if findings[0].verdict is Verdict.ABSTAINED:
        return f"{source} abstained: {findings[0].explanation}"
    return f"{source} gave no usable {part}"


def _broken(finding: Finding) -> bool:
    """Whether it gives numbers that are none, which makes its verdict worth nothing."""
    score, probability = finding.score, finding.probability
    return (score is not None and not math.isfinite(score)) or (
        probability is not None and not math.isfinite(probability)
    )


def _probability(finding: Finding) -> float | None:
    value = _number(finding.probability)
    return value if value is not None and 0.0 <= value <= 1.0 else None


_FACTS: Mapping[str, Callable[[Finding], bool]] = {
    "ran": lambda _finding: True,
    "abstained": lambda finding: finding.verdict is Verdict.ABSTAINED,
    "failed": lambda finding: FAILED in finding.codes,
}
"""What is known of every finding; false where there is none."""
_CONCLUSIONS: Mapping[str, Callable[[Finding], Value | None]] = {
    "detected": lambda finding: finding.verdict is Verdict.DETECTED,
    "score": lambda finding: _number(finding.score),
    "probability": _probability,
    "codes": lambda finding: [_whole(code) for code in finding.codes],
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
    "credential.codes": lambda subject: [_whole(code) for code in subject.credential.codes],
    "credential.ai_generated": _ai_generated,
    "media.kind": lambda subject: str(subject.kind) if subject.kind is not None else None,
    "media.mime": attrgetter("mime"),
    "media.byte_size": attrgetter("byte_size"),
    "media.width": attrgetter("width"),
    "media.height": attrgetter("height"),
    "media.duration": lambda subject: _number(subject.duration),
    "media.memorised": attrgetter("memorised"),
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


def _whole(text: str) -> str:
    """The text without NULs, at which the CEL library would end it."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _setting(signal: Signal, subject: Subject) -> Value | None:
    value = subject.parameters.get(signal.part)
    if signal.type == "string":
        return _whole(value) if isinstance(value, str) else None
    return None if isinstance(value, str | bool) else _number(value)


def _number(value: float | None) -> float | None:
    """A finite float, or None. `float()` also takes NumPy's scalars, which CEL would not."""
    return None if value is None or not math.isfinite(value) else float(value)
