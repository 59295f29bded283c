"""AuditService's methods about the log itself: receipts, checkpoints, consistency."""

from __future__ import annotations

from countersign.v1 import audit_pb2 as pb
from server import convert
from server.audit import AuditLog
from server.edge import Context, Edge

SERVICE = "/countersign.v1.AuditService"


class ProofMethods:
    """See `server.services.audit`."""

    _edge: Edge
    _log: AuditLog

    async def GetReceipt(  # noqa: N802 - the names are the RPCs'
        self, request: pb.GetReceiptRequest, context: Context
    ) -> pb.GetReceiptResponse:
        """A fresh receipt."""
        async with self._edge.call(context, f"{SERVICE}/GetReceipt", request) as caller:
            find = self._log.witnessed_receipt if request.witnessed else self._log.receipt
            parts = await find(caller.reading(request.tenant), request.decision_id)
            return pb.GetReceiptResponse(receipt=convert.receipt(parts))

    async def GetCheckpoint(  # noqa: N802
        self, request: pb.GetCheckpointRequest, context: Context
    ) -> pb.GetCheckpointResponse:
        """The newest signed checkpoint."""
        async with self._edge.call(context, f"{SERVICE}/GetCheckpoint", request):
            signed = await self._log.checkpoint()
            return pb.GetCheckpointResponse(
                checkpoint=signed.text,
                log_key=signed.log_key,
                tree_size=signed.size,
                log_keys=[convert.log_key(each) for each in await self._log.keys()],
                witnessed=signed.witnessed,
            )

    async def GetConsistencyProof(  # noqa: N802
        self, request: pb.GetConsistencyProofRequest, context: Context
    ) -> pb.GetConsistencyProofResponse:
        """Proof that the log only grew between two sizes."""
        async with self._edge.call(context, f"{SERVICE}/GetConsistencyProof", request):
            # The checkpoint first: the log may grow meanwhile, and holds what it held.
            newest = await self._log.checkpoint()
            parts = await self._log.consistency(request.first, request.second or newest.size)
            return pb.GetConsistencyProofResponse(
                first=parts.first,
                second=parts.second,
                hashes=parts.hashes,
                checkpoint=newest.text if parts.second == newest.size else "",
            )
