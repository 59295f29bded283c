"""AuditService's methods that answer with many messages: following the log, and the bundle of one decision."""

from __future__ import annotations

from collections.abc import AsyncIterator

from countersign.v1 import audit_pb2 as pb
from server import convert
from server.audit import AuditLog
from server.audit.bundle import bundle
from server.edge import Context, Edge
from server.services.following import Followers

SERVICE = "/countersign.v1.AuditService"
CHUNK = 1024 * 1024
"""Bytes in one message of a file: a quarter of what clients of gRPC take by default."""


class StreamMethods:
    """See `server.services.audit`."""

    _edge: Edge
    _log: AuditLog
    _followers: Followers

    async def StreamDecisions(  # noqa: N802 - the names are the RPCs'
        self, request: pb.StreamDecisionsRequest, context: Context
    ) -> AsyncIterator[pb.StreamDecisionsResponse]:
        """Decisions as they are recorded, until the caller goes away."""
        async with self._edge.call(context, f"{SERVICE}/StreamDecisions", request, endless=True) as caller:
            reached = request.after if request.HasField("after") else (await self._log.checkpoint()).size - 1
            found = self._log.follow(caller.tenant, convert.filter_of(request.filter), reached)
            # The first sign of life tells where to go on, should the connection break before anything comes.
            async for recorded in self._followers.watch(caller.tenant, found):
                if recorded is None:
                    yield pb.StreamDecisionsResponse(log_index=reached)
                else:
                    reached = recorded.index
                    yield pb.StreamDecisionsResponse(decision=convert.decision(recorded), log_index=reached)

    async def GetBundle(  # noqa: N802
        self, request: pb.GetBundleRequest, context: Context
    ) -> AsyncIterator[pb.GetBundleResponse]:
        """Everything that one decision can be checked by offline, as a zip."""
        async with self._edge.call(context, f"{SERVICE}/GetBundle", request) as caller:
            case = await bundle(self._log, caller.tenant, request.decision_id)
            for start in range(0, len(case), CHUNK):
                yield pb.GetBundleResponse(chunk=case[start : start + CHUNK])
