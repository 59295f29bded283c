"""ModelService: what runs here, under which version, with which limits."""

from __future__ import annotations

from collections.abc import Iterable

from core.registry import Registry
from countersign.v1 import model_pb2, model_pb2_grpc
from detectors.base import Source
from generators.base import Generator
from server import convert
from server.edge import Context, Edge

SERVICE = "/countersign.v1.ModelService"


class ModelService(model_pb2_grpc.ModelServiceServicer):
    """Lists models with their cards."""

    def __init__(self, edge: Edge, detectors: Iterable[Source], generators: Registry[Generator]) -> None:
        self._edge = edge
        self._models = [convert.detector_model(each) for each in detectors]
        self._models += [convert.generator_model(each) for each in generators]

    async def ListModels(  # noqa: N802 - the name of the RPC
        self, request: model_pb2.ListModelsRequest, context: Context
    ) -> model_pb2.ListModelsResponse:
        """All models, or those of one role."""
        async with self._edge.call(context, f"{SERVICE}/ListModels", request):
            unspecified = model_pb2.MODEL_ROLE_UNSPECIFIED
            chosen = [model for model in self._models if request.role in (unspecified, model.role)]
            return model_pb2.ListModelsResponse(models=chosen)
