"""PrivacyService: what the record must forget."""

from __future__ import annotations

from countersign.v1 import privacy_pb2, privacy_pb2_grpc
from server.audit import AuditLog
from server.audit.privacy.erasure import Aftercare, erase_subject
from server.edge import Context, Edge
from server.services.answers import Answers

SERVICE = "/countersign.v1.PrivacyService"


class PrivacyService(privacy_pb2_grpc.PrivacyServiceServicer):
    """Erases. aftercare: what is to be done outside the log's tables."""

    def __init__(self, edge: Edge, log: AuditLog, answers: Answers, aftercare: Aftercare) -> None:
        self._edge = edge
        self._log = log
        self._answers = answers
        self._aftercare = aftercare

    async def EraseSubject(  # noqa: N802 - the name of the RPC
        self, request: privacy_pb2.EraseSubjectRequest, context: Context
    ) -> privacy_pb2.EraseSubjectResponse:
        """Deletes what is kept about a person; where that took several entries, the receipt is the last one's."""
        async with self._edge.call(context, f"{SERVICE}/EraseSubject", request) as caller:
            erasure = await erase_subject(
                self._log,
                self._aftercare,
                tenant=caller.tenant,
                actor=caller.actor,
                request_id=request.request_id,
                subject=request.subject,
            )
            return privacy_pb2.EraseSubjectResponse(
                erased_entries=erasure.count, receipt=await self._answers.receipt(erasure.recorded[-1])
            )
