"""From what a model made to the file that is signed: watermark, visible label, declaration, encoding, and a look back.

    watermark → label → encode with the declaration → open again → does the watermark read?

The order is the contract. The watermark is woven in first, so that it also lies beneath the label; nothing touches the
pixels after they are encoded; and a watermark is claimed only where it was read in the very bytes that leave.

This module knows that order. It does not know how a watermark, a label or a file is made.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from typing import Protocol

from core.errors import InvalidInput, PreconditionFailed
from core.media import Frame, Media, Pixels
from core.sandbox import Sandbox
from generators.base import Output
from generators.still import encode_like
from server.finishing.marks import Marking, Marks
from server.metrics import Metrics
from server.sections import Watermarking

IDENTIFIER_BITS = 48
TURNED_OFF = "watermarks are turned off"
BESIDE = "what explains an output is found again by its credentials alone"
LOST = "no watermark holds in this picture: it is too plain for one"


class Watermarks(Protocol):
    """Weaves identifiers into pictures and reads them again. Both are slow and run in a thread."""

    def embed(self, pixels: Pixels, identifier: int) -> Pixels:
        """RGB uint8 (h, w, 3) → the same, marked. Raises InvalidInput for a picture that cannot carry a mark."""
        ...

    def identifiers(self, pixels: Pixels) -> frozenset[int]:
        """Every identifier that reads in a picture, RGB uint8 (h, w, 3); empty where none does."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Finished:
    """A file that is ready to be signed.

    media: the file as opened by the sandbox. watermark: 12 hexadecimal digits of the identifier that reads in it, None
    for none; then `unmarked` says why.
    """

    media: Media
    marks: Marks
    watermark: str | None
    unmarked: str = ""


class Finisher:
    """Finishes outputs. marking: which marks an output gets. watermarking: what the operator demands."""

    def __init__(
        self,
        sandbox: Sandbox,
        watermarks: Watermarks,
        marking: Marking,
        metrics: Metrics,
        watermarking: Watermarking = Watermarking.PREFERRED,
    ) -> None:
        self.marking = marking
        self._sandbox = sandbox
        self._watermarks = watermarks
        self._metrics = metrics
        self._watermarking = watermarking

    async def finish(self, output: Output, made: Media, marks: Marks) -> Finished:
        """The output with a watermark, where it holds one, and with everything that `marks` asks for.

        made: the output as opened by the sandbox, whose metadata travel along. Raises InvalidInput for a label that
        does not fit or may not be drawn, and PreconditionFailed where a watermark is required and does not hold.
        """
        if output.measured:
            return self._left(output, made, marks)
        identifier = secrets.randbits(IDENTIFIER_BITS)
        woven, unmarked = await self._woven(output.frame, identifier)
        media = await self._marked(woven, made, marks, changed=woven is not output.frame)
        if not unmarked and not await self._reads(media, identifier):
            unmarked = LOST
        self._refuse_bare(unmarked)
        return Finished(media, marks, None if unmarked else f"{identifier:012x}", unmarked)

    async def finish_beside(self, made: Media, marks: Marks) -> Finished:
        """A picture that explains an output, with everything that `marks` asks for, and without a watermark.

        A watermark leads to one manifest, which is the output's. made: as opened by the sandbox. Raises InvalidInput
        for a label that does not fit, and PreconditionFailed where a watermark is required.
        """
        if self._watermarking is Watermarking.REQUIRED:
            raise PreconditionFailed(f"every output must carry a watermark here: {BESIDE}")
        return Finished(await self._marked(made.frames()[0], made, marks, changed=False), marks, None, BESIDE)

    async def _marked(self, frame: Frame, made: Media, marks: Marks, *, changed: bool) -> Media:
        """The frame with label and declaration as a file like `made`, which it is where nothing has changed."""
        labelled = await asyncio.to_thread(marks.drawn, frame, made)
        if labelled is frame and not changed and not marks.declares:
            return made
        file = await asyncio.to_thread(encode_like, made, labelled, marks.packet(made))
        return await self._sandbox.open(file.data)

    def _left(self, output: Output, made: Media, marks: Marks) -> Finished:
        """Measured values as they are: a watermark or a label would be read as measurements."""
        if marks.label is not None:
            message = f"no label can be drawn: {output.measured}"
            raise InvalidInput(message, field="label", limit="none", found="a label")
        self._refuse_bare(output.measured)
        return Finished(made, replace(marks, aigc=None, source_type=""), None, output.measured)

    async def _woven(self, frame: Frame, identifier: int) -> tuple[Frame, str]:
        """The picture with its watermark; or the very picture, and why it has none."""
        if self._watermarking is Watermarking.OFF:
            return frame, TURNED_OFF
        try:
            pixels = await asyncio.to_thread(self._watermarks.embed, frame.pixels, identifier)
        except InvalidInput as error:  # too small to carry one
            return frame, error.message
        return frame.with_pixels(pixels), ""

    async def _reads(self, media: Media, identifier: int) -> bool:
        """Whether the identifier reads in the file that is about to be signed; an upload's own may read beside it."""
        pixels = media.frames()[0].pixels
        return identifier in await asyncio.to_thread(self._watermarks.identifiers, pixels)

    def _refuse_bare(self, unmarked: str) -> None:
        """Counts an output without a watermark, and raises where none may leave."""
        if not unmarked or self._watermarking is Watermarking.OFF:
            return
        self._metrics.unmarked_outputs.inc()
        if self._watermarking is Watermarking.REQUIRED:
            raise PreconditionFailed(f"every output must carry a watermark here: {unmarked}")
