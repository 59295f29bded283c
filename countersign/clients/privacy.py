"""Forgetting."""

from __future__ import annotations

from functools import cached_property

from countersign.clients.calls import Calls, new_id
from countersign.v1 import privacy_pb2
from countersign.v1.privacy_pb2_grpc import PrivacyServiceStub


class PrivacyCalls(Calls):
    """PrivacyService."""

    @cached_property
    def _privacy(self) -> PrivacyServiceStub:
        return PrivacyServiceStub(self._connection.channel)

    def erase_subject(self, subject: str, *, request_id: str | None = None) -> privacy_pb2.EraseSubjectResponse:
        """Deletes what the log keeps about a person in plaintext. It cannot be undone; that it was done is recorded."""
        request = privacy_pb2.EraseSubjectRequest(request_id=request_id or new_id(), subject=subject)
        return self._connection.unary(self._privacy.EraseSubject, request, self._timeout)
