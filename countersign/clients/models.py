"""The models that the server runs."""

from __future__ import annotations

from functools import cached_property

from countersign.clients.calls import Calls, new_id
from countersign.v1 import model_pb2
from countersign.v1.model_pb2_grpc import ModelServiceStub


class ModelCalls(Calls):
    """ModelService."""

    @cached_property
    def _models(self) -> ModelServiceStub:
        return ModelServiceStub(self._connection.channel)

    def list_models(
        self, role: model_pb2.ModelRole.ValueType = model_pb2.MODEL_ROLE_UNSPECIFIED
    ) -> list[model_pb2.Model]:
        """The models that the server runs, with their cards."""
        request = model_pb2.ListModelsRequest(request_id=new_id(), role=role)
        return list(self._connection.unary(self._models.ListModels, request, self._timeout).models)
