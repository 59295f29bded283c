"""Takes the tensors out of a checkpoint that torch pickled. Runs in the sandbox alone: a pickle is a program.

`torch.load(weights_only=True)` runs no names but its own few, and has had holes; here a hole leads nowhere, for the
worker can open no file, no socket and no process. This module knows torch's files. It does not know networks.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import save
from spandrel import canonicalize_state_dict

from core.errors import CorruptMedia, InvalidInput
from core.media import View
from core.sandbox.contract import Request

FIELD = "checkpoint"
_MAX_NAMES = 100_000
_MAGIC = (b"PK\x03\x04", b"\x80")  # a zip, as torch writes since 1.6, or a bare pickle, as before


def warm() -> None:
    """Loads one checkpoint of each of torch's formats, and saves one: torch imports much of itself at first use."""
    for zipped in (True, False):
        file = io.BytesIO()
        torch.save({"any": torch.zeros(1)}, file, _use_new_zipfile_serialization=zipped)
        save(tensors_of(_loaded(file.getvalue()))[0])


def parse(request: Request) -> View:
    """The checkpoint in the first blob as a safetensors file. facts: `tensors` and `left_out`, how many of each.

    Raises InvalidInput for a pickle that holds more than tensors and plain values, and for one without tensors, and
    CorruptMedia for what torch cannot read.
    """
    tensors, left_out = tensors_of(_loaded(bytes(request.blobs[0])))
    if not tensors:
        raise InvalidInput("the checkpoint holds no tensors by name", field=FIELD, limit="at least 1", found="0")
    request.result.write(save(tensors))
    return View(facts={"tensors": len(tensors), "left_out": left_out})


def tensors_of(loaded: Any) -> tuple[dict[str, torch.Tensor], int]:
    """The tensors by name, out of whatever a training wrapped them in, and how many other values there were.

    Each has memory of its own: safetensors refuses tensors that share some, as tied weights do.
    """
    state = canonicalize_state_dict(loaded) if isinstance(loaded, dict) else {}
    if len(state) > _MAX_NAMES:
        raise InvalidInput("too many tensors", field=FIELD, limit=str(_MAX_NAMES), found=str(len(state)))
    found = {
        str(name): value.detach().contiguous().clone()
        for name, value in state.items()
        if isinstance(value, torch.Tensor) and value.layout is torch.strided
    }
    return found, len(state) - len(found)


def _loaded(data: bytes) -> Any:
    if not data.startswith(_MAGIC):
        raise CorruptMedia("this is no checkpoint that torch saved", field=FIELD, limit="a zip or a pickle")
    try:
        loaded: Mapping[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        message = "the checkpoint holds more than tensors: loading it would run code that it brings"
        limit = "tensors, numbers, text, lists and tables"
        raise InvalidInput(message, field=FIELD, limit=limit, found="other objects") from error
    except (RuntimeError, ValueError, EOFError, LookupError, AttributeError, TypeError, OSError) as error:
        raise CorruptMedia("torch cannot read the checkpoint", field=FIELD, found=type(error).__name__) from error
    return loaded
