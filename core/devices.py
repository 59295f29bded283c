"""Which device a model runs on. Knows torch's names for them and no model; torch is imported on use, so that core stays
light for those who run none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import ConfigurationError

if TYPE_CHECKING:
    import torch


def pick_device(name: str) -> torch.device:
    """The device of that name in torch's terms ("cpu", "cuda", "cuda:1"); "auto" is a GPU where there is one.

    Raises ConfigurationError for one that this machine or this build of torch lacks.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch built without that device
        raise ConfigurationError(f"there is no device {name!r} here for the models to run on") from error


def multiplies_in_half(device: torch.device) -> bool:
    """Whether bfloat16 is faster there than float32: on GPUs, and on processors with matrix units (AMX); on others it
    is emulated.
    """
    import torch

    return device.type != "cpu" or bool(torch.cpu._is_amx_tile_supported())
