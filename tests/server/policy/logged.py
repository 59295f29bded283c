"""Logs of decisions as they are recorded for real, on media that never was: for replays, in tests and measurements."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.credential import Credential, CredentialState
from core.media import Kind, Media, digest_of
from detectors.base import FAILED, Finding, Measuring, Source, Verdict
from policies.base import Policy, Subject
from server.audit import AuditLog
from server.auth import Caller
from server.examination import Context, Examination
from server.metrics import Metrics
from server.recorder import Recorder
from server.requests import Request

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
CODES = {"metadata": ("sd.prompt", "iptc.ai"), "known_hash": ("list.demo", "match.pdq")}
MOMENT = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Drawer:
    """Draws what might have been seen. Everything that a finding can be occurs: odd scores, abstentions, failures.

    sizes: bytes of the largest media.
    """

    chance: random.Random
    sources: Sequence[Source]
    sizes: int = 1000

    def subject(self, number: int, tenant: str = "acme") -> Subject:
        chance = self.chance
        kind = Kind.VIDEO if chance.random() < 0.1 else Kind.IMAGE
        findings = tuple(self.finding(each) for each in self.sources if kind in each.kinds)
        return Subject(
            direction="inbound",
            findings=findings,
            credential=self.credential(),
            kind=kind,
            mime="image/jpeg" if kind is Kind.IMAGE else "video/mp4",
            byte_size=chance.randrange(1, self.sizes),
            width=chance.randrange(1, 5000),
            height=chance.randrange(1, 5000),
            duration=0.0 if kind is Kind.IMAGE else chance.random() * 100,
            tenant=tenant,
            surface=chance.choice(["", "feed", "avatar"]),
            jurisdiction=chance.choice(["", "DE", "US"]),
            at=MOMENT,
            digest=digest_of(b"%d" % number),
        )

    def finding(self, source: Source) -> Finding:
        chance = self.chance
        verdict = chance.choices(list(Verdict), weights=[10, 80, 10])[0]
        abstained = verdict is Verdict.ABSTAINED
        failed = abstained and chance.random() < 0.1
        codes = CODES.get(source.name, ()) if verdict is Verdict.DETECTED else (FAILED,) if failed else ()
        return Finding(
            detector=source.name,
            version=source.version,
            label=source.label,
            verdict=verdict,
            explanation="as it might be explained, in a sentence of the usual length",
            limits=source.limits,
            score=None if abstained else chance.random() * 40,
            probability=None if abstained or chance.random() < 0.5 else chance.random(),
            score_scale="matched keypoints",
            codes=codes,
            measurements=self.measurements(source),
        )

    def measurements(self, source: Source) -> tuple[tuple[str, float], ...]:
        """Some of those that the source says it has."""
        if not isinstance(source, Measuring):
            return ()
        chance = self.chance
        return tuple((name, chance.random() * 2) for name in sorted(source.measures) if chance.random() < 0.7)

    def credential(self) -> Credential:
        state = self.chance.choices(list(CredentialState), weights=[90, *[2] * (len(CredentialState) - 1)])[0]
        made = (AI,) if state is not CredentialState.NONE and self.chance.random() < 0.3 else ()
        return Credential(state, codes=("signature.mismatch",) if made else (), digital_source_types=made)


def media_of(subject: Subject) -> Media:
    """The media that `subject` tells of, without a picture."""
    assert subject.kind is not None
    return Media(
        data=b"\0" * subject.byte_size,
        kind=subject.kind,
        mime=subject.mime,
        digest=subject.digest,
        width=subject.width,
        height=subject.height,
        duration=subject.duration,
        pictures=(),
        views={},
    )


def subjects(drawer: Drawer, count: int, tenant: str = "acme") -> Iterator[Subject]:
    return (drawer.subject(number, tenant) for number in range(count))


async def log_all(log: AuditLog, policy: Policy, seen: Sequence[Subject], first: int = 0) -> list[str]:
    """Records the policy's decision on each, as the pipeline does; their ids."""
    recorder = Recorder(log, Metrics())

    async def one(number: int, subject: Subject) -> str:
        caller = Caller(subject.tenant, "front-end", frozenset())
        request = Request(caller, f"logged-{number:012d}", {"number": number})
        context = Context(subject.direction, subject.tenant, subject.surface, subject.jurisdiction)
        examined = Examination(
            media_of(subject), subject.findings, subject.credential, policy.decide(subject), digest_of(b"trust")
        )
        return (await recorder.decision(request, context, examined)).decision_id

    return list(await asyncio.gather(*(one(first + number, each) for number, each in enumerate(seen))))
