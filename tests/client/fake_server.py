"""A server of `countersign.v1` that keeps its promises and decides by the first word of the media.

"BLOCK…" is blocked, "LABEL…" labelled, "REFUSE…" refused with google.rpc details, "SLOW…" never answered; everything
else is allowed. What it was sent stands in `seen`, statuses to fail with are taken from `failures`.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
import grpc.aio
from grpc_status import rpc_status

from countersign.v1 import (
    audit_pb2_grpc,
    common_pb2,
    generation_pb2,
    generation_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
    privacy_pb2_grpc,
    provenance_pb2,
    provenance_pb2_grpc,
    review_pb2_grpc,
    screening_pb2,
    screening_pb2_grpc,
    softbinding_pb2_grpc,
)
from tests.client.fake_parts import PROVENANCE, Context, decision_on, refusal, status
from tests.client.fake_record import FakeRecord
from tests.client.fake_soft_bindings import FakeSoftBindings

Response = TypeVar("Response", generation_pb2.EnhanceResponse, generation_pb2.GenerateResponse)
MODELS = [
    model_pb2.Model(name="copy_move", version="1", role=model_pb2.MODEL_ROLE_DETECTOR, task="copy_move"),
    model_pb2.Model(
        name="upscale",
        version="2",
        role=model_pb2.MODEL_ROLE_GENERATOR,
        task="upscale",
        summary="Enlarges",
        parameters=[model_pb2.ModelParameter(name="scale", type="int", default_value="2", choices=["2", "4"])],
        card="# upscale",
    ),
]


class FakeServer(
    FakeRecord,
    FakeSoftBindings,
    screening_pb2_grpc.ScreeningServiceServicer,
    generation_pb2_grpc.GenerationServiceServicer,
    provenance_pb2_grpc.ProvenanceServiceServicer,
    model_pb2_grpc.ModelServiceServicer,
):
    """All services. The attributes are for tests to read and to set."""

    def __init__(self) -> None:
        super().__init__()
        self.slow_started = threading.Event()
        self.slow_cancelled = threading.Event()
        self.wrong_digest = self.wrong_companion = False
        self.without_result = False
        self.nearest: generation_pb2.Neighbour | None = None
        self.unknown_words: int | None = None
        self.plan, self.withheld, self.beside = "", "", b""
        self.left_out: tuple[str, ...] = ()

    async def decide(self, context: Context, request_id: str, media: bytes, *, evidence: bool) -> common_pb2.Decision:
        """One decision a request_id."""
        if media.startswith(b"REFUSE"):
            await context.abort_with_status(rpc_status.to_status(refusal()))
        if media.startswith(b"SLOW"):
            await self.wait_for_ever()
        return self.decisions.setdefault(request_id, decision_on(media, len(self.decisions), request_id, evidence))

    async def wait_for_ever(self) -> None:
        """Until the caller goes away."""
        self.slow_started.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            self.slow_cancelled.set()
            raise

    async def Screen(  # noqa: N802
        self, request: screening_pb2.ScreenRequest, context: Context
    ) -> screening_pb2.ScreenResponse:
        await self.enter(context, "Screen", request)
        decision = await self.decide(context, request.request_id, request.media, evidence=request.include_evidence)
        decision.subject = request.subject
        return screening_pb2.ScreenResponse(decision=decision, receipt=self.log.receipt(decision))

    async def ScreenStream(  # noqa: N802
        self, request_iterator: AsyncIterator[screening_pb2.ScreenStreamRequest], context: Context
    ) -> screening_pb2.ScreenStreamResponse:
        parts = [part async for part in request_iterator]
        header, chunks = parts[0].header, [part.chunk for part in parts[1:-1]]
        await self.enter(context, "ScreenStream", header)
        media = b"".join(chunks)
        agreed = parts[-1].digest == f"sha256:{hashlib.sha256(media).hexdigest()}" and header.byte_size == len(media)
        if not agreed or max(map(len, chunks)) > 1024 * 1024:
            broken = status(grpc.StatusCode.INVALID_ARGUMENT, "the stream broke its own announcement")
            await context.abort_with_status(rpc_status.to_status(broken))
        decision = await self.decide(context, header.request_id, media, evidence=header.include_evidence)
        return screening_pb2.ScreenStreamResponse(decision=decision, receipt=self.log.receipt(decision))

    async def Enhance(  # noqa: N802
        self, request: generation_pb2.EnhanceRequest, context: Context
    ) -> AsyncIterator[generation_pb2.EnhanceResponse]:
        await self.enter(context, "Enhance", request)
        yield generation_pb2.EnhanceResponse(progress=generation_pb2.Progress(stage="making", fraction=0.5))
        async for part in self.made(context, request, request.media, generation_pb2.EnhanceResponse):
            if part.WhichOneof("part") == "result" and part.result.digest:
                for kind in request.companions:
                    data = b"companion %d" % kind
                    beside = generation_pb2.Companion(kind=kind, withheld=self.withheld)
                    if not self.withheld:
                        chunk = generation_pb2.CompanionChunk(kind=kind, chunk=data)
                        yield generation_pb2.EnhanceResponse(companion=chunk)
                        digest = f"sha256:{hashlib.sha256(data + b'!' * self.wrong_companion).hexdigest()}"
                        beside.digest, beside.mime_type, beside.byte_size = digest, "image/png", len(data)
                    part.result.companions.append(beside)
            yield part

    async def Generate(  # noqa: N802
        self, request: generation_pb2.GenerateRequest, context: Context
    ) -> AsyncIterator[generation_pb2.GenerateResponse]:
        """As Enhance, with the prompt in place of the media; two previews where they are asked for."""
        await self.enter(context, "Generate", request)
        for number in (1, 2):
            step = generation_pb2.Progress(stage="making", fraction=number / 2)
            yield generation_pb2.GenerateResponse(progress=step)
            if request.previews:
                look = generation_pb2.Preview(data=b"look %d" % number, mime_type="image/jpeg", fraction=number / 2)
                yield generation_pb2.GenerateResponse(preview=look)
        async for part in self.made(context, request, request.prompt.encode(), generation_pb2.GenerateResponse):
            if self.nearest and part.WhichOneof("part") == "result":
                part.result.nearest.CopyFrom(self.nearest)
            if self.unknown_words is not None and part.WhichOneof("part") == "result":
                part.result.unknown_words = self.unknown_words
            yield part

    async def made(
        self,
        context: Context,
        request: generation_pb2.EnhanceRequest | generation_pb2.GenerateRequest,
        media: bytes,
        response: type[Response],
    ) -> AsyncIterator[Response]:
        """The output in chunks, and the result."""
        output = b"made of " + media
        decision = await self.decide(context, request.request_id, media, evidence=False)
        result = generation_pb2.MadeMedia(
            decision=decision, receipt=self.log.receipt(decision), model="fake@1", seed=request.seed
        )
        if decision.action != common_pb2.ACTION_BLOCK:
            for start in range(0, len(output), 7):
                yield response(chunk=output[start : start + 7])
            result.digest = f"sha256:{hashlib.sha256(output + b'!' * self.wrong_digest).hexdigest()}"
            result.byte_size, result.mime_type = len(output), "image/png"
            result.plan, result.manifest_store = self.plan, self.beside
            result.left_out.extend(self.left_out)
        if not self.without_result:
            yield response(result=result)

    async def Inspect(  # noqa: N802
        self, request: provenance_pb2.InspectRequest, context: Context
    ) -> provenance_pb2.InspectResponse:
        await self.enter(context, "Inspect", request)
        return provenance_pb2.InspectResponse(
            provenance=PROVENANCE,
            media_digest="sha256:0",
            mime_type="image/jpeg",
            chain=self.chain,
            crjson=self.crjson if request.include_crjson else "",
        )

    async def ListModels(  # noqa: N802
        self, request: model_pb2.ListModelsRequest, context: Context
    ) -> model_pb2.ListModelsResponse:
        await self.enter(context, "ListModels", request)
        return model_pb2.ListModelsResponse(
            models=[each for each in MODELS if request.role in (model_pb2.MODEL_ROLE_UNSPECIFIED, each.role)]
        )


@contextmanager
def serving(fake: FakeServer, credentials: grpc.ServerCredentials | None = None) -> Iterator[FakeServer]:
    """Serves on a free loopback port, on a loop in a thread of its own, as a real server would be apart."""
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = grpc.aio.server(options=[("grpc.max_receive_message_length", 64 * 1024 * 1024)])
        for add in registrations():
            add(fake, server)
        anywhere = "127.0.0.1:0"
        port = server.add_secure_port(anywhere, credentials) if credentials else server.add_insecure_port(anywhere)
        fake.address = f"127.0.0.1:{port}"
        await server.start()
        ready.set()
        await stop.wait()
        await server.stop(grace=None)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def registrations() -> Iterable[Any]:
    """The generated functions that hang the services on a server."""
    return (
        screening_pb2_grpc.add_ScreeningServiceServicer_to_server,
        generation_pb2_grpc.add_GenerationServiceServicer_to_server,
        provenance_pb2_grpc.add_ProvenanceServiceServicer_to_server,
        softbinding_pb2_grpc.add_SoftBindingServiceServicer_to_server,
        audit_pb2_grpc.add_AuditServiceServicer_to_server,
        review_pb2_grpc.add_ReviewServiceServicer_to_server,
        privacy_pb2_grpc.add_PrivacyServiceServicer_to_server,
        model_pb2_grpc.add_ModelServiceServicer_to_server,
    )
