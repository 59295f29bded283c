"""ScreeningService: uploads in, decisions out."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable

from core.errors import InvalidInput
from core.limits import Limits
from countersign.v1 import common_pb2, screening_pb2, screening_pb2_grpc
from server.admission import ByteBudget
from server.auth import Caller
from server.edge import Context, Edge, validate
from server.pipeline import Pipeline
from server.requests import Upload
from server.services.answers import Answers
from server.services.uploads import MAX_UNARY, oversize

SERVICE = "/countersign.v1.ScreeningService"


class ScreeningService(screening_pb2_grpc.ScreeningServiceServicer):
    """Screens uploads sent whole or in chunks."""

    def __init__(self, edge: Edge, pipeline: Pipeline, answers: Answers, limits: Limits, budget: ByteBudget) -> None:
        self._edge = edge
        self._pipeline = pipeline
        self._answers = answers
        self._limits = limits
        self._budget = budget

    async def Screen(  # noqa: N802 - the name of the RPC
        self, request: screening_pb2.ScreenRequest, context: Context
    ) -> screening_pb2.ScreenResponse:
        """Screens media of at most MAX_UNARY bytes."""
        async with self._edge.call(context, f"{SERVICE}/Screen", request) as caller:
            upload = upload_of(request, request.media)
            await self._within(caller, upload, len(request.media), MAX_UNARY)
            with self._budget.hold(len(request.media)):
                recorded = await self._pipeline.screen(upload, caller)
            return screening_pb2.ScreenResponse(
                decision=await self._answers.decision(recorded, include_evidence=request.include_evidence),
                receipt=await self._answers.receipt(recorded),
            )

    async def ScreenStream(  # noqa: N802
        self, request_iterator: AsyncIterator[screening_pb2.ScreenStreamRequest], context: Context
    ) -> screening_pb2.ScreenStreamResponse:
        """Screens media sent as a header, chunks and the digest of all chunks."""
        async with self._edge.call(context, f"{SERVICE}/ScreenStream") as caller:
            header = await first_header(request_iterator)
            await self._within(caller, upload_of(header, b""), header.byte_size, self._limits.max_bytes)
            # Counted as it comes: an announced size costs nothing, so it must not keep others out.
            with self._budget.hold() as count:
                data = await self._received(request_iterator, header, caller, count)
                recorded = await self._pipeline.screen(upload_of(header, data), caller)
            return screening_pb2.ScreenStreamResponse(
                decision=await self._answers.decision(recorded, include_evidence=header.include_evidence),
                receipt=await self._answers.receipt(recorded),
            )

    async def _received(
        self,
        parts: AsyncIterator[screening_pb2.ScreenStreamRequest],
        header: screening_pb2.ScreenStreamHeader,
        caller: Caller,
        count: Callable[[int], None],
    ) -> bytes:
        """The media of a stream; one that is not what its header announced is refused on the record."""
        try:
            return await received(parts, header.byte_size, count)
        except InvalidInput as error:
            content = {"method": "screen", "stream": header.byte_size, **upload_of(header, b"").screening()}
            await self._pipeline.refuse(caller, header.request_id, "inbound", content, error, header.subject)
            raise

    async def _within(self, caller: Caller, upload: Upload, size: int, limit: int) -> None:
        """Refuses, on the record, what is larger than the limit."""
        if error := oversize(size, limit):
            content = {"method": "screen", "byte_size": size, **upload.screening()}
            await self._pipeline.refuse(caller, upload.request_id, "inbound", content, error, upload.subject)
            raise error


def upload_of(request: screening_pb2.ScreenRequest | screening_pb2.ScreenStreamHeader, data: bytes) -> Upload:
    """The upload that a request or header describes."""
    context: common_pb2.Context = request.context
    return Upload(
        request_id=request.request_id,
        data=data,
        surface=context.surface,
        jurisdiction=context.jurisdiction,
        declared_mime=request.declared_mime_type,
        subject=request.subject,
    )


async def first_header(parts: AsyncIterator[screening_pb2.ScreenStreamRequest]) -> screening_pb2.ScreenStreamHeader:
    """The header, which MUST come first."""
    async for part in parts:
        validate(part)
        if part.WhichOneof("part") == "header":
            return part.header
        break
    raise InvalidInput("the first message must be the header", field="part", limit="header", found="another part")


async def received(
    parts: AsyncIterator[screening_pb2.ScreenStreamRequest], byte_size: int, count: Callable[[int], None]
) -> bytes:
    """The media, once all announced bytes and their digest have come and agree. count: told the size of each chunk."""
    media = bytearray()
    running = hashlib.sha256()
    async for part in parts:
        validate(part)
        kind = part.WhichOneof("part")
        if kind == "header":
            raise InvalidInput("a second header", field="part", limit="chunk or digest", found="header")
        if kind == "digest":
            return confirmed(bytes(media), byte_size, part.digest, f"sha256:{running.hexdigest()}")
        if len(media) + len(part.chunk) > byte_size:
            found = f"at least {len(media) + len(part.chunk)}"
            raise InvalidInput("more bytes than announced", field="byte_size", limit=str(byte_size), found=found)
        count(len(part.chunk))
        media += part.chunk
        running.update(part.chunk)
    raise InvalidInput("the stream ended without a digest", field="digest", limit="required", found="none")


def confirmed(media: bytes, byte_size: int, announced: str, computed: str) -> bytes:
    """The media, if it is what was announced."""
    if len(media) != byte_size:
        raise InvalidInput("fewer bytes than announced", field="byte_size", limit=str(byte_size), found=str(len(media)))
    if announced != computed:
        raise InvalidInput("the chunks have another digest", field="digest", limit=announced, found=computed)
    return media
