"""A house that signs pictures and looks for them again, over a real log, a real sandbox and real credentials."""

from __future__ import annotations

import io
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio
from PIL import Image

from core.media import Kind, Media, Pixels, digest_of
from core.sandbox import Sandbox
from detectors.base import Finding, Verdict
from server.audit import Entry, Recorded
from server.conclusions import Seen
from server.provenance import Binding, Claim, Provenance
from server.recorder import durable_of
from server.recovery.bindings import Bindings
from server.recovery.conclusion import RecoveryConclusion
from server.recovery.recovery import Recovery
from tests.detectors.making import photograph
from tests.server.conftest import House, build

TENANT = "acme"
_numbers = itertools.count()


def picture(name: str) -> Pixels:
    """A photograph at a third of its size."""
    pixels: Pixels = photograph(name)[::3, ::3]
    return pixels.copy()


def as_png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def as_jpeg(pixels: Pixels, quality: int = 80) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


class Marks:
    """Reads watermarks: it is told which file carries which."""

    name = "watermark"
    version = digest_of(b"marks 1")
    label = "watermark"
    kinds = frozenset({Kind.IMAGE, Kind.VIDEO})
    views: frozenset[str] = frozenset()
    summary = "Reads marks."
    limits = "Knows what it was told."

    def __init__(self) -> None:
        self.carried: dict[str, str] = {}

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        return [self._one(self.carried.get(media.digest)) for media in batch]

    def _one(self, mark: str | None) -> Finding:
        return Finding(
            self.name,
            self.version,
            self.label,
            Verdict.DETECTED if mark else Verdict.NOT_DETECTED,
            "a mark" if mark else "no mark",
            self.limits,
            codes=(f"watermark.id.{mark}",) if mark else (),
        )


@dataclass
class Workshop:
    """What tests sign with and look with."""

    house: House
    marks: Marks

    @property
    def provenance(self) -> Provenance:
        return self.house.provenance

    @property
    def recovery(self) -> Recovery:
        return self.house.recovery

    async def open(self, data: bytes) -> Media:
        return await self.house.examiner.open(data)

    async def sign(
        self, data: bytes, mark: str | None = None, source: bytes | None = None, tenant: str = TENANT, subject: str = ""
    ) -> tuple[bytes, Recorded]:
        """A signed file of `data`, recorded with its bindings as the pipeline does."""
        media, number = await self.open(data), next(_numbers)
        bindings = Bindings.of(media.frames(), mark, uploaded=source is not None)
        claim = Claim(
            title="made",
            source_type="trainedAlgorithmicMedia",
            model="painter",
            model_version="1",
            action="created",
            binding=Binding("sha256:policy", number, f"request-{number}"),
            soft_bindings=bindings.soft_bindings,
            watermarked=mark is not None,
        )
        signed = await self.provenance.sign(data, media.mime, claim)
        store = await self.provenance.stores.take(signed.data, media.mime)
        body: dict[str, Any] = {"action": "ALLOW", "reasons": [], "findings": []}
        if source is not None:
            body["making"] = {"source": {"media_digest": digest_of(source), "action": "ALLOW"}}
        recorded = await self.house.log.append(
            Entry(
                kind="decision",
                tenant=tenant,
                actor="tester",
                request_id=f"request-{number}",
                request_digest=digest_of(b"%d" % number),
                body=body,
                action=1,
                direction="outbound",
                media_digest=digest_of(signed.data),
                subject=subject,
                durable=durable_of(bindings, store, signed.credential),
            )
        )
        return signed.data, recorded

    async def look(self, data: bytes, direction: str = "inbound", stage: str = "") -> Any:
        """What the second look says, with the credential that policy sees in the end."""
        media = await self.open(data)
        findings = await self.house.engine.detect(media)
        credential = await self.provenance.read(media)
        seen = Seen(media, findings, credential, TENANT, direction, stage)
        drawn = await RecoveryConclusion(self.recovery).conclude(seen)
        return drawn.finding, drawn.credential or credential


@pytest_asyncio.fixture(loop_scope="session")
async def workshop(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> AsyncIterator[Workshop]:
    marks = Marks()
    house = await build(tmp_path, trusted, extra=[marks])
    yield Workshop(house, marks)
    await house.engine.close()
    await house.log.close()


from tests.server.conftest import trusted as trusted  # noqa: E402 - a fixture is found by its name here
