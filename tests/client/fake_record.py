"""The fake server's record: decisions in the order in which they were made, with reviews, appeals and erasures."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import AsyncIterator

import grpc
from grpc_status import rpc_status

from countersign.v1 import (
    audit_pb2,
    audit_pb2_grpc,
    common_pb2,
    privacy_pb2,
    privacy_pb2_grpc,
    review_pb2,
    review_pb2_grpc,
)
from tests.client.fake_parts import Context, FakeBase, status, unavailable

Answer = audit_pb2.StreamDecisionsResponse
FILE = [b"PK\x03\x04", b"the rest"]
"""What exports and bundles consist of."""


class FakeRecord(
    FakeBase,
    audit_pb2_grpc.AuditServiceServicer,
    review_pb2_grpc.ReviewServiceServicer,
    privacy_pb2_grpc.PrivacyServiceServicer,
):
    """breaks: after how many messages the next streams are cut off, one number each. cut_files: files end in an error.

    follows: streams that have begun.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, list[audit_pb2.HistoryEvent]] = defaultdict(list)
        self.intents: list[audit_pb2.OpenIntent] = []
        self.breaks: list[int] = []
        self.follows = threading.Semaphore(0)
        self.cut_files = False
        self.witnessed = ""

    async def ListDecisions(  # noqa: N802
        self, request: audit_pb2.ListDecisionsRequest, context: Context
    ) -> audit_pb2.ListDecisionsResponse:
        copy = audit_pb2.ListDecisionsRequest()
        copy.CopyFrom(request)
        await self.enter(context, "ListDecisions", copy)
        found = [each for each in reversed(self.decisions.values()) if request.filter.action in (0, each.action)]
        start, size = int(request.page_token or 0), min(request.page_size or 2, 2)
        token = str(start + size) if start + size < len(found) else ""
        return audit_pb2.ListDecisionsResponse(decisions=found[start : start + size], next_page_token=token)

    async def find(self, decision_id: str, context: Context) -> common_pb2.Decision:
        """The decision, or NOT_FOUND."""
        found = next((each for each in self.decisions.values() if each.decision_id == decision_id), None)
        if found is None:
            missing = status(grpc.StatusCode.NOT_FOUND, f"no decision {decision_id}")
            await context.abort_with_status(rpc_status.to_status(missing))
        return found

    async def GetDecision(  # noqa: N802
        self, request: audit_pb2.GetDecisionRequest, context: Context
    ) -> audit_pb2.GetDecisionResponse:
        await self.enter(context, "GetDecision", request)
        return audit_pb2.GetDecisionResponse(decision=await self.find(request.decision_id, context))

    async def GetReceipt(  # noqa: N802
        self, request: audit_pb2.GetReceiptRequest, context: Context
    ) -> audit_pb2.GetReceiptResponse:
        await self.enter(context, "GetReceipt", request)
        decision = await self.find(request.decision_id, context)
        return audit_pb2.GetReceiptResponse(receipt=self.log.receipt(decision))

    async def GetCheckpoint(  # noqa: N802
        self, request: audit_pb2.GetCheckpointRequest, context: Context
    ) -> audit_pb2.GetCheckpointResponse:
        await self.enter(context, "GetCheckpoint", request)
        checkpoint = self.log.checkpoint(b"entry")
        return audit_pb2.GetCheckpointResponse(
            checkpoint=checkpoint, log_key=str(self.log.key), tree_size=1, witnessed=self.witnessed
        )

    async def GetHistory(  # noqa: N802
        self, request: audit_pb2.GetHistoryRequest, context: Context
    ) -> audit_pb2.GetHistoryResponse:
        await self.enter(context, "GetHistory", request)
        decision = await self.find(request.decision_id, context)
        answer = audit_pb2.GetHistoryResponse(decision=decision, events=self.events[request.decision_id])
        if request.include_receipts:
            answer.receipt.CopyFrom(self.log.receipt(decision))
        return answer

    async def StreamDecisions(  # noqa: N802
        self, request: audit_pb2.StreamDecisionsRequest, context: Context
    ) -> AsyncIterator[Answer]:
        copy = audit_pb2.StreamDecisionsRequest()
        copy.CopyFrom(request)
        await self.enter(context, "StreamDecisions", copy)
        left = self.breaks.pop(0) if self.breaks else -1
        async for answer in self.answers(request):
            yield answer
            left -= 1
            if left == 0:
                await context.abort_with_status(rpc_status.to_status(unavailable(1)))

    async def answers(self, request: audit_pb2.StreamDecisionsRequest) -> AsyncIterator[Answer]:
        """A sign of life, then decisions, again and again."""
        reached = request.after if request.HasField("after") else len(self.decisions) - 1
        self.follows.release()
        while True:
            yield Answer(log_index=reached)
            for decision in list(self.decisions.values())[reached + 1 :]:
                reached += 1
                yield Answer(decision=decision, log_index=reached)
            await asyncio.sleep(0.01)

    async def GetConsistencyProof(  # noqa: N802
        self, request: audit_pb2.GetConsistencyProofRequest, context: Context
    ) -> audit_pb2.GetConsistencyProofResponse:
        await self.enter(context, "GetConsistencyProof", request)
        checkpoint = "" if request.second else self.log.checkpoint(b"entry")
        return audit_pb2.GetConsistencyProofResponse(
            first=request.first, second=request.second or 1, hashes=[bytes(32)], checkpoint=checkpoint
        )

    async def ListOpenIntents(  # noqa: N802
        self, request: audit_pb2.ListOpenIntentsRequest, context: Context
    ) -> audit_pb2.ListOpenIntentsResponse:
        await self.enter(context, "ListOpenIntents", request)
        found = self.intents[: request.limit or 100]
        return audit_pb2.ListOpenIntentsResponse(intents=found, more=len(found) < len(self.intents))

    async def ExportDecisions(  # noqa: N802
        self, request: audit_pb2.ExportDecisionsRequest, context: Context
    ) -> AsyncIterator[audit_pb2.ExportDecisionsResponse]:
        await self.enter(context, "ExportDecisions", request)
        for part in FILE:
            yield audit_pb2.ExportDecisionsResponse(chunk=part)
            if self.cut_files:
                await context.abort_with_status(rpc_status.to_status(unavailable(1)))

    async def GetBundle(  # noqa: N802
        self, request: audit_pb2.GetBundleRequest, context: Context
    ) -> AsyncIterator[audit_pb2.GetBundleResponse]:
        await self.enter(context, "GetBundle", request)
        await self.find(request.decision_id, context)
        for part in FILE:
            yield audit_pb2.GetBundleResponse(chunk=part)

    async def ReviewDecision(  # noqa: N802
        self, request: review_pb2.ReviewDecisionRequest, context: Context
    ) -> review_pb2.ReviewDecisionResponse:
        await self.enter(context, "ReviewDecision", request)
        decision = await self.find(request.decision_id, context)
        if request.HasField("seen_index") and request.seen_index != decision.latest_index:
            changed = status(grpc.StatusCode.ALREADY_EXISTS, "the decision has changed since")
            await context.abort_with_status(rpc_status.to_status(changed))
        same = request.action == decision.action
        decision.review_state = common_pb2.REVIEW_STATE_UPHELD if same else common_pb2.REVIEW_STATE_OVERTURNED
        decision.current_action = request.action
        event = audit_pb2.HistoryEvent(kind=audit_pb2.HISTORY_EVENT_KIND_REVIEW, action=request.action)
        self.note(decision, event, request.reason_code, request.note)
        return review_pb2.ReviewDecisionResponse(decision=decision, receipt=self.log.receipt(decision))

    async def Appeal(  # noqa: N802
        self, request: review_pb2.AppealRequest, context: Context
    ) -> review_pb2.AppealResponse:
        await self.enter(context, "Appeal", request)
        decision = await self.find(request.decision_id, context)
        decision.review_state = common_pb2.REVIEW_STATE_APPEALED
        event = audit_pb2.HistoryEvent(kind=audit_pb2.HISTORY_EVENT_KIND_APPEAL, appellant=request.appellant)
        self.note(decision, event, request.reason_code, request.statement)
        return review_pb2.AppealResponse(decision=decision, receipt=self.log.receipt(decision))

    def note(self, decision: common_pb2.Decision, event: audit_pb2.HistoryEvent, code: str, text: str) -> None:
        """Adds an event to the decision's history."""
        event.outcome, event.reason_code, event.text = decision.review_state, code, text
        decision.latest_index = event.log_index = 100 + sum(map(len, self.events.values()))
        self.events[decision.decision_id].append(event)

    async def EraseSubject(  # noqa: N802
        self, request: privacy_pb2.EraseSubjectRequest, context: Context
    ) -> privacy_pb2.EraseSubjectResponse:
        await self.enter(context, "EraseSubject", request)
        erased = [each for each in self.decisions.values() if each.subject == request.subject]
        for decision in erased:
            decision.subject = ""
            decision.erased.append("subject")
        receipt = self.log.receipt(common_pb2.Decision(decision_id="e1"))
        return privacy_pb2.EraseSubjectResponse(erased_entries=len(erased), receipt=receipt)
