"""Reviews and appeals."""

from __future__ import annotations

from functools import cached_property

from countersign.clients.calls import Calls, new_id
from countersign.v1 import common_pb2, review_pb2
from countersign.v1.review_pb2_grpc import ReviewServiceStub


class ReviewCalls(Calls):
    """ReviewService."""

    @cached_property
    def _reviews(self) -> ReviewServiceStub:
        return ReviewServiceStub(self._connection.channel)

    def review(
        self,
        decision_id: str,
        action: common_pb2.Action.ValueType,
        reason_code: str,
        *,
        note: str = "",
        seen_index: int | None = None,
        request_id: str | None = None,
    ) -> review_pb2.ReviewDecisionResponse:
        """Records what a person decided: ACTION_ALLOW, ACTION_LABEL or ACTION_BLOCK, from now on.

        seen_index: the `latest_index` of the decision that the person looked at; Stale if something was recorded
        about it since. None records it in any case.
        """
        request = review_pb2.ReviewDecisionRequest(
            request_id=request_id or new_id(),
            decision_id=decision_id,
            action=action,
            reason_code=reason_code,
            note=note,
            seen_index=seen_index,
        )
        return self._connection.unary(self._reviews.ReviewDecision, request, self._timeout)

    def appeal(
        self,
        decision_id: str,
        reason_code: str,
        *,
        statement: str = "",
        appellant: str = "",
        request_id: str | None = None,
    ) -> review_pb2.AppealResponse:
        """Records that a decision is contested; Conflict while an earlier appeal of it is open.

        statement: the appellant's words. appellant: your own opaque name of the person.
        """
        request = review_pb2.AppealRequest(
            request_id=request_id or new_id(),
            decision_id=decision_id,
            reason_code=reason_code,
            statement=statement,
            appellant=appellant,
        )
        return self._connection.unary(self._reviews.Appeal, request, self._timeout)
