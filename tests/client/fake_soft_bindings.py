"""The fake server's soft bindings: two pictures are known, by their bytes."""

from __future__ import annotations

import grpc
from grpc_status import rpc_status

from countersign.v1 import softbinding_pb2 as pb
from countersign.v1 import softbinding_pb2_grpc
from tests.client.fake_parts import PROVENANCE, Context, FakeBase, status

MANIFEST = b"a manifest store"
KNOWN = b"a copy"
DOUBTFUL = b"a copy, or the upload before"


class FakeSoftBindings(FakeBase, softbinding_pb2_grpc.SoftBindingServiceServicer):
    """Finds KNOWN, DOUBTFUL without credentials, and whatever comes with a watermark."""

    async def ByContent(  # noqa: N802
        self, request: pb.ByContentRequest, context: Context
    ) -> pb.ByContentResponse:
        await self.enter(context, "ByContent", request)
        if request.media not in {KNOWN, DOUBTFUL}:
            return pb.ByContentResponse(watermark_unconfirmed=bool(request.hint_value))
        match = pb.ManifestMatch(
            manifest_id="urn:c2pa:1",
            similarity_score=97,
            confirmed=True,
            certainty=pb.MATCH_CERTAINTY_LIKELY if request.media == KNOWN else pb.MATCH_CERTAINTY_AMBIGUOUS,
            bindings=["pdq", "sketch"],
            confidence=0.99,
        )
        return pb.ByContentResponse(matches=[match], provenance=PROVENANCE if request.media == KNOWN else None)

    async def GetManifest(  # noqa: N802
        self, request: pb.GetManifestRequest, context: Context
    ) -> pb.GetManifestResponse:
        await self.enter(context, "GetManifest", request)
        if request.manifest_id != "urn:c2pa:1":
            await context.abort_with_status(rpc_status.to_status(status(grpc.StatusCode.NOT_FOUND, "no such manifest")))
        return pb.GetManifestResponse(manifest=MANIFEST)

    async def ByBinding(  # noqa: N802
        self, request: pb.ByBindingRequest, context: Context
    ) -> pb.ByBindingResponse:
        await self.enter(context, "ByBinding", request)
        return pb.ByBindingResponse(
            matches=[pb.ManifestMatch(manifest_id="urn:c2pa:1")] if request.value == "1" else []
        )

    async def SupportedAlgorithms(  # noqa: N802
        self, request: pb.SupportedAlgorithmsRequest, context: Context
    ) -> pb.SupportedAlgorithmsResponse:
        await self.enter(context, "SupportedAlgorithms", request)
        return pb.SupportedAlgorithmsResponse(watermarks=["mark.1"], fingerprints=["print.1"])
