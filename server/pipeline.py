"""The story of Countersign: read this file first.

    inbound    upload → open (sandbox) → examine, decide → record → decision + receipt
    outbound   order  → decide on what is asked for → open → examine, decide → record intent → make (→ previews)
               → open → examine, decide → watermark, label, declare → sign → record

Nothing leaves unrecorded, and nothing made here leaves unsigned. This module knows the order of things. It does not
know how anything is parsed, examined, decided, signed or stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog

from core.dicom.facts import VIEW as DICOM
from core.errors import CountersignError, InvalidInput, LimitExceeded, PreconditionFailed
from core.media import Media, digest_of
from core.sandbox import SAMPLES
from generators.base import SOURCE, Output
from policies.base import Action, Decision, Stage
from server import asked, inputs, record
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
from server.previews import Previews, Show, show_nobody
from server.provenance import Provenance
from server.recorder import NOTHING, Recorder
from server.recovery.bindings import Bindings
from server.requests import Made, Order, Report, Request, Upload
from server.work import Work

MEDIA = "media"
"""What errors call media by themselves: whoever opens it does not know what it is to a request."""


class Pipeline:
    """Carries media through the steps above. One pipeline serves all callers.

    screening, making: places for what is examined and made at a time. previews: whether unfinished work may be shown.
    """

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
        *,
        previews: bool = True,
    ) -> None:
        self._examiner = examiner
        self._engine = engine
        self._provenance = provenance
        self._recorder = recorder
        self._finisher = finisher
        self._outputs = outputs
        self._screening = screening
        self._making = making
        self._may_show = previews
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

    async def make(self, order: Order, caller: Caller, report: Report, show: Show = show_nobody) -> Made:
        """Makes one output. Raises as `screen` does, and what the model raises for a job that it cannot do.

        show: gets previews where the order asks for some.
        """
        request = Request(caller, order.request_id, order.content(), order.subject)
        used = ("outbound", caller.tenant, order.surface, order.jurisdiction)
        context = Context(*used, order.model.task, order.source_type, order=order)
        async with self._once.hold(request.key):
            # 1. The same id gives the same answer and one record.
            if earlier := await self._recorder.earlier(request):
                return await self._again(earlier)
            async with self._making.enter():
                return await self._make(request, context, order, report, show)

    async def _make(self, request: Request, context: Context, order: Order, report: Report, show: Show) -> Made:
        """An order's first time."""
        # 2. What is asked for is judged before anything is opened, announced or made.
        asked = self._examiner.decide(inputs.subject_of(request, context, order, datetime.now(UTC)))
        if inputs.stops(asked):
            return Made(await self._recorder.order(request, context, order, asked), None)
        # 3. The pictures that came with it are screened as every upload is.
        report("examining", 0.0)
        given = await self._examine_given(request, context, order)
        if blocked := inputs.blocked(given):
            making = record.making_json(order, stage="input", asked=asked, blocked=blocked)
            return await self._block(request, context, given[blocked], making)
        work: Work | None = None
        try:
            # 4. Intent MUST be durable before anything is made (after boulder's issuance cycle).
            intent = await self._recorder.intent(request, context, order, asked, given)

            def marks(decision: Decision) -> Marks:
                return self._finisher.marking(decision, order, context, intent.index)

            previews = Previews(self._examiner, context, asked, marks, show)
            work = Work(request, context, order, asked, given, intent, marks, previews)
            return await self._work(work, report)
        except asyncio.CancelledError:
            # Nobody waits any more. The intent is closed, or it would look like a crash.
            await self._end(request, context, work)
            raise
        except Exception:
            # What was shown is named, whatever became of the rest. Where nothing was, the order can be tried again.
            if work and work.previews.json:
                await self._end(request, context, work)
            raise

    async def _work(self, work: Work, report: Report) -> Made:
        """What was announced is made, or refused, or blocked; in each case on the record."""
        request, context, order = work.request, work.context, work.order
        # 5. Make, and look at what was made as at any media.
        output = await self._generate(work, report)
        making = work.making() | record.notes_json(output)
        report("examining", 0.0)
        compared = replace(context, memorised=record.memorised_in(output.notes))
        shown = work.previews.json
        media = await self._open(request, context, output.data, shown=shown)
        seen = await self._examine(request, compared, media, shown)
        seen = replace(seen, decision=inputs.joined(work.asked, seen.decision))
        if seen.decision.action is Action.BLOCK:
            return await self._block(request, context, seen, making)
        # 6. Finish: watermark, label, declaration. Nothing changes the pixels from here on.
        report("finishing", 0.0)
        finished = await self._finish(work, output, seen)
        frames = finished.media.frames()
        bindings = await asyncio.to_thread(Bindings.of, frames, finished.watermark, uploaded=SOURCE in work.given)
        # 7. Sign, and keep the file before the record that names it: what is recorded can be given again.
        report("signing", 0.0)
        claim = claim_of(order, seen.decision, work.intent.index, finished, bindings, output.notes)
        parent = work.given[SOURCE].media if SOURCE in work.given else None
        signed = await self._provenance.sign(finished.media.data, finished.media.mime, claim, parent)
        digest = await asyncio.to_thread(self._outputs.put, signed.data)
        beside = {"beside": await asyncio.to_thread(self._outputs.put, signed.beside)} if signed.beside else {}
        # 8. Record the digest and the credential of what leaves, and what it is recognised by without them.
        report("recording", 0.0)
        recorded = await self._recorder.decision(
            request,
            context,
            seen,
            media=record.media_json(finished.media) | {"digest": digest, "byte_size": len(signed.data)} | beside,
            credential=signed.credential,
            making=making | record.marks_json(finished),
            bindings=bindings,
            manifest=signed.beside or await self._provenance.stores.take(signed.data, finished.media.mime),
        )
        return Made(recorded, signed.data, signed.beside)

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

    async def _open(
        self,
        request: Request,
        context: Context,
        data: bytes,
        declared_mime: str = "",
        *,
        field: str = MEDIA,
        shown: Mapping[str, Any] = NOTHING,
        views: Collection[str] = (),
    ) -> Media:
        """Opened media; what cannot be opened is recorded as refused. field: what the request calls it. shown: the
        previews of it. views: of `Examiner.open`.
        """
        try:
            return await self._examiner.open(data, declared_mime, views)
        except (InvalidInput, LimitExceeded) as error:
            error.field = field if error.field == MEDIA else error.field
            await self._recorder.refusal(request, context, error, digest_of(data), shown)
            raise

    async def _examine(
        self, request: Request, context: Context, media: Media, shown: Mapping[str, Any] = NOTHING
    ) -> Examination:
        """Examined media; what a parser gone bad tells of it, and cannot be judged, is recorded as refused."""
        try:
            return await self._examiner.examine(media, context)
        except (InvalidInput, LimitExceeded) as error:
            await self._recorder.refusal(request, context, error, media.digest, shown)
            raise

    async def _examine_given(self, request: Request, context: Context, order: Order) -> dict[str, Examination]:
        """The examined pictures of an order, up to the first that the policy blocks."""
        received = replace(context, stage=Stage.UPLOAD)
        given: dict[str, Examination] = {}
        for name, data in order.pictures.items():
            # Whoever works on a picture gets all that it holds; whoever only looks at it needs no more than 8 bits.
            media = await self._open(
                request, received, data, field=inputs.field_of(order, name), views={SAMPLES, DICOM}
            )
            given[name] = await self._examine(request, received, media)
            if inputs.blocked(given):
                break
        return given

    async def _generate(self, work: Work, report: Report) -> Output:
        """The model's output; a job that the model refuses is recorded as refused."""

        def tell(fraction: float) -> None:
            work.previews.progress(fraction)
            report("making", fraction)

        try:
            preview = work.previews.take if work.order.previews and self._may_show else None
            job = inputs.job_of(work.order, work.given, preview)
            job, left_out = await asyncio.to_thread(asked.job_for, work.order, job, work.given)
            output = await self._engine.generate(work.order.model, job, tell)
            return await asyncio.to_thread(asked.answer_of, work.order, job, output, left_out)
        except (InvalidInput, LimitExceeded) as error:
            await work.previews.close()
            digest = work.given[SOURCE].media.digest if SOURCE in work.given else ""
            await self._recorder.refusal(work.request, work.context, error, digest, work.previews.json)
            raise
        finally:
            await work.previews.close()

    async def _end(self, request: Request, context: Context, work: Work | None) -> None:
        """Closes the intent of work that came to nothing. Where the log cannot take it, it stays open."""
        try:
            await self._recorder.cancellation(request, context, work.previews.json if work else NOTHING)
        except CountersignError as error:
            words = "an order that came to nothing could not be closed on the record"
            structlog.get_logger("countersign").warning(words, request_id=request.id, error=str(error))

    async def _finish(self, work: Work, output: Output, seen: Examination) -> Finished:
        """The finished output; a label that does not fit it is recorded as refused."""
        try:
            return await self._finisher.finish(output, seen.media, work.marks(seen.decision))
        except (InvalidInput, LimitExceeded) as error:
            request, context, digest = work.request, work.context, seen.media.digest
            await self._recorder.refusal(request, context, error, digest, work.previews.json)
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
        beside = entry["media"].get("beside")
        store = await asyncio.to_thread(self._outputs.get, beside) if beside else b""
        if output is None or store is None:
            raise PreconditionFailed(f"the output {entry['media_digest']} of this request is no longer kept")
        return Made(earlier, output, store)
