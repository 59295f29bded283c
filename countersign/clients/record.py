"""The record: decisions, what became of them, and proofs that nothing was changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Unpack

from countersign.clients.calls import Calls, new_id
from countersign.clients.filters import Chosen, filter_of
from countersign.v1 import audit_pb2, common_pb2
from countersign.v1.audit_pb2_grpc import AuditServiceStub
from countersign.verify.consistency import ConsistencyProof


class RecordCalls(Calls):
    """AuditService, as far as it answers with one message.

    tenant: whose record; "" for the caller's own, and PermissionDenied for one that the token may not read.
    """

    @cached_property
    def _audit(self) -> AuditServiceStub:
        return AuditServiceStub(self._connection.channel)

    def list_decisions(self, *, page_size: int = 0, **chosen: Unpack[Chosen]) -> Iterator[common_pb2.Decision]:
        """Decisions, newest first, fetched page by page as the iterator is drawn.

        page_size: 0 leaves it to the server. chosen: see `Chosen`.
        """
        return self._pages(audit_pb2.ListDecisionsRequest(page_size=page_size, filter=filter_of(**chosen)))

    def _pages(self, request: audit_pb2.ListDecisionsRequest) -> Iterator[common_pb2.Decision]:
        while True:
            request.request_id = new_id()
            page = self._connection.unary(self._audit.ListDecisions, request, self._timeout)
            yield from page.decisions
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def get_decision(
        self, decision_id: str, *, include_evidence: bool = False, tenant: str = ""
    ) -> common_pb2.Decision:
        """One decision as recorded."""
        request = audit_pb2.GetDecisionRequest(
            request_id=new_id(), decision_id=decision_id, include_evidence=include_evidence, tenant=tenant
        )
        return self._connection.unary(self._audit.GetDecision, request, self._timeout).decision

    def history(
        self, decision_id: str, *, include_receipts: bool = False, tenant: str = ""
    ) -> audit_pb2.GetHistoryResponse:
        """One decision with its reviews and appeals, in the order of the log; with a receipt of each on request."""
        request = audit_pb2.GetHistoryRequest(
            request_id=new_id(), decision_id=decision_id, include_receipts=include_receipts, tenant=tenant
        )
        return self._connection.unary(self._audit.GetHistory, request, self._timeout)

    def open_intents(
        self, *, older_than: int = 0, limit: int = 0, tenant: str = ""
    ) -> audit_pb2.ListOpenIntentsResponse:
        """Announced work without a decision, oldest first. older_than: seconds. limit: 0 leaves it to the server."""
        request = audit_pb2.ListOpenIntentsRequest(
            request_id=new_id(), older_than_seconds=older_than, limit=limit, tenant=tenant
        )
        return self._connection.unary(self._audit.ListOpenIntents, request, self._timeout)

    def get_receipt(self, decision_id: str, *, witnessed: bool = False, tenant: str = "") -> common_pb2.Receipt:
        """A fresh receipt of an entry, by its id, against the newest checkpoint.

        witnessed: against the newest one that a witness cosigned; PreconditionFailed while none covers the entry.
        """
        request = audit_pb2.GetReceiptRequest(
            request_id=new_id(), decision_id=decision_id, witnessed=witnessed, tenant=tenant
        )
        return self._connection.unary(self._audit.GetReceipt, request, self._timeout).receipt

    def checkpoint(self) -> audit_pb2.GetCheckpointResponse:
        """The newest signed checkpoint of the log. Keep copies: they show whether the log was rewritten."""
        request = audit_pb2.GetCheckpointRequest(request_id=new_id())
        return self._connection.unary(self._audit.GetCheckpoint, request, self._timeout)

    def consistency(self, first: int, second: int = 0) -> str:
        """Proof that the log of `first` entries is the beginning of that of `second`, for `verify.consistency`.

        second: 0 takes the newest size. The text ends with the newest checkpoint where that is of the size `second`.
        """
        request = audit_pb2.GetConsistencyProofRequest(request_id=new_id(), first=first, second=second)
        answer = self._connection.unary(self._audit.GetConsistencyProof, request, self._timeout)
        return str(ConsistencyProof(answer.first, tuple(answer.hashes), answer.checkpoint))
