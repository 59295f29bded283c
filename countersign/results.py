"""What the client hands back where one message is not enough, and the checks an answer must pass."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from countersign.errors import CorruptAnswer
from countersign.v1 import common_pb2, generation_pb2

StageProgress = Callable[[str, float], None]
Preview = Callable[[generation_pb2.Preview], None]
CompanionKind: TypeAlias = "generation_pb2.CompanionKind.ValueType"
NO_COMPANIONS: Mapping[CompanionKind, bytes] = MappingProxyType({})
Part = generation_pb2.EnhanceResponse | generation_pb2.GenerateResponse


def no_stages(stage: str, fraction: float) -> None:
    """Reports to nobody."""


def no_previews(preview: generation_pb2.Preview) -> None:
    """Shows nobody."""


@dataclass(frozen=True, slots=True)
class Screening:
    """A decision on an upload, and the proof that it was recorded."""

    decision: common_pb2.Decision
    receipt: common_pb2.Receipt


@dataclass(frozen=True, slots=True)
class Made:
    """Signed media that was made or improved. media: None when the decision blocks it; `result` then says why.

    companions: signed pictures that explain it, by the number of their kind; of those asked for, what was not withheld.
    """

    media: bytes | None
    result: generation_pb2.MadeMedia
    companions: Mapping[CompanionKind, bytes] = field(default_factory=dict)


def made_of(parts: Iterator[Part], progress: StageProgress, preview: Preview = no_previews) -> Made:
    """Puts the chunks together and holds them against the result's digests and sizes.

    Raises CorruptAnswer when they differ, when the result is missing, or when blocked media was sent all the same.
    """
    chunks: list[bytes] = []
    beside: dict[CompanionKind, list[bytes]] = defaultdict(list)
    for part in parts:
        match part.WhichOneof("part"):
            case "progress":
                progress(part.progress.stage, part.progress.fraction)
            case "preview" if isinstance(part, generation_pb2.GenerateResponse):
                preview(part.preview)
            case "chunk":
                chunks.append(part.chunk)
            case "companion" if isinstance(part, generation_pb2.EnhanceResponse):
                beside[part.companion.kind].append(part.companion.chunk)
            case "result":
                companions = {kind: b"".join(pieces) for kind, pieces in beside.items()}
                return checked(b"".join(chunks), part.result, companions)
    raise CorruptAnswer("the stream ended without a result")


def checked(
    media: bytes, result: generation_pb2.MadeMedia, companions: Mapping[CompanionKind, bytes] = NO_COMPANIONS
) -> Made:
    """What was made, if every statement of the result holds for the bytes that came."""
    if result.decision.action == common_pb2.ACTION_BLOCK:
        if media or companions:
            raise CorruptAnswer("the decision blocks the media, yet bytes of it were sent")
        return Made(None, result)
    refuse_another("the media", media, result.digest, result.byte_size)
    told: dict[CompanionKind, generation_pb2.Companion] = {
        each.kind: each for each in result.companions if not each.withheld
    }
    if told.keys() != companions.keys():
        raise CorruptAnswer("other companions were sent than the result tells of")
    for kind, data in companions.items():
        refuse_another("a companion of the media", data, told[kind].digest, told[kind].byte_size)
    return Made(media, result, companions)


def refuse_another(what: str, data: bytes, digest: str, size: int) -> None:
    """Raises CorruptAnswer where these are not the bytes that the result tells of."""
    found = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if found != digest or len(data) != size:
        raise CorruptAnswer(
            f"{what} does not match its digest",
            field="digest",
            limit=f"{digest}, {size} bytes",
            found=f"{found}, {len(data)} bytes",
        )
