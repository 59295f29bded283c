"""Pipelines of diffusers by the class that a folder names, out of those that make pictures of text alone.

This module knows diffusers' list of them. It does not know what any of them is made of.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError

from core.configurations import refuse_choices
from core.devices import pick_device
from core.errors import ConfigurationError, IntegrityError

_INDEX = "model_index.json"
_LIBRARIES = frozenset({"diffusers", "transformers"})
_UNFIT = (
    *(OSError, ValueError, TypeError, LookupError, RuntimeError, ArithmeticError, AttributeError, ImportError),
    SafetensorError,
)


def kind_of(folder: Path, name: str) -> str:
    """The class of pipeline that the folder is for.

    Raises IntegrityError for a folder without a readable index, and ConfigurationError for a class that is none of
    diffusers' for text alone, and for parts whose code would come from elsewhere.
    """
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        kind, parts = index["_class_name"], [value for value in index.values() if isinstance(value, list)]
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"the model {name} has no {_INDEX} that says what it is") from error
    if not isinstance(kind, str) or kind not in _kinds():
        raise ConfigurationError(f"the model {name} is a {kind}, which is no pipeline for text to image of diffusers")
    for part in parts:
        if len(part) == 2 and part[0] is not None and part[0] not in _LIBRARIES:
            raise ConfigurationError(f"the model {name} wants {part[0]}.{part[1]}, whose code is not run here")
    return kind


def load(folder: Path, device: str, name: str) -> Any:
    """The pipeline in a folder, on `device`, from safetensors alone; half precision on a GPU.

    Raises IntegrityError for what cannot be loaded, and ConfigurationError as `pick_device` does.
    """
    target = pick_device(device)
    diffusers_logging.disable_progress_bar()  # it would write into the server's output
    options = {"dtype": torch.bfloat16 if target.type == "cuda" else torch.float32}
    try:
        refuse_choices(folder)
        pipeline = _kinds()[kind_of(folder, name)].from_pretrained(
            folder, **options, use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
    except _UNFIT as error:
        raise IntegrityError(f"the model {name} cannot be loaded") from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(target)


def native_of(pipeline: Any, most: int) -> int:
    """Side of the pictures that a pipeline was trained on, pixels; `most` where it does not say."""
    factor = int(getattr(pipeline, "vae_scale_factor", 8) or 8)
    for name in ("unet", "transformer"):
        side = getattr(getattr(getattr(pipeline, name, None), "config", None), "sample_size", None)
        if isinstance(side, int):
            return side * factor
    side = getattr(pipeline, "default_sample_size", None)
    return side * factor if isinstance(side, int) else most


def _kinds() -> dict[str, Any]:
    """Those that need nothing but text; a ControlNet's needs a picture, too."""
    classes = AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()
    return {
        kind.__name__: kind for kind in classes if "Control" not in kind.__name__ and "Kontext" not in kind.__name__
    }
