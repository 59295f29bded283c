"""Builds what a recipe names: a class of a library and its configuration. No network is written by hand here."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from core.errors import ConfigurationError

LIBRARIES = ("diffusers", "open_clip", "spandrel.architectures", "timm", "transformers")
"""Where a recipe may take a class from: nothing else is imported because a file says so."""


class ModelSpec(BaseModel):
    """A model. kind: "diffusers.UNet2DConditionModel"; config: what its constructor, or its config class, is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(pattern=r"^[a-z_]+(\.[A-Za-z_0-9]+)+$")
    config: Mapping[str, Any] = Field(default_factory=dict)


def build(spec: ModelSpec) -> nn.Module:
    """The model with fresh weights, drawn from torch's current generator.

    Raises ConfigurationError for a class of another library, one that is not there, and a configuration that it
    refuses.
    """
    made = _class(spec.kind)
    try:
        model = made(_transformers_config(spec)) if spec.kind.startswith("transformers.") else made(**spec.config)
    except (TypeError, ValueError, StrictDataclassError) as error:
        raise ConfigurationError(f"{spec.kind} refuses its configuration: {error}") from error
    if not isinstance(model, nn.Module):
        raise ConfigurationError(f"{spec.kind} makes no torch module")
    return model


def _class(kind: str) -> Any:
    module, _, name = kind.rpartition(".")
    if not any(module == library or module.startswith(f"{library}.") for library in LIBRARIES):
        raise ConfigurationError(f"{kind!r} is of none of the libraries {', '.join(LIBRARIES)}")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"there is no {kind}") from error


def _transformers_config(spec: ModelSpec) -> Any:
    return _class(spec.kind).config_class(**spec.config)
