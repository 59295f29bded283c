"""GenerationService: media made or improved here, streamed back signed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from core.registry import Registry
from countersign.v1 import generation_pb2 as pb
from countersign.v1 import generation_pb2_grpc
from generators import parameters
from generators.base import Generator
from generators.catalog import choose
from server.admission import ByteBudget
from server.auth import Caller
from server.convert.blocked import blocked
from server.convert.labels import label_of
from server.edge import Context, Edge
from server.pipeline import Pipeline
from server.requests import Declared, Made, Order
from server.services.answers import Answers
from server.services.uploads import oversize

SERVICE = "/countersign.v1.GenerationService"
CHUNK = 1024 * 1024
"""Bytes of output per message."""
TEXT_TO_IMAGE = "text_to_image"

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
            if error := oversize(len(request.media)):
                content = {"method": "make", "byte_size": len(request.media)}
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
            )
            with self._budget.hold(len(request.media)):
                async for part in self._stream(order, caller, pb.EnhanceResponse):
                    yield part

    async def Generate(  # noqa: N802
        self, request: pb.GenerateRequest, context: Context
    ) -> AsyncIterator[pb.GenerateResponse]:
        """Makes media from a prompt."""
        async with self._edge.call(context, f"{SERVICE}/Generate", request) as caller:
            model = choose(self._generators, TEXT_TO_IMAGE, request.model)
            order = Order(
                request_id=request.request_id,
                model=model,
                parameters=parameters.parse(model.parameters, request.parameters),
                prompt=request.prompt,
                negative_prompt=request.negative_prompt,
                seed=request.seed,
                surface=request.context.surface,
                jurisdiction=request.context.jurisdiction,
                subject=request.subject,
                declared=declared_of(request.declarations),
                label=label_of(request),
            )
            async for part in self._stream(order, caller, pb.GenerateResponse):
                yield part

    async def _stream(self, order: Order, caller: Caller, response: type[Response]) -> AsyncIterator[Response]:
        """Progress while the work runs, then the output in chunks, then the result.

        The work is a task of its own so that progress can be sent meanwhile; it never outlives the call.
        """
        progress: asyncio.Queue[pb.Progress | None] = asyncio.Queue()
        work = asyncio.create_task(
            self._pipeline.make(
                order,
                caller,
                lambda stage, fraction: progress.put_nowait(pb.Progress(stage=stage, fraction=fraction)),
            )
        )
        work.add_done_callback(lambda _: progress.put_nowait(None))
        try:
            while (step := await progress.get()) is not None:
                yield response(progress=step)
            made = await work
        finally:
            work.cancel()
        output = made.output or b""
        for start in range(0, len(output), CHUNK):
            yield response(chunk=output[start : start + CHUNK])
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
        )


def declared_of(message: pb.Declarations) -> Declared:
    """What the caller declared. What is not set stays unsaid: it is not false."""
    return Declared(
        purpose=message.purpose or None,
        likeness=message.likeness if message.HasField("likeness") else None,
        consent=message.consent if message.HasField("consent") else None,
    )
