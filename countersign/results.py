"""What the client hands back where one message is not enough, and the checks an answer must pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from countersign.errors import CorruptAnswer
from countersign.v1 import common_pb2, generation_pb2

StageProgress = Callable[[str, float], None]


def no_stages(stage: str, fraction: float) -> None:
    """Reports to nobody."""


@dataclass(frozen=True, slots=True)
class Screening:
    """A decision on an upload, and the proof that it was recorded."""

    decision: common_pb2.Decision
    receipt: common_pb2.Receipt


@dataclass(frozen=True, slots=True)
class Enhancement:
    """Signed media made of an upload. media: None when the decision blocks it; `result` then says why."""

    media: bytes | None
    result: generation_pb2.MadeMedia


def enhancement_of(parts: Iterator[generation_pb2.EnhanceResponse], progress: StageProgress) -> Enhancement:
    """Puts the chunks together and holds them against the result's digest and size.

    Raises CorruptAnswer when they differ, when the result is missing, or when blocked media was sent all the same.
    """
    chunks: list[bytes] = []
    for part in parts:
        match part.WhichOneof("part"):
            case "progress":
                progress(part.progress.stage, part.progress.fraction)
            case "chunk":
                chunks.append(part.chunk)
            case "result":
                return checked(b"".join(chunks), part.result)
    raise CorruptAnswer("the stream ended without a result")


def checked(media: bytes, result: generation_pb2.MadeMedia) -> Enhancement:
    """The enhancement, if every statement of the result holds for the bytes that came."""
    if result.decision.action == common_pb2.ACTION_BLOCK:
        if media:
            raise CorruptAnswer("the decision blocks the media, yet bytes of it were sent")
        return Enhancement(None, result)
    digest = f"sha256:{hashlib.sha256(media).hexdigest()}"
    if digest != result.digest or len(media) != result.byte_size:
        raise CorruptAnswer(
            "the media does not match its digest",
            field="digest",
            limit=f"{result.digest}, {result.byte_size} bytes",
            found=f"{digest}, {len(media)} bytes",
        )
    return Enhancement(media, result)
