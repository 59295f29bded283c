"""GenerationService: media made or improved here, streamed back signed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, TypeVar

from core.registry import Registry
from countersign.v1 import generation_pb2 as pb
from countersign.v1 import generation_pb2_grpc
from generators import parameters
from generators.base import BURST, CONTROL, MASK, SOURCE, Generator
from generators.catalog import choose
from server.admission import ByteBudget
from server.auth import Caller
from server.convert.blocked import blocked
from server.convert.companions import companions, kind_of, names_of
from server.convert.labels import label_of
from server.convert.notes import fidelity_of, left_out_of, nearest, plan_of, unknown_words_of
from server.edge import Context, Edge
from server.pipeline import Pipeline
from server.previews import Preview
from server.requests import COMPANIONS, Declared, Made, Order
from server.services.answers import Answers
from server.services.uploads import oversize, oversize_together

SERVICE = "/countersign.v1.GenerationService"
CHUNK = 1024 * 1024
"""Bytes of output per message."""
TEXT_TO_IMAGE = "text_to_image"
PICTURES = (SOURCE, MASK, CONTROL)
"""Fields of GenerateRequest that hold uploads, named as the model names them."""

Response = TypeVar("Response", pb.EnhanceResponse, pb.GenerateResponse)


class GenerationService(generation_pb2_grpc.GenerationServiceServicer):
    """Runs generators for callers: progress, then chunks, then the result."""

    def __init__(
        self, edge: Edge, pipeline: Pipeline, answers: Answers, generators: Registry[Generator], budget: ByteBudget
    ) -> None:
        self._edge = edge
        self._pipeline = pipeline
        self._answers = answers
        self._generators = generators
        self._budget = budget

    async def Enhance(  # noqa: N802 - the name of the RPC
        self, request: pb.EnhanceRequest, context: Context
    ) -> AsyncIterator[pb.EnhanceResponse]:
        """Improves an upload."""
        async with self._edge.call(context, f"{SERVICE}/Enhance", request) as caller:
            sizes = {"media": len(request.media)}
            sizes |= {f"{BURST}[{number}]": len(each) for number, each in enumerate(request.burst)}
            if error := oversize_together(sizes) if request.burst else oversize(len(request.media)):
                content = {"method": "make", "byte_size": sum(sizes.values())}
                await self._pipeline.refuse(caller, request.request_id, "outbound", content, error, request.subject)
                raise error
            model = choose(self._generators, request.task, request.model)
            order = Order(
                request_id=request.request_id,
                model=model,
                parameters=parameters.parse(model.parameters, request.parameters),
                source=request.media,
                seed=request.seed,
                surface=request.context.surface,
                jurisdiction=request.context.jurisdiction,
                subject=request.subject,
                declared=declared_of(request.declarations),
                label=label_of(request),
                private=request.private,
                output_mime=request.output_mime_type,
                companions=names_of(request.companions),
                burst=tuple(request.burst),
            )
            with self._budget.hold(sum(sizes.values())):
                async for part in self._stream(order, caller, pb.EnhanceResponse):
                    yield part

    async def Generate(  # noqa: N802
        self, request: pb.GenerateRequest, context: Context
    ) -> AsyncIterator[pb.GenerateResponse]:
        """Makes media from a prompt, and from pictures where the model takes some."""
        async with self._edge.call(context, f"{SERVICE}/Generate", request) as caller:
            sizes = {name: len(getattr(request, name)) for name in PICTURES}
            if error := oversize_together(sizes):
                content = {"method": "make", "byte_size": sum(sizes.values())}
                await self._pipeline.refuse(caller, request.request_id, "outbound", content, error, request.subject)
                raise error
            model = choose(self._generators, TEXT_TO_IMAGE, request.model)
            order = Order(
                request_id=request.request_id,
                model=model,
                parameters=parameters.parse(model.parameters, request.parameters),
                source=request.source or None,
                prompt=request.prompt,
                negative_prompt=request.negative_prompt,
                seed=request.seed,
                surface=request.context.surface,
                jurisdiction=request.context.jurisdiction,
                subject=request.subject,
                declared=declared_of(request.declarations),
                label=label_of(request),
                mask=request.mask or None,
                control=request.control or None,
                previews=request.previews,
            )
            with self._budget.hold(sum(sizes.values())):
                async for part in self._stream(order, caller, pb.GenerateResponse):
                    yield part

    async def _stream(self, order: Order, caller: Caller, response: type[Response]) -> AsyncIterator[Response]:
        """Progress and previews while the work runs, then the output in chunks, then the result.

        The work is a task of its own so that these can be sent meanwhile; it never outlives the call.
        """
        parts: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()

        def report(stage: str, fraction: float) -> None:
            parts.put_nowait({"progress": pb.Progress(stage=stage, fraction=fraction)})

        def show(preview: Preview) -> None:
            message = pb.Preview(data=preview.data, mime_type=preview.mime, fraction=preview.fraction)
            parts.put_nowait({"preview": message})

        work = asyncio.create_task(self._pipeline.make(order, caller, report, show))
        work.add_done_callback(lambda _: parts.put_nowait(None))
        try:
            while (part := await parts.get()) is not None:
                yield response(**part)
            made = await work
        finally:
            # Whoever went away is still waited for: the end of the work has to reach the record.
            work.cancel()
            await asyncio.wait([work])
        for chunk in chunks_of(made.output or b""):
            yield response(chunk=chunk)
        for name in filter(made.companions.__contains__, COMPANIONS):
            for chunk in chunks_of(made.companions[name]):
                part = {"companion": pb.CompanionChunk(kind=kind_of(name), chunk=chunk)}
                yield response(**part)
        yield response(result=await self._result(order, made))

    async def _result(self, order: Order, made: Made) -> pb.MadeMedia:
        decision = await self._answers.decision(made.recorded)
        left = made.output is not None
        return pb.MadeMedia(
            decision=decision,
            receipt=await self._answers.receipt(made.recorded),
            digest=decision.media_digest if left else "",
            mime_type=decision.mime_type if left else "",
            byte_size=decision.byte_size if left else 0,
            model=decision.model,
            seed=order.seed,
            blocked=blocked(made.recorded),
            nearest=nearest(made.recorded) if left else None,
            fidelity=fidelity_of(made.recorded) if left else None,
            plan=plan_of(made.recorded) if left else "",
            left_out=left_out_of(made.recorded) if left else (),
            companions=companions(made.recorded),
            manifest_store=made.beside,
            unknown_words=unknown_words_of(made.recorded) if left else None,
        )


def chunks_of(data: bytes) -> Iterator[bytes]:
    """The data in pieces that a message carries."""
    return (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))


def declared_of(message: pb.Declarations) -> Declared:
    """What the caller declared. What is not set stays unsaid: it is not false."""
    return Declared(
        purpose=message.purpose or None,
        likeness=message.likeness if message.HasField("likeness") else None,
        consent=message.consent if message.HasField("consent") else None,
    )
