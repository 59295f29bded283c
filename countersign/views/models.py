"""Models as JSON."""

from __future__ import annotations

from countersign.v1 import model_pb2
from countersign.views.values import Json, enum_name


def parameter_json(parameter: model_pb2.ModelParameter) -> Json:
    """One setting of a model."""
    return {
        "name": parameter.name,
        "type": parameter.type,
        "default": parameter.default_value,
        "description": parameter.description,
        "choices": list(parameter.choices),
        "minimum": parameter.minimum if parameter.HasField("minimum") else None,
        "maximum": parameter.maximum if parameter.HasField("maximum") else None,
    }


def model_json(model: model_pb2.Model) -> Json:
    """One element of `models list --json`."""
    return {
        "name": model.name,
        "version": model.version,
        "role": enum_name(model_pb2.ModelRole, model.role, "MODEL_ROLE_"),
        "task": model.task,
        "summary": model.summary,
        "licence": model.licence,
        "limits": model.limits,
        "parameters": [parameter_json(each) for each in model.parameters],
        "inputs": list(model.inputs),
        "card": model.card,
    }
