"""The questions of C2PA's Soft Binding Resolution API, answered from what was signed here.

A value alone is looked up as it is: whether any file shows what it names, whoever asks has to see. Knows no protobuf,
and not who asks.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput, NotFound
from core.media import Media
from detectors import iscc
from detectors.base import Finding
from server.audit.reading.durable import DurableReads, Kept
from server.provenance import Stores
from server.recovery.bindings import ISCC, PDQ, WATERMARK
from server.recovery.match import Found
from server.recovery.recovery import Recovery

WATERMARKS, FINGERPRINTS = (WATERMARK,), (PDQ, ISCC)
BITS = 256
_MARK = re.compile("[0-9a-f]{12}")
_CODE = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, eq=False, slots=True)
class Named:
    """A signed file that a value names. distance: differing bits of 256; None of a watermark, which has none."""

    kept: Kept
    distance: int | None


class Resolution:
    """Answers. Every method raises Unavailable while the log cannot."""

    def __init__(self, recovery: Recovery, reads: DurableReads, stores: Stores) -> None:
        self.recovery = recovery
        self._reads = reads
        self._stores = stores

    async def by_binding(self, algorithm: str, value: str, most: int) -> list[Named]:
        """Signed files by one value, the nearest first. InvalidInput for another algorithm, or for what is no value."""
        if algorithm == WATERMARK:
            indexes = await self._reads.bound_to("watermark", bytes.fromhex(mark_of(value)), most)
            return [Named(each, None) for each in await self._kept(indexes)]
        kind, bits = code_of(algorithm, value)
        await self.recovery.memory.catch_up()
        nearest = await asyncio.to_thread(self.recovery.memory.near_one, kind, bits, most)
        distances = {near.item: near.distance for near in nearest}
        return [Named(each, distances[each.index]) for each in await self._kept(list(distances))]

    async def by_content(self, media: Media, findings: Sequence[Finding], hint: str, value: str, most: int) -> Found:
        """Signed files that `media` shows. hint: algorithm of `value`, "" for none. InvalidInput for a bad hint."""
        if hint and hint != WATERMARK:
            raise InvalidInput("only a watermark can be hinted at", field="hint_alg", limit=WATERMARK, found=hint)
        found = await self.recovery.find(media, findings, {mark_of(value)} if hint else ())
        return Found(found.matches[:most], found.unconfirmed)

    async def manifest(self, manifest_id: str, *, only_active: bool) -> bytes:
        """A manifest store by the label of its active manifest, whole or with that one alone. NotFound for none."""
        store = await self._reads.manifest(manifest_id)
        if store is None:
            raise NotFound(f"no manifest {manifest_id!r} is kept")
        return await self._stores.only(store, manifest_id) if only_active else store

    async def _kept(self, indexes: Sequence[int]) -> list[Kept]:
        """In the order of the indexes; what was erased since is left out."""
        kept = await self._reads.kept_at(indexes)
        return [kept[index] for index in indexes if index in kept]


def mark_of(value: str) -> str:
    """The id in a watermark's value. InvalidInput unless it is 12 hexadecimal digits."""
    if not _MARK.fullmatch(value.lower()):
        raise InvalidInput("a watermark's value is 12 hexadecimal digits", field="value", limit="12", found=value[:64])
    return value.lower()


def code_of(algorithm: str, value: str) -> tuple[str, int]:
    """The kind of a fingerprint and its 256 bits. InvalidInput for another algorithm, or for what is no value of it."""
    if algorithm == PDQ and _CODE.fullmatch(value.lower()):
        return "pdq", int(value, 16)
    if algorithm == ISCC:
        try:
            return "iscc", iscc.bits_of(value)
        except ValueError as error:
            raise InvalidInput(str(error), field="value", found=value[:64]) from error
    if algorithm == PDQ:
        raise InvalidInput("a PDQ hash is 64 hexadecimal digits", field="value", limit="64", found=value[:64])
    known = ", ".join((*WATERMARKS, *FINGERPRINTS))
    raise InvalidInput(f"the algorithm {algorithm!r} is not supported", field="alg", limit=known, found=algorithm)


def similarity(distance: int) -> int:
    """0 to 100: the share of bits that are the same."""
    return round(100 * (1 - distance / BITS))
