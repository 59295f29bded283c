"""ProvenanceService: what a file's credentials say, and whether that can be believed."""

from __future__ import annotations

from countersign.v1 import provenance_pb2, provenance_pb2_grpc
from server import convert
from server.admission import ByteBudget
from server.edge import Context, Edge
from server.examination import Examiner
from server.services.uploads import oversize

SERVICE = "/countersign.v1.ProvenanceService"


class ProvenanceService(provenance_pb2_grpc.ProvenanceServiceServicer):
    """Reads credentials. Decides nothing, so it records nothing."""

    def __init__(self, edge: Edge, examiner: Examiner, budget: ByteBudget) -> None:
        self._edge = edge
        self._examiner = examiner
        self._budget = budget

    async def Inspect(  # noqa: N802 - the name of the RPC
        self, request: provenance_pb2.InspectRequest, context: Context
    ) -> provenance_pb2.InspectResponse:
        """Reads and validates the credentials in a file."""
        async with self._edge.call(context, f"{SERVICE}/Inspect", request):
            size, beside = len(request.media) + len(request.manifest_store), request.manifest_store
            if error := oversize(size):
                raise error
            with self._budget.hold(size):
                media, credential = await self._examiner.inspect(request.media, beside)
                crjson = await self._examiner.crjson(media, beside) if request.include_crjson else ""
            return provenance_pb2.InspectResponse(
                provenance=convert.provenance(credential),
                media_digest=media.digest,
                mime_type=media.mime,
                manifest_store_json=credential.store_json,
                chain=convert.chain(credential.chain) if credential.chain else None,
                crjson=crjson,
            )
