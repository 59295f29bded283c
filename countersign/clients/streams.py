"""The record as a stream: followed while it grows, exported, or bundled for one decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from countersign.clients.calls import new_id
from countersign.clients.filters import Chosen, filter_of
from countersign.clients.record import RecordCalls
from countersign.v1 import audit_pb2


class StreamCalls(RecordCalls):
    """AuditService, as far as it answers with many messages."""

    def follow(
        self, *, after: int | None = None, **chosen: Unpack[Chosen]
    ) -> Iterator[audit_pb2.StreamDecisionsResponse]:
        """Decisions in the order of the log, each with its log index, then new ones as they are recorded; without end.

        after: begins behind this log index, -1 for all there is; None for what is recorded from now on. Where the
        connection breaks, it goes on behind the last one, until the server is away for longer than the timeout.
        """
        request = audit_pb2.StreamDecisionsRequest(request_id=new_id(), filter=filter_of(**chosen), after=after)

        def going_on() -> Iterator[audit_pb2.StreamDecisionsResponse]:
            for answer in self._connection.endless(self._audit.StreamDecisions, request):
                request.after = answer.log_index
                yield answer

        answers = self._connection.resuming(going_on, self._timeout)
        # The others are signs of life.
        return (answer for answer in answers if answer.HasField("decision"))

    def export(self, form: audit_pb2.ExportFormat.ValueType, **chosen: Unpack[Chosen]) -> Iterator[bytes]:
        """The record as a file, in pieces. It is whole when the iterator ends without an error."""
        request = audit_pb2.ExportDecisionsRequest(request_id=new_id(), filter=filter_of(**chosen), format=form)
        parts = self._connection.parts(self._audit.ExportDecisions, request, self._long_timeout)
        return (part.chunk for part in parts)

    def bundle(self, decision_id: str, *, tenant: str = "") -> bytes:
        """A ZIP archive with everything that the decision can be checked by offline."""
        request = audit_pb2.GetBundleRequest(request_id=new_id(), decision_id=decision_id, tenant=tenant)
        return self._connection.stream(
            self._audit.GetBundle, request, lambda parts: b"".join(part.chunk for part in parts), self._long_timeout
        )
