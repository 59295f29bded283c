"""Credentials of files."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from countersign.clients.calls import Calls, new_id
from countersign.uploads import Upload
from countersign.v1 import provenance_pb2
from countersign.v1.provenance_pb2_grpc import ProvenanceServiceStub


class ProvenanceCalls(Calls):
    """ProvenanceService."""

    @cached_property
    def _provenance(self) -> ProvenanceServiceStub:
        return ProvenanceServiceStub(self._connection.channel)

    def inspect(
        self,
        media: bytes | Path,
        *,
        crjson: bool = False,
        manifest_store: bytes = b"",
        request_id: str | None = None,
    ) -> provenance_pb2.InspectResponse:
        """Reads and validates the credentials in media of at most 32 MiB. crjson: asks for that form of them too.

        manifest_store: what lay beside a file whose format holds none, such as DICOM.
        """
        request = provenance_pb2.InspectRequest(
            request_id=request_id or new_id(),
            media=Upload.of(media).read(),
            include_crjson=crjson,
            manifest_store=manifest_store,
        )
        return self._connection.unary(self._provenance.Inspect, request, self._timeout)
