"""AuditService's methods that answer with many messages: following the log, exports, bundles."""

from __future__ import annotations

from collections.abc import AsyncIterator

from countersign.v1 import audit_pb2 as pb
from server import convert
from server.audit import AuditLog
from server.audit.export import Format
from server.edge import Context, Edge
from server.services.files import Files
from server.services.following import Followers

SERVICE = "/countersign.v1.AuditService"
FORMATS = {
    pb.EXPORT_FORMAT_JSONL: Format.JSONL,
    pb.EXPORT_FORMAT_PARQUET: Format.PARQUET,
    pb.EXPORT_FORMAT_DSA_JSONL: Format.DSA,
}


class StreamMethods:
    """See `server.services.audit`."""

    _edge: Edge
    _log: AuditLog
    _followers: Followers
    _files: Files

    async def StreamDecisions(  # noqa: N802 - the names are the RPCs'
        self, request: pb.StreamDecisionsRequest, context: Context
    ) -> AsyncIterator[pb.StreamDecisionsResponse]:
        """Decisions as they are recorded, until the caller goes away."""
        async with self._edge.call(context, f"{SERVICE}/StreamDecisions", request, endless=True) as caller:
            tenant = caller.reading(request.filter.tenant)
            reached = request.after if request.HasField("after") else (await self._log.checkpoint()).size - 1
            found = self._log.follow(tenant, convert.filter_of(request.filter), reached)
            # The first sign of life tells where to go on, should the connection break before anything comes.
            async for recorded in self._followers.watch(caller.tenant, found):
                if recorded is None:
                    yield pb.StreamDecisionsResponse(log_index=reached)
                else:
                    reached = recorded.index
                    yield pb.StreamDecisionsResponse(decision=convert.decision(recorded), log_index=reached)

    async def ExportDecisions(  # noqa: N802
        self, request: pb.ExportDecisionsRequest, context: Context
    ) -> AsyncIterator[pb.ExportDecisionsResponse]:
        """The record as a file."""
        async with self._edge.call(context, f"{SERVICE}/ExportDecisions", request) as caller:
            tenant = caller.reading(request.filter.tenant)
            chosen, form = convert.filter_of(request.filter), FORMATS[request.format]
            async for piece in self._files.export(tenant, chosen, form, reader=caller.tenant):
                yield pb.ExportDecisionsResponse(chunk=piece)

    async def GetBundle(  # noqa: N802
        self, request: pb.GetBundleRequest, context: Context
    ) -> AsyncIterator[pb.GetBundleResponse]:
        """Everything about one decision, as an archive."""
        async with self._edge.call(context, f"{SERVICE}/GetBundle", request) as caller:
            tenant = caller.reading(request.tenant)
            async for piece in self._files.bundle(tenant, request.decision_id, reader=caller.tenant):
                yield pb.GetBundleResponse(chunk=piece)
