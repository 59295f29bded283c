"""What a test case gives, as the subject that a policy judges.

A case names a detector and its verdict ("copy_move: detected"), or a signal and its value ("media.width: 640"). What
it does not name is as in `DEFAULTS`: a detector did not run, there are no credentials, nothing is declared, and the
media are a plain photo that somebody uploads. At stage input there are no media, and the prompt is empty.

This module knows subjects. It does not know YAML, rules or what a case expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from core.credential import NO_CREDENTIAL, Credential, CredentialState
from core.media import Kind
from detectors.base import FAILED, Finding, Measuring, Source, Verdict
from policies.base import Stage, Subject
from policies.reading import Value
from policies.windows import moment

NOT_RUN = "not_run"
FAILURE = "failed"
VERDICTS = (*(str(verdict) for verdict in Verdict), FAILURE, NOT_RUN)
"""What a case may say of a detector."""
SPECIAL = ("at", "digest")
"""When the decision is made, and the digest of the content: no signals, but periods and shares hang on them."""

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {"mime": "image/jpeg", "byte_size": 100_000, "width": 640, "height": 480}
)
"""A plain photo. Sizes in bytes and pixels. Every other field of a subject is empty."""
_VIDEO: Mapping[str, Any] = MappingProxyType({"mime": "video/mp4", "duration": 10.0})
_ORDER: Mapping[str, Any] = MappingProxyType({"prompt": "", "negative_prompt": ""})
_TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_SUBJECT = frozenset(field.name for field in fields(Subject))


def subject_of(given: Mapping[str, Value], sources: Iterable[Source]) -> Subject:
    """The subject with these values, by the name of a detector or a signal. Findings are those of `sources`, in order.

    A detector is left out where it does not examine the kind of media, as it is in life.
    """
    plain = {name.partition(".")[2]: value for name, value in given.items() if name.startswith(("media.", "request."))}
    stage = str(plain.pop("stage", ""))
    common = {
        "direction": "inbound" if stage in ("", Stage.UPLOAD) else "outbound",
        "stage": stage,
        "parameters": {name.partition(".")[2]: value for name, value in given.items() if name.startswith("parameter.")},
        "at": moment(str(given["at"]), closing=False) if "at" in given else None,
        "digest": str(given.get("digest", "")),
    }
    if stage == Stage.INPUT:
        return _subject({**common, **_ORDER, **plain})
    kind = Kind(str(plain.pop("kind", Kind.IMAGE)))
    values = {**common, **DEFAULTS, **(_VIDEO if kind is Kind.VIDEO else {}), **plain}
    findings = tuple(
        _finding(source, given)
        for source in sources
        if kind in source.kinds and given.get(source.name, NOT_RUN) != NOT_RUN
    )
    return _subject({**values, "kind": kind, "findings": findings, "credential": _credential(given)})


def _subject(values: Mapping[str, Any]) -> Subject:
    return Subject(**{name: value for name, value in values.items() if name in _SUBJECT})


def _finding(source: Source, given: Mapping[str, Value]) -> Finding:
    verdict = str(given[source.name])
    failed = verdict == FAILURE
    codes = given.get(f"{source.name}.codes")
    return Finding(
        detector=source.name,
        version=source.version,
        label=source.label,
        verdict=Verdict.ABSTAINED if failed else Verdict(verdict),
        explanation="as the case gives it",
        limits=source.limits,
        probability=_figure(given.get(f"{source.name}.probability")),
        score=_figure(given.get(f"{source.name}.score")),
        codes=(FAILED,) if failed else tuple(codes) if isinstance(codes, list) else (),
        measurements=_measurements(source, given),
    )


def _measurements(source: Source, given: Mapping[str, Value]) -> tuple[tuple[str, float], ...]:
    names = sorted(source.measures) if isinstance(source, Measuring) else ()
    figures = ((name, _figure(given.get(f"{source.name}.{name}"))) for name in names)
    return tuple((name, figure) for name, figure in figures if figure is not None)


def _credential(given: Mapping[str, Value]) -> Credential:
    if not any(name.startswith("credential.") for name in given):
        return NO_CREDENTIAL
    codes = given.get("credential.codes")
    return Credential(
        CredentialState(str(given.get("credential.state", CredentialState.NONE))),
        codes=tuple(codes) if isinstance(codes, list) else (),
        digital_source_types=(_TRAINED,) if given.get("credential.ai_generated") is True else (),
    )


def _figure(value: Value | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None
