"""ReviewService: what people make of decisions, recorded as entries of their own."""

from __future__ import annotations

from countersign.v1 import common_pb2, review_pb2, review_pb2_grpc
from server.audit import AuditLog
from server.audit.operations import Appeal, Review
from server.edge import Context, Edge
from server.services.answers import Answers

SERVICE = "/countersign.v1.ReviewService"
UNSEEN = -1
"""In place of a log index: the reviewer does not say what he saw."""


class ReviewService(review_pb2_grpc.ReviewServiceServicer):
    """Records reviews and appeals; answers with the decision as it stands then."""

    def __init__(self, edge: Edge, log: AuditLog, answers: Answers) -> None:
        self._edge = edge
        self._log = log
        self._answers = answers

    async def ReviewDecision(  # noqa: N802 - the names are the RPCs'
        self, request: review_pb2.ReviewDecisionRequest, context: Context
    ) -> review_pb2.ReviewDecisionResponse:
        """A person decides."""
        async with self._edge.call(context, f"{SERVICE}/ReviewDecision", request) as caller:
            review = Review(
                tenant=caller.tenant,
                actor=caller.actor,
                request_id=request.request_id,
                decision_id=request.decision_id,
                action=common_pb2.Action.Name(request.action).removeprefix("ACTION_"),
                reason_code=request.reason_code,
                note=request.note,
                seen_index=request.seen_index if request.HasField("seen_index") else UNSEEN,
            )
            recorded = await self._log.perform(review)
            return review_pb2.ReviewDecisionResponse(
                decision=await self._now(caller.tenant, request.decision_id),
                receipt=await self._answers.receipt(recorded),
            )

    async def Appeal(  # noqa: N802
        self, request: review_pb2.AppealRequest, context: Context
    ) -> review_pb2.AppealResponse:
        """A person asks for another look."""
        async with self._edge.call(context, f"{SERVICE}/Appeal", request) as caller:
            appeal = Appeal(
                tenant=caller.tenant,
                actor=caller.actor,
                request_id=request.request_id,
                decision_id=request.decision_id,
                reason_code=request.reason_code,
                statement=request.statement,
                appellant=request.appellant,
            )
            recorded = await self._log.perform(appeal)
            return review_pb2.AppealResponse(
                decision=await self._now(caller.tenant, request.decision_id),
                receipt=await self._answers.receipt(recorded),
            )

    async def _now(self, tenant: str, decision_id: str) -> common_pb2.Decision:
        """The decision in its present state."""
        return await self._answers.decision(await self._log.get(tenant, decision_id))
