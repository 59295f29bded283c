"""Second looks: what follows from findings and credentials together, as findings of their own.

A detector sees media alone and is pure. Some things only show when its findings are laid beside the credentials or
beside what this service knows: a stripped file that we signed, a camera's credential on a generated picture. Each of
these is a `Conclusion`. Policies, the model list and the record treat it like a detector; no engine runs it.

This module knows their contract and how they are asked. It knows none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from core.credential import Credential
from core.errors import CountersignError
from core.media import Media
from detectors.base import FAILED, Finding, Source, abstention
from server.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one piece of media when a conclusion is asked.

    findings: of all detectors, then of the conclusions before this one. credential: as read from the file, or as an
    earlier conclusion found it elsewhere. tenant, direction, stage: as in `server.examination.Context`.
    """

    media: Media
    findings: tuple[Finding, ...]
    credential: Credential
    tenant: str
    direction: str
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Concluded:
    """A finding, and the credential that takes the place of the one in `Seen`; None leaves that as it is."""

    finding: Finding
    credential: Credential | None = None


class Conclusion(Source, Protocol):
    """A second look. name, version, label, kinds, summary, limits: as a detector's (`detectors.base.Source`)."""

    async def conclude(self, seen: Seen) -> Concluded:
        """What follows from `seen`. MUST NOT raise for odd media; abstains where what it needs could not be read.

        May raise Unavailable where something that it asks cannot answer now.
        """
        ...


class Conclusions:
    """All second looks, asked in order: each sees what those before it found."""

    def __init__(self, conclusions: Iterable[Conclusion], metrics: Metrics) -> None:
        self._conclusions = tuple(conclusions)
        self._metrics = metrics
        self._log = structlog.get_logger("countersign.conclusions")

    async def draw(self, seen: Seen) -> Seen:
        """`seen` with everything that follows from it."""
        for conclusion in self._conclusions:
            if seen.media.kind in conclusion.kinds:
                drawn = await self._ask(conclusion, seen)
                findings = (*seen.findings, drawn.finding)
                seen = replace(seen, findings=findings, credential=drawn.credential or seen.credential)
        return seen

    async def _ask(self, conclusion: Conclusion, seen: Seen) -> Concluded:
        """A conclusion that fails abstains, as a detector does: logged, counted, and told to policy."""
        try:
            return await conclusion.conclude(seen)
        except CountersignError:
            raise  # Unavailable: then nothing can be recorded either, and no verdict may leave
        except Exception:  # noqa: BLE001 - a defect or an attack: logged and counted
            self._log.exception("conclusion failed", conclusion=conclusion.name, media=seen.media.digest)
            self._metrics.detector_failures.labels(conclusion.name).inc()
            return Concluded(
                abstention(conclusion, "it failed on this media; the server's log has the cause", (FAILED,))
            )


def named(findings: Sequence[Finding], detector: str) -> Finding | None:
    """The one finding of `detector`; None where there is none, or several that may disagree."""
    found = [finding for finding in findings if finding.detector == detector]
    return found[0] if len(found) == 1 else None
