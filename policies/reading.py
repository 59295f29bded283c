"""What the signals of a policy are for one subject. Which may be missing, and when, stands in `policies.signals`.

This module knows findings and credentials. It does not know CEL, rules or actions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from core.credential import Credential, CredentialState
from detectors.base import FAILED, Finding, Verdict
from policies.base import Subject
from policies.signals import Signal

Value: TypeAlias = bool | int | float | str | list[str]
_Table: TypeAlias = Mapping[str, Value | None]

AI_SOURCE_TYPES = frozenset(("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"))
"""Last path segments of the IPTC digital source types (cv.iptc.org/newscodes/digitalsourcetype) that mean: made by a
trained model, wholly or in part."""

_UNREAD_STORES = frozenset(
    (CredentialState.UNPARSEABLE, CredentialState.REMOTE_NOT_FETCHED, CredentialState.KNOWN_STRIPPED)
)
_NOT_RUN: _Table = MappingProxyType({"ran": False, "abstained": False, "failed": False})
_CONFLICTING: _Table = MappingProxyType({"ran": True, "abstained": False, "failed": False})


class Reader:
    """Reads the wanted signals, and no others, from subjects."""

    def __init__(self, wanted: Iterable[Signal]) -> None:
        self._wanted = tuple((signal.name, signal.source, signal.part) for signal in wanted)

    def read(self, subject: Subject) -> dict[str, Value]:
        """Values by signal name. A missing signal is absent; no value is NaN or infinite. Never raises."""
        tables: dict[str, _Table] = {}
        for finding in subject.findings:
            tables[finding.detector] = _CONFLICTING if finding.detector in tables else _of_finding(finding)
        tables.update(credential=_of_credential(subject.credential), media=_of_media(subject))
        tables.update(request=_of_request(subject))
        values: dict[str, Value] = {}
        for name, source, part in self._wanted:
            value = tables.get(source, _NOT_RUN).get(part)
            if value is not None:
                values[name] = value
        return values


def why_missing(signal: Signal, subject: Subject) -> str:
    """One clause for people: why the signal has no value for this subject."""
    if signal.source == "credential":
        return "the credentials could not be read"
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


def _of_finding(finding: Finding) -> _Table:
    table: dict[str, Value | None] = {
        "ran": True,
        "abstained": finding.verdict is Verdict.ABSTAINED,
        "failed": FAILED in finding.codes,
    }
    broken = _not_a_number(finding.score) or _not_a_number(finding.probability)
    if broken or finding.verdict is Verdict.ABSTAINED:
        return table
    probability = _number(finding.probability)
    table["detected"] = finding.verdict is Verdict.DETECTED
    table["score"] = _number(finding.score)
    table["probability"] = probability if probability is not None and 0.0 <= probability <= 1.0 else None
    table["codes"] = list(finding.codes)
    return table


def _of_credential(credential: Credential) -> _Table:
    made = {uri.rstrip("/").rpartition("/")[2] for uri in credential.digital_source_types}
    unread = credential.state in _UNREAD_STORES and not made
    return {
        "state": str(credential.state),
        "codes": list(credential.codes),
        "ai_generated": None if unread else not made.isdisjoint(AI_SOURCE_TYPES),
    }


def _of_media(subject: Subject) -> _Table:
    return {
        "kind": str(subject.kind),
        "mime": subject.mime,
        "byte_size": subject.byte_size,
        "width": subject.width,
        "height": subject.height,
        "duration": _number(subject.duration),
    }


def _of_request(subject: Subject) -> _Table:
    return {
        "direction": subject.direction,
        "tenant": subject.tenant,
        "surface": subject.surface,
        "jurisdiction": subject.jurisdiction,
        "task": subject.task,
        "source_type": subject.source_type,
    }


def _number(value: float | None) -> float | None:
    """A finite float, or None. `float()` also takes NumPy's scalars, which CEL would not."""
    return None if value is None or not math.isfinite(value) else float(value)


def _not_a_number(value: float | None) -> bool:
    return value is not None and not math.isfinite(value)
