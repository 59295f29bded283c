"""The parts of a Stable Diffusion, as diffusers and transformers load them from a folder.

    model_index.json · tokenizer/ · text_encoder/ · vae/ · unet/ · scheduler/ · unet_fast/ (maybe) · controlnet/ (maybe)

Each part is loaded by its own class and never by the name that a file in the folder gives, so no folder chooses what
code runs. diffusers' safety checker is no part: outputs are examined and decided on by the server's policy, as all
media is. This module knows what a whole model is made of. It does not know how it is run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from core.configurations import refuse_choices
from core.devices import pick_device
from core.errors import IntegrityError

# What both libraries raise for files that are missing, damaged or of another architecture.
_UNFIT = (
    *(OSError, ValueError, TypeError, LookupError, RuntimeError, ArithmeticError, AttributeError, ImportError),
    SafetensorError,
)


@dataclass(frozen=True, eq=False, slots=True)
class Components:
    """A loaded model. Nothing in it changes while it works, so threads may share it.

    scheduler: the configuration from which a solver is built for each call, since solvers hold state.
    unet_fast: a student of few steps that takes the guidance as an input. controlnet: follows drawn edges or boxes.
    """

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    scheduler: Mapping[str, Any]
    device: torch.device
    unet_fast: UNet2DConditionModel | None = None
    controlnet: ControlNetModel | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Of all tensors that go in."""
        dtype: torch.dtype = self.unet.dtype
        return dtype

    @property
    def factor(self) -> int:
        """Pixels per latent along each side."""
        return 1 << (len(self.vae.config.block_out_channels) - 1)

    @property
    def native(self) -> int:
        """Side of the square pictures that it was trained on, pixels."""
        return int(self.unet.config.sample_size) * self.factor

    @property
    def window(self) -> int:
        """Tokens of one prompt, the first and last of which only mark its start and end."""
        return int(self.text_encoder.config.max_position_embeddings)


def load(folder: Path, device: str, name: str = "") -> Components:
    """The parts that lie in `folder`, on `device`: in half precision on a GPU, in single on a CPU, which is faster so.

    name: what the model is called in errors. Nothing is downloaded and only safetensors are read. Raises IntegrityError
    for a folder that holds no whole Stable Diffusion, and ConfigurationError as `pick_device` does.
    """
    target = pick_device(device)
    for library in (transformers_logging, diffusers_logging):
        library.disable_progress_bar()  # it would write into the server's output
    try:
        refuse_choices(folder)
        parts = Components(
            tokenizer=_tokenizer(folder / "tokenizer"),
            text_encoder=_model(CLIPTextModel, folder / "text_encoder", target),
            vae=_model(AutoencoderKL, folder / "vae", target),
            unet=_model(UNet2DConditionModel, folder / "unet", target),
            scheduler=_scheduler(folder / "scheduler"),
            device=target,
            unet_fast=_optional(UNet2DConditionModel, folder / "unet_fast", target),
            controlnet=_optional(ControlNetModel, folder / "controlnet", target),
        )
        _refuse_unfit(parts)
    except _UNFIT as error:
        raise IntegrityError(f"{name or folder.name} is no whole Stable Diffusion: {_told(error)}") from error
    return parts


def _told(error: Exception) -> str:
    """The first line of what a library says, which is long and may name paths of this machine further on."""
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def _tokenizer(folder: Path) -> CLIPTokenizer:
    if not folder.is_dir():
        raise ValueError(f"it has no {folder.name}")
    tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    # Saved settings of an earlier use; here a prompt that is too long is refused, not cut.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return tokenizer


def _scheduler(folder: Path) -> Mapping[str, Any]:
    path = folder / "scheduler_config.json"
    if not path.is_file():
        raise ValueError(f"it has no {folder.name}/{path.name}")
    config: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def _model(kind: Any, folder: Path, device: torch.device) -> Any:
    """A part in evaluation mode. Raises ValueError for tensors that are missing: they would be random."""
    # Both libraries would take a folder that is not there for a name at a hub, and say so.
    if not (folder / "config.json").is_file():
        raise ValueError(f"it has no {folder.name}/config.json")
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    options = {"dtype": dtype, "local_files_only": True, "use_safetensors": True, "output_loading_info": True}
    model, loaded = kind.from_pretrained(folder, **options)
    if missing := [*loaded["missing_keys"], *loaded["mismatched_keys"], *loaded.get("error_msgs", ())]:
        raise ValueError(f"{folder.name} lacks {missing[0]} and {len(missing) - 1} more")
    return model.to(device).eval().requires_grad_(False)


def _optional(kind: Any, folder: Path, device: torch.device) -> Any:
    return _model(kind, folder, device) if folder.is_dir() else None


def _refuse_unfit(parts: Components) -> None:
    """Parts that load and do not go together would fail at the first order, or paint nonsense."""
    width = parts.text_encoder.config.hidden_size
    channels = parts.vae.config.latent_channels
    for network in (parts.unet, parts.unet_fast, parts.controlnet):
        if network is None:
            continue
        if network.config.cross_attention_dim != width or network.config.in_channels != channels:
            raise ValueError("the networks do not take this text encoder's or this VAE's output")
    if parts.unet_fast is not None and parts.unet_fast.config.time_cond_proj_dim is None:
        raise ValueError("the few-step network takes no guidance")
    if int(parts.unet.config.sample_size) < 1 or len(parts.tokenizer) > parts.text_encoder.config.vocab_size:
        raise ValueError("the tokenizer knows more tokens than the text encoder")
