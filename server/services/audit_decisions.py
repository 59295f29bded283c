"""AuditService's methods about decisions: lists, single ones, histories, and intents that came to none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from countersign.v1 import audit_pb2 as pb
from server import convert
from server.audit import AuditLog
from server.edge import Context, Edge
from server.services.answers import Answers

SERVICE = "/countersign.v1.AuditService"
INTENTS = 100
"""Open intents that are listed where the caller does not say how many."""


class DecisionMethods:
    """See `server.services.audit`."""

    _edge: Edge
    _log: AuditLog
    _answers: Answers

    async def ListDecisions(  # noqa: N802 - the names are the RPCs'
        self, request: pb.ListDecisionsRequest, context: Context
    ) -> pb.ListDecisionsResponse:
        """One page of decisions, newest first."""
        async with self._edge.call(context, f"{SERVICE}/ListDecisions", request) as caller:
            chosen = convert.filter_of(convert.whole_filter(request))
            tenant = caller.reading(request.filter.tenant)
            page = await self._log.list(tenant, chosen, request.page_size, request.page_token)
            return pb.ListDecisionsResponse(
                decisions=[convert.decision(recorded) for recorded in page.items],
                next_page_token=page.next_page_token,
            )

    async def GetDecision(  # noqa: N802
        self, request: pb.GetDecisionRequest, context: Context
    ) -> pb.GetDecisionResponse:
        """One decision."""
        async with self._edge.call(context, f"{SERVICE}/GetDecision", request) as caller:
            tenant = caller.reading(request.tenant)
            recorded = (await self._log.history(tenant, request.decision_id)).decision
            decision = await self._answers.decision(recorded, include_evidence=request.include_evidence)
            return pb.GetDecisionResponse(decision=decision)

    async def GetHistory(  # noqa: N802
        self, request: pb.GetHistoryRequest, context: Context
    ) -> pb.GetHistoryResponse:
        """One decision with what people did about it."""
        async with self._edge.call(context, f"{SERVICE}/GetHistory", request) as caller:
            history = await self._log.history(caller.reading(request.tenant), request.decision_id)
            answer = pb.GetHistoryResponse(
                decision=convert.decision(history.decision),
                events=[convert.event(recorded) for recorded in history.events],
            )
            if request.include_receipts:
                answer.receipt.CopyFrom(await self._answers.receipt(history.decision))
                for event, recorded in zip(answer.events, history.events, strict=True):
                    event.receipt.CopyFrom(await self._answers.receipt(recorded))
            return answer

    async def ListOpenIntents(  # noqa: N802
        self, request: pb.ListOpenIntentsRequest, context: Context
    ) -> pb.ListOpenIntentsResponse:
        """Announced work without a decision, oldest first."""
        async with self._edge.call(context, f"{SERVICE}/ListOpenIntents", request) as caller:
            before = datetime.now(UTC) - timedelta(seconds=request.older_than_seconds)
            limit = request.limit or INTENTS
            found = await self._log.orphaned_intents(before, limit + 1, caller.reading(request.tenant))
            return pb.ListOpenIntentsResponse(
                intents=[convert.open_intent(recorded) for recorded in found[:limit]], more=len(found) > limit
            )
