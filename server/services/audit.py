"""AuditService: the record, and proof that it was not changed."""

from __future__ import annotations

from countersign.v1 import audit_pb2 as pb
from countersign.v1 import audit_pb2_grpc
from server import convert
from server.audit import AuditLog, Filter
from server.edge import Context, Edge
from server.services.answers import Answers

SERVICE = "/countersign.v1.AuditService"


class AuditService(audit_pb2_grpc.AuditServiceServicer):
    """Reads the log. A tenant sees its own decisions and nobody else's; the size of the whole log is no secret."""

    def __init__(self, edge: Edge, log: AuditLog, answers: Answers) -> None:
        self._edge = edge
        self._log = log
        self._answers = answers

    async def ListDecisions(  # noqa: N802 - the names are the RPCs'
        self, request: pb.ListDecisionsRequest, context: Context
    ) -> pb.ListDecisionsResponse:
        """One page of decisions, newest first."""
        async with self._edge.call(context, f"{SERVICE}/ListDecisions", request) as caller:
            chosen = Filter(
                since=convert.moment(request.since, "since") if request.HasField("since") else None,
                until=convert.moment(request.until, "until") if request.HasField("until") else None,
                action=int(request.action),
                detector=request.detector,
                media_digest=request.media_digest,
            )
            page = await self._log.list(caller.tenant, chosen, request.page_size, request.page_token)
            return pb.ListDecisionsResponse(
                decisions=[convert.decision(recorded) for recorded in page.items],
                next_page_token=page.next_page_token,
            )

    async def GetDecision(  # noqa: N802
        self, request: pb.GetDecisionRequest, context: Context
    ) -> pb.GetDecisionResponse:
        """One decision."""
        async with self._edge.call(context, f"{SERVICE}/GetDecision", request) as caller:
            recorded = await self._log.get(caller.tenant, request.decision_id)
            decision = await self._answers.decision(recorded, include_evidence=request.include_evidence)
            return pb.GetDecisionResponse(decision=decision)

    async def GetReceipt(  # noqa: N802
        self, request: pb.GetReceiptRequest, context: Context
    ) -> pb.GetReceiptResponse:
        """A fresh receipt."""
        async with self._edge.call(context, f"{SERVICE}/GetReceipt", request) as caller:
            parts = await self._log.receipt(caller.tenant, request.decision_id)
            return pb.GetReceiptResponse(receipt=convert.receipt(parts))

    async def GetCheckpoint(  # noqa: N802
        self, request: pb.GetCheckpointRequest, context: Context
    ) -> pb.GetCheckpointResponse:
        """The newest signed checkpoint."""
        async with self._edge.call(context, f"{SERVICE}/GetCheckpoint", request):
            signed = await self._log.checkpoint()
            return pb.GetCheckpointResponse(checkpoint=signed.text, log_key=signed.log_key, tree_size=signed.size)
