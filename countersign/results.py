"""What the client hands back where one message is not enough, and the checks an answer must pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from countersign.errors import CorruptAnswer
from countersign.v1 import common_pb2, generation_pb2

StageProgress = Callable[[str, float], None]
Preview = Callable[[generation_pb2.Preview], None]
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
    """Signed media that was made or improved. media: None when the decision blocks it; `result` then says why."""

    media: bytes | None
    result: generation_pb2.MadeMedia


def made_of(parts: Iterator[Part], progress: StageProgress, preview: Preview = no_previews) -> Made:
    """Puts the chunks together and holds them against the result's digest and size.

    Raises CorruptAnswer when they differ, when the result is missing, or when blocked media was sent all the same.
    """
    chunks: list[bytes] = []
    for part in parts:
        match part.WhichOneof("part"):
            case "progress":
                progress(part.progress.stage, part.progress.fraction)
            case "preview" if isinstance(part, generation_pb2.GenerateResponse):
                preview(part.preview)
            case "chunk":
                chunks.append(part.chunk)
            case "result":
                return checked(b"".join(chunks), part.result)
    raise CorruptAnswer("the stream ended without a result")


def checked(media: bytes, result: generation_pb2.MadeMedia) -> Made:
    """What was made, if every statement of the result holds for the bytes that came."""
    if result.decision.action == common_pb2.ACTION_BLOCK:
        if media:
            raise CorruptAnswer("the decision blocks the media, yet bytes of it were sent")
        return Made(None, result)
    digest = f"sha256:{hashlib.sha256(media).hexdigest()}"
    if digest != result.digest or len(media) != result.byte_size:
        raise CorruptAnswer(
            "the media does not match its digest",
            field="digest",
            limit=f"{result.digest}, {result.byte_size} bytes",
            found=f"{digest}, {len(media)} bytes",
        )
    return Made(media, result)
