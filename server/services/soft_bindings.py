"""SoftBindingService: manifests by what files show."""

from __future__ import annotations

from countersign.v1 import softbinding_pb2 as pb
from countersign.v1 import softbinding_pb2_grpc
from server import convert
from server.admission import ByteBudget
from server.edge import Context, Edge
from server.examination import Examiner
from server.recovery.recovery import WATERMARK
from server.recovery.resolution import FINGERPRINTS, WATERMARKS, Resolution
from server.services.uploads import oversize

SERVICE = "/countersign.v1.SoftBindingService"
DEFAULT_RESULTS = 10


class SoftBindingService(softbinding_pb2_grpc.SoftBindingServiceServicer):
    """Looks things up. Decides nothing, so it records nothing."""

    def __init__(self, edge: Edge, examiner: Examiner, resolution: Resolution, budget: ByteBudget) -> None:
        self._edge = edge
        self._examiner = examiner
        self._resolution = resolution
        self._budget = budget

    async def ByBinding(  # noqa: N802 - the name of the RPC
        self, request: pb.ByBindingRequest, context: Context
    ) -> pb.ByBindingResponse:
        """Manifests by one value."""
        async with self._edge.call(context, f"{SERVICE}/ByBinding", request) as caller:
            most = request.max_results or DEFAULT_RESULTS
            found = await self._resolution.by_binding(request.alg, request.value, most)
            return pb.ByBindingResponse(matches=[convert.named(each, caller.tenant) for each in found])

    async def ByContent(  # noqa: N802
        self, request: pb.ByContentRequest, context: Context
    ) -> pb.ByContentResponse:
        """Manifests by a file."""
        async with self._edge.call(context, f"{SERVICE}/ByContent", request) as caller:
            if error := oversize(len(request.media)):
                raise error
            most = request.max_results or DEFAULT_RESULTS
            with self._budget.hold(len(request.media)):
                media, findings = await self._examiner.marks(request.media, (WATERMARK,))
                found = await self._resolution.by_content(media, findings, request.hint_alg, request.hint_value, most)
            answer = pb.ByContentResponse(
                matches=[convert.match(each, caller.tenant) for each in found.matches],
                watermark_unconfirmed=found.unconfirmed,
            )
            if match := found.recognised:
                credential = await self._resolution.recovery.judged(match)
                answer.provenance.CopyFrom(convert.provenance(credential))
            return answer

    async def GetManifest(  # noqa: N802
        self, request: pb.GetManifestRequest, context: Context
    ) -> pb.GetManifestResponse:
        """A manifest by its identifier."""
        async with self._edge.call(context, f"{SERVICE}/GetManifest", request):
            only = request.return_active_manifest
            return pb.GetManifestResponse(
                manifest=await self._resolution.manifest(request.manifest_id, only_active=only)
            )

    async def SupportedAlgorithms(  # noqa: N802
        self, request: pb.SupportedAlgorithmsRequest, context: Context
    ) -> pb.SupportedAlgorithmsResponse:
        """The algorithms' names."""
        async with self._edge.call(context, f"{SERVICE}/SupportedAlgorithms", request):
            return pb.SupportedAlgorithmsResponse(watermarks=WATERMARKS, fingerprints=FINGERPRINTS)
