"""Looks at unfinished work: small, marked as such, screened as outputs are, and named on the record.

    picture → small, with the word on it → open (sandbox) → examine, decide → label, declare → show

A preview is no output: it is not signed, and nobody can mistake it for one. What the policy would block, or have a
person look at first, is withheld. This module knows which few of the model's pictures are shown; it does not know how
a model makes them, nor who looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import structlog
from PIL import Image

from core.encoding import encode_image
from core.errors import CountersignError
from core.media import Frame, Media, Pixels, digest_of
from generators.base import Output
from generators.marking.drawing import draw
from generators.marking.label import Label, Placement
from generators.still import encode_like
from policies.base import Action, Decision
from server import inputs
from server.examination import Context, Examiner
from server.finishing.marks import Marks

AT_MOST = 4
"""Previews of one order. Each costs an examination, so they are spread over the work."""
SIDE = 128
"""Pixels of the longest side: enough to see what it will be, too little to use in its place: never more than half
the picture's own along each side.
"""
MARK = Label("PREVIEW", placement=Placement.TOP_LEFT, height_fraction=0.1)
MIME = "image/jpeg"


@dataclass(frozen=True, eq=False, slots=True)
class Preview:
    """What is shown: a whole file, and how much of the making was done, 0 to 1."""

    data: bytes
    mime: str
    fraction: float


Show: TypeAlias = Callable[[Preview], None]
"""Told each preview that may leave, on the event loop."""
MarkedAs: TypeAlias = Callable[[Decision], Marks]


def show_nobody(_: Preview) -> None:
    """Nobody looks."""


class Previews:
    """The previews of one order. asked: what the policy said of it. marks: what a decision has drawn and declared."""

    def __init__(self, examiner: Examiner, context: Context, asked: Decision, marks: MarkedAs, show: Show) -> None:
        self._examiner = examiner
        self._context = context
        self._asked = asked
        self._marks = marks
        self._show = show
        self._fraction = 0.0
        self._taken = 0
        self._work: asyncio.Task[None] | None = None
        self._closed = False
        self._record: list[dict[str, Any]] = []

    @property
    def json(self) -> dict[str, Any]:
        """What the record says of them, in the order in which they were taken; nothing where there were none."""
        return {"previews": [dict(each) for each in self._record]} if self._record else {}

    def progress(self, fraction: float) -> None:
        """Told how much of the making is done, before the picture of that moment comes."""
        self._fraction = fraction

    def take(self, frame: Frame) -> None:
        """Takes a picture of unfinished work, or lets it pass: one is looked at at a time, and few in all."""
        due = (self._taken + 1) / (AT_MOST + 1)
        busy = self._work is not None and not self._work.done()
        if self._closed or busy or self._taken >= AT_MOST or self._fraction < due or not shown(self._asked):
            return
        self._taken += 1
        self._work = asyncio.create_task(self._look(frame, self._fraction))

    async def close(self) -> None:
        """Shows no more. What is being looked at comes too late for anybody."""
        self._closed = True
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])

    async def _look(self, frame: Frame, fraction: float) -> None:
        """Examines one preview and shows it where the policy lets it pass. A preview never costs the order anything."""
        try:
            data = await asyncio.to_thread(drawn, frame)
            media = await self._examiner.open(data)
            seen = await self._examiner.examine(media, self._context)
            decision = inputs.joined(self._asked, seen.decision)
            file = await asyncio.to_thread(labelled, media, self._marks(decision))
        except CountersignError as error:
            structlog.get_logger("countersign").info("preview withheld", error=type(error).__name__)
            return
        except Exception:  # noqa: BLE001 - a defect of ours, which the log has to tell
            structlog.get_logger("countersign").exception("preview failed")
            return
        leaves = shown(decision)
        self._record.append({"digest": digest_of(file.data), "action": decision.action.name, "shown": leaves})
        if leaves:
            self._show(Preview(file.data, file.mime, fraction))


def shown(decision: Decision) -> bool:
    """Whether nobody has to look at it first."""
    return decision.action <= Action.LABEL


def drawn(frame: Frame) -> bytes:
    """The picture as a small JPEG file with the mark on it. Raises InvalidInput where the mark does not fit."""
    small = Frame(resized(frame.pixels))
    return encode_image(draw(small, MARK).frame, MIME, quality=85)


def resized(pixels: Pixels) -> Pixels:
    """RGB uint8 (h, w, 3), its longest side SIDE pixels, of at most half the picture's along each side."""
    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels)
    if max(height, width) < 2 * SIDE:
        picture = picture.resize((max(1, width // 2), max(1, height // 2)), Image.Resampling.BOX)
    scale = SIDE / max(height, width)  # enlarged again, so that the mark can be read
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(picture.resize(size, Image.Resampling.BICUBIC))


def labelled(media: Media, marks: Marks) -> Output:
    """The examined preview with what the decision has drawn and declared. Raises InvalidInput as `Marks.drawn` does."""
    frame = media.frames()[0]
    marked = marks.drawn(frame, media)
    if marked is frame and not marks.declares:
        return Output(media.data, media.mime, frame)
    return encode_like(media, marked, marks.packet(media))
