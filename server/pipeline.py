"""The story of Countersign: read this file first.

    inbound    upload → open (sandbox) → examine, decide → record → decision + receipt
    outbound   order  → decide on what is asked for → open → examine, decide → record intent → make
               → open → examine, decide → watermark, label, declare → sign → record

Nothing leaves unrecorded, and nothing made here leaves unsigned. This module knows the order of things. It does not
know how anything is parsed, examined, decided, signed or stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from core.errors import InvalidInput, LimitExceeded, PreconditionFailed
from core.media import Media, digest_of
from generators.base import Generator, Job, Output
from policies.base import Action, Stage
from server import inputs, record
from server.admission import Room
from server.audit import Recorded
from server.auth import Caller
from server.claims import claim_of
from server.engine.base import Engine
from server.examination import Context, Examination, Examiner
from server.finishing.finisher import Finished, Finisher
from server.finishing.marks import Marks
from server.once import Once
from server.outputs import OutputStore
from server.provenance import Provenance
from server.recorder import Recorder
from server.recovery.bindings import Bindings
from server.requests import Made, Order, Report, Request, Upload


class Pipeline:
    """Carries media through the steps above. One pipeline serves all callers."""

    def __init__(
        self,
        examiner: Examiner,
        engine: Engine,
        provenance: Provenance,
        recorder: Recorder,
        finisher: Finisher,
        outputs: OutputStore,
        screening: Room,
        making: Room,
    ) -> None:
        self._examiner = examiner
        self._engine = engine
        self._provenance = provenance
        self._recorder = recorder
        self._finisher = finisher
        self._outputs = outputs
        self._screening = screening
        self._making = making
        self._once = Once()

    async def screen(self, upload: Upload, caller: Caller) -> Recorded:
        """Screens one upload.

        Raises InvalidInput or LimitExceeded for media that cannot be examined, after recording that it was refused;
        Unavailable when the log cannot take the record.
        """
        request = Request(caller, upload.request_id, upload.content(), upload.subject)
        context = Context("inbound", caller.tenant, upload.surface, upload.jurisdiction)
        async with self._once.hold(request.key):
            # 1. The same id gives the same answer and one record.
            if earlier := await self._recorder.earlier(request):
                return earlier
            async with self._screening.enter():
                # 2. Open: hostile bytes are parsed in the sandbox only.
                media = await self._open(request, context, upload.data, upload.declared_mime)
                # 3. Examine and decide.
                seen = await self._examine(request, context, media)
            # 4. Record: MUST be durable before anybody learns the verdict.
            return await self._recorder.decision(request, context, seen)

    async def make(self, order: Order, caller: Caller, report: Report) -> Made:
        """Makes one output. Raises as `screen` does, and what the model raises for a job that it cannot do."""
        request = Request(caller, order.request_id, order.content(), order.subject)
        model = order.model
        context = Context(
            *("outbound", caller.tenant, order.surface, order.jurisdiction, model.task, model.source_type), order=order
        )
        async with self._once.hold(request.key):
            # 1. The same id gives the same answer and one record.
            if earlier := await self._recorder.earlier(request):
                return await self._again(earlier)
            async with self._making.enter():
                return await self._make(request, context, order, report)

    async def _make(self, request: Request, context: Context, order: Order, report: Report) -> Made:
        """An order's first time."""
        # 2. What is asked for is judged before anything is opened, announced or made.
        asked = self._examiner.decide(inputs.subject_of(request, context, order, datetime.now(UTC)))
        if inputs.stops(asked):
            return Made(await self._recorder.order(request, context, order, asked), None)
        # 3. What is to be improved is screened as every upload is.
        report("examining", 0.0)
        source = await self._examine_source(request, context, order)
        if source and source.decision.action is Action.BLOCK:
            making = record.making_json(order, stage="input", asked=asked)
            return await self._block(request, context, source, making)
        # 4. Intent MUST be durable before anything is made (after boulder's issuance cycle).
        intent = await self._recorder.intent(request, context, order, asked, source)
        making = record.making_json(order, stage="output", asked=asked, intent_index=intent.index, source=source)
        # 5. Make, and look at what was made as at any media.
        output = await self._generate(request, context, order, source, report)
        report("examining", 0.0)
        seen = await self._examine(request, context, await self._open(request, context, output.data))
        seen = replace(seen, decision=inputs.joined(asked, seen.decision))
        if seen.decision.action is Action.BLOCK:
            return await self._block(request, context, seen, making)
        # 6. Finish: watermark, label, declaration. Nothing changes the pixels from here on.
        report("finishing", 0.0)
        marks = self._finisher.marking(seen.decision, order, context, intent.index)
        finished = await self._finish(request, context, output, seen.media, marks)
        frames = finished.media.frames()
        bindings = await asyncio.to_thread(Bindings.of, frames, finished.watermark, uploaded=source is not None)
        # 7. Sign, and keep the file before the record that names it: what is recorded can be given again.
        report("signing", 0.0)
        claim = claim_of(order, seen.decision, intent.index, finished, bindings)
        parent = source.media if source else None
        signed = await self._provenance.sign(finished.media.data, finished.media.mime, claim, parent)
        digest = await asyncio.to_thread(self._outputs.put, signed.data)
        # 8. Record the digest and the credential of what leaves, and what it is recognised by without them.
        report("recording", 0.0)
        recorded = await self._recorder.decision(
            request,
            context,
            seen,
            media=record.media_json(finished.media) | {"digest": digest, "byte_size": len(signed.data)},
            credential=signed.credential,
            making=making | record.marks_json(finished),
            bindings=bindings,
            manifest=await self._provenance.stores.take(signed.data, finished.media.mime),
        )
        return Made(recorded, signed.data)

    async def refuse(
        self,
        caller: Caller,
        request_id: str,
        direction: str,
        content: Mapping[str, Any],
        error: InvalidInput | LimitExceeded,
        subject: str = "",
    ) -> None:
        """Records an upload that was refused before it was received whole."""
        request = Request(caller, request_id, content, subject)
        async with self._once.hold(request.key):
            if not await self._recorder.earlier(request):
                await self._recorder.refusal(request, Context(direction, caller.tenant), error)

    async def _open(self, request: Request, context: Context, data: bytes, declared_mime: str = "") -> Media:
        """Opened media; what cannot be opened is recorded as refused."""
        try:
            return await self._examiner.open(data, declared_mime)
        except (InvalidInput, LimitExceeded) as error:
            await self._recorder.refusal(request, context, error, digest_of(data))
            raise

    async def _examine(self, request: Request, context: Context, media: Media) -> Examination:
        """Examined media; what a parser gone bad tells of it, and cannot be judged, is recorded as refused."""
        try:
            return await self._examiner.examine(media, context)
        except (InvalidInput, LimitExceeded) as error:
            await self._recorder.refusal(request, context, error, media.digest)
            raise

    async def _examine_source(self, request: Request, context: Context, order: Order) -> Examination | None:
        """The examined upload of an order that has one."""
        if order.source is None:
            return None
        received = replace(context, stage=Stage.UPLOAD)
        return await self._examine(request, received, await self._open(request, received, order.source))

    async def _generate(
        self, request: Request, context: Context, order: Order, source: Examination | None, report: Report
    ) -> Output:
        """The model's output; a job that the model refuses is recorded as refused."""
        media = source.media if source else None
        job = Job(media, order.parameters, order.prompt, order.negative_prompt, order.seed)
        try:
            if media:
                refuse_other_kinds(order.model, media)
            return await self._engine.generate(order.model, job, lambda fraction: report("making", fraction))
        except (InvalidInput, LimitExceeded) as error:
            await self._recorder.refusal(request, context, error, media.digest if media else "")
            raise

    async def _finish(self, request: Request, context: Context, output: Output, made: Media, marks: Marks) -> Finished:
        """The finished output; a label that does not fit it is recorded as refused."""
        try:
            return await self._finisher.finish(output, made, marks)
        except (InvalidInput, LimitExceeded) as error:
            await self._recorder.refusal(request, context, error, made.digest)
            raise

    async def _block(self, request: Request, context: Context, seen: Examination, making: Mapping[str, Any]) -> Made:
        """An order whose input or output the policy blocks: recorded, and nothing leaves."""
        return Made(await self._recorder.decision(request, context, seen, making=making), None)

    async def _again(self, earlier: Recorded) -> Made:
        """The answer that was given before, with the same bytes."""
        entry = record.decode(earlier)
        if entry["action"] == Action.BLOCK.name:
            return Made(earlier, None)
        output = await asyncio.to_thread(self._outputs.get, entry["media_digest"])
        if output is None:
            raise PreconditionFailed(f"the output {entry['media_digest']} of this request is no longer kept")
        return Made(earlier, output)


def refuse_other_kinds(model: Generator, media: Media) -> None:
    """Raises InvalidInput for an upload of a kind that the model does not take."""
    if media.kind not in model.kinds:
        kinds = ", ".join(sorted(model.kinds)) or "no upload"
        raise InvalidInput(f"{model.name} takes {kinds}", field="media", limit=kinds, found=media.kind.value)
