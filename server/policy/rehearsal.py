"""A file decided on by two policies, without a record: what decides now, and a candidate.

The file is examined once, so that the two differ by nothing but their rules. Nothing leaves that could be taken for a
decision: no id, no receipt.
"""

from __future__ import annotations

from dataclasses import dataclass

from detectors.base import Finding
from policies.base import Decision, Policy
from server.admission import Room
from server.examination import Context, Examiner
from server.policy.live import LivePolicy


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What was found in a file, and what each policy makes of it."""

    media_digest: str
    findings: tuple[Finding, ...]
    live: Decision
    candidate: Decision


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """room: the places for media, which are those of screening: a rehearsal takes as much memory."""

    examiner: Examiner
    live: LivePolicy
    room: Room

    async def run(self, data: bytes, context: Context, candidate: Policy) -> Rehearsed:
        """Raises InvalidInput or LimitExceeded for media that cannot be examined."""
        async with self.room.enter():
            subject = await self.examiner.subject(await self.examiner.open(data), context)
        return Rehearsed(subject.digest, subject.findings, self.live.decide(subject), candidate.decide(subject))
