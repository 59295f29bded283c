"""The contract of a detector, and the finding it returns.

A detector is a pure function of the media: no network, no clock, no state that a call changes. This module knows
no detector.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, Protocol, runtime_checkable

from core.media import Kind, Media, digest_of

BETWEEN = "between"
"""The code of an abstention because what was measured lies between a detection and its absence."""


class Verdict(StrEnum):
    """Three-valued on purpose: an abstention never reads as clean."""

    DETECTED = "detected"
    NOT_DETECTED = "not_detected"
    ABSTAINED = "abstained"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something a person can look at.

    kind "mask": greyscale PNG of the media's size, white where detected. "picture": PNG for eyes only, never scored.
    "text": UTF-8.
    """

    kind: Literal["mask", "picture", "text"]
    mime: str
    data: bytes
    caption: str

    @property
    def digest(self) -> str:
        """Digest of `data`, which the audit log binds."""
        return digest_of(self.data)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detector concluded about one piece of media.

    version: digest of weights and parameters. label: what was looked for, snake_case.
    probability: calibrated, 0 to 1; None when abstained or when no calibration exists.
    score: the detector's own measure on `score_scale`, for detectors without a calibration; None when abstained.
    log10_lr: base-10 log likelihood ratio, bounded by what the calibration set supports.
    fpr_at_threshold: false-positive rate measured at the operating threshold.
    calibration: digest of what turned the score into a probability, "sha256:…"; "" where nothing did.
    codes: machine-readable particulars, sorted. explanation: why, for people; on abstention, why not.
    limits: what this detector cannot see.
    measurements: what else was measured, on abstentions too: finite figures by name, sorted, each name once; names are
    snake_case with dots between their parts ("fpr_low", "quality.jpeg").
    """

    detector: str
    version: str
    label: str
    verdict: Verdict
    explanation: str
    limits: str
    probability: float | None = None
    score: float | None = None
    score_scale: str = ""
    log10_lr: float | None = None
    fpr_at_threshold: float | None = None
    calibration: str = ""
    codes: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    measurements: tuple[tuple[str, float], ...] = ()


class Source(Protocol):
    """Whatever findings come from, as policies and the model list know it.

    name: snake_case, unique. version: digest of weights and parameters, "sha256:…". label: what it looks for.
    kinds: media kinds it accepts; it is never handed others. summary, limits: one sentence each, for the model list.
    """

    name: str
    version: str
    label: str
    kinds: frozenset[Kind]
    summary: str
    limits: str


@runtime_checkable
class Measuring(Protocol):
    """A source whose findings carry measurements by which policies may decide.

    measures: their names, as in `Finding.measurements`, with the closed range that each lies in.
    """

    measures: Mapping[str, tuple[float, float]]


class Detector(Source, Protocol):
    """A detector. The contract tests in tests/detectors/test_contract.py run over every one in the catalog.

    views: parsers of `core.parsers` whose results it reads besides the pixels.
    """

    views: frozenset[str]

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One finding for each of `batch`, in order.

        MUST NOT raise for odd media (grey, tiny, huge, one frame, broken tags): it abstains with the reason.
        MUST be pure: the same batch gives equal findings, alone or batched.
        """
        ...


FAILED = "detector.failed"
"""The code of an abstention that is a defect or an attack, not a judgement."""
NOT_MEASURED: Mapping[str, float] = MappingProxyType({})


def finding_of(
    source: Source,
    verdict: Verdict,
    explanation: str,
    codes: Iterable[str] = (),
    evidence: Sequence[Evidence] = (),
    measurements: Mapping[str, float] = NOT_MEASURED,
    **measured: Any,
) -> Finding:
    """A finding that carries its source's identity. codes, measurements: in any order. measured: probability, score
    and the like, by their names in `Finding`.
    """
    return Finding(
        detector=source.name,
        version=source.version,
        label=source.label,
        verdict=verdict,
        explanation=explanation,
        limits=source.limits,
        codes=tuple(sorted(set(codes))),
        evidence=tuple(evidence),
        measurements=tuple(sorted(measurements.items())),
        **measured,
    )


def abstention(
    detector: Source, why: str, codes: Iterable[str] = (), measurements: Mapping[str, float] = NOT_MEASURED
) -> Finding:
    """The finding of a detector, or of whatever else finds, that cannot know; with the reason."""
    return finding_of(detector, Verdict.ABSTAINED, why, codes, measurements=measurements)
