"""Open, examine, decide: what inbound and outbound media have in common.

Knows which parts look at media and in which order. Records nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from core.credential import Credential
from core.errors import InvalidInput
from core.media import Media
from core.sandbox import Sandbox
from detectors.base import Finding
from policies.base import Decision, Policy, Subject
from server.conclusions import Conclusions, Seen
from server.engine.base import Engine
from server.provenance import BESIDE, Provenance
from server.requests import Order

CREDENTIALS = "credentials"
"""The parser whose view `Provenance.read` judges."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where the media is used and what for; rules may look at it.

    task, source_type: of the model that makes the media; "" for uploads that are only screened. stage: a `Stage`; ""
    means received where inbound, made where outbound. order: what the media is made by, or sent in for. memorised: as
    of `policies.base.Subject`.
    """

    direction: str
    tenant: str
    surface: str = ""
    jurisdiction: str = ""
    task: str = ""
    source_type: str = ""
    stage: str = ""
    order: Order | None = None
    memorised: bool | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Examination:
    """All that is known of one piece of media, and what the policy makes of it.

    trust: digest of the trust list that the credential was judged by.
    """

    media: Media
    findings: tuple[Finding, ...]
    credential: Credential
    decision: Decision
    trust: str


class Examiner:
    """Looks at media with everything the server has. views: parser results that the detectors read."""

    def __init__(
        self,
        sandbox: Sandbox,
        engine: Engine,
        provenance: Provenance,
        conclusions: Conclusions,
        policy: Policy,
        views: Collection[str],
    ) -> None:
        self._sandbox = sandbox
        self._engine = engine
        self._provenance = provenance
        self._conclusions = conclusions
        self._policy = policy
        self._views = frozenset(views) | {CREDENTIALS}

    async def open(self, data: bytes, declared_mime: str = "", views: Collection[str] = ()) -> Media:
        """The media in `data`, parsed in the sandbox. views: what is read beside what detectors need. Raises
        InvalidInput or LimitExceeded.
        """
        media = await self._sandbox.open(data, self._views.union(views))
        if declared_mime and declared_mime != media.mime:
            raise InvalidInput(
                f"the content is {media.mime}, not the declared {declared_mime}",
                field="declared_mime_type",
                limit=media.mime,
                found=declared_mime,
            )
        return media

    async def examine(self, media: Media, context: Context) -> Examination:
        """Findings, credential and decision for opened media."""
        subject = await self.subject(media, context)
        decision = self._policy.decide(subject)
        return Examination(media, subject.findings, subject.credential, decision, self._provenance.trust_digest)

    async def subject(self, media: Media, context: Context) -> Subject:
        """All that a policy may look at, for opened media. Decides nothing."""
        findings = await self._engine.detect(media)
        credential = await self._provenance.read(media)
        seen = await self._conclusions.draw(
            Seen(media, findings, credential, context.tenant, context.direction, context.stage)
        )
        return Subject(
            direction=context.direction,
            findings=seen.findings,
            credential=seen.credential,
            kind=media.kind,
            mime=media.mime,
            byte_size=len(media.data),
            width=media.width,
            height=media.height,
            duration=media.duration,
            tenant=context.tenant,
            surface=context.surface,
            jurisdiction=context.jurisdiction,
            task=context.task,
            source_type=context.source_type,
            stage=context.stage,
            at=datetime.now(UTC),
            digest=media.digest,
            memorised=context.memorised,
            **(context.order.told() if context.order else {}),
        )

    def decide(self, subject: Subject) -> Decision:
        """What the policy makes of what is known without looking at any media."""
        return self._policy.decide(subject)

    async def inspect(self, data: bytes, beside: bytes = b"") -> tuple[Media, Credential]:
        """Only the credentials of `data`: no detector looks at it and nothing is decided.

        beside: as of `Provenance.read`.
        Raises InvalidInput naming "manifest_store" for one beside a file of a format that holds its own.
        """
        media = await self._sandbox.open(data, {CREDENTIALS})
        if beside and media.mime not in BESIDE:
            message = "this format holds its manifest store in itself"
            raise InvalidInput(message, field="manifest_store", limit=", ".join(sorted(BESIDE)), found=media.mime)
        return media, await self._provenance.read(media, beside)

    async def marks(self, data: bytes, detectors: Collection[str]) -> tuple[Media, tuple[Finding, ...]]:
        """The media in `data`, with what some detectors see in its pixels; nothing is decided."""
        media = await self._sandbox.open(data)
        return media, await self._engine.detect(media, detectors)

    async def crjson(self, media: Media, beside: bytes = b"") -> str:
        """The manifest store of opened media in C2PA's crJSON form; "" where there is none."""
        return await self._provenance.crjson(media, beside)
