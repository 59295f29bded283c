"""A Stable Diffusion of forty thousand random parameters, saved as diffusers saves one and pinned as shipped ones are.

It has the shapes of the real one: 16 latent channels, factor 8, 64 px, v-prediction with zero terminal SNR, a tokenizer
of bytes and a window of 32 tokens. What it paints is noise; how it is asked, seeded, stopped and pinned is real.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

WORDS = ("red", "blue", "dog", "apple", "big", "three")
WINDOW = 32
SIDE = 64
_HIDDEN = 8
_LATENT_CHANNELS = 16


def build(folder: Path, *, fast: bool = False, control: bool = False, seed: int = 0) -> Path:
    """Saves the pipeline under `folder`, with a few-step U-Net and a ControlNet where asked for; returns `folder`."""
    torch.manual_seed(seed)
    words = tokenizer()
    unet = _unet()
    pipeline = StableDiffusionPipeline(
        vae=_vae(),
        text_encoder=_text_encoder(words),
        tokenizer=words,
        unet=unet,
        scheduler=_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(folder)
    if fast:
        _unet(time_cond_proj_dim=8).half().save_pretrained(folder / "unet_fast")
    if control:
        _controlnet(unet.float()).half().save_pretrained(folder / "controlnet")
    return folder


def pin(weights: Path, name: str = "text_to_image", **built: bool) -> Path:
    """A folder `weights` that holds a pipeline of that name and a manifest that pins each of its files."""
    folder = build(weights / name, **built)
    weights.joinpath("weights.toml").write_text(manifest(folder, name))
    return weights


def manifest(folder: Path, name: str) -> str:
    """The table that pins what lies in `folder` now."""
    lines = [
        f"[{name}]",
        f'folder = "{folder.name}"',
        'card = "upscale.md"',
        'licence = "Apache-2.0"',
        f"[{name}.files]",
    ]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines += [
        f'"{path.relative_to(folder).as_posix()}" = "{hashlib.sha256(path.read_bytes()).hexdigest()}"' for path in files
    ]
    return "\n".join(lines) + "\n"


def tokenizer() -> CLIPTokenizer:
    """Knows every byte, and `WORDS` as one token each."""
    letters = sorted(ByteLevel.alphabet())
    vocabulary = [*letters, *(f"{letter}</w>" for letter in letters)]
    merges = list(dict.fromkeys(merge for word in WORDS for merge in _merges(word)))
    vocabulary += [first + second for first, second in merges]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: number for number, token in enumerate(dict.fromkeys(vocabulary))},
        merges=merges,
        model_max_length=WINDOW,
    )


def _merges(word: str) -> list[tuple[str, str]]:
    """From left to right: (r, e), (re, d</w>)."""
    pieces = [*word[:-1], f"{word[-1]}</w>"]
    heads = ["".join(pieces[:count]) for count in range(1, len(pieces) + 1)]
    return [(before, pieces[index + 1]) for index, (before, _) in enumerate(pairwise(heads))]


def _text_encoder(words: CLIPTokenizer) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words),
            hidden_size=_HIDDEN,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=WINDOW,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
            projection_dim=_HIDDEN,
        )
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4,) * 4,
        layers_per_block=1,
        latent_channels=_LATENT_CHANNELS,
        norm_num_groups=2,
        sample_size=SIDE,
        mid_block_add_attention=False,
    )


def _unet(time_cond_proj_dim: int | None = None) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=SIDE // 8,
        in_channels=_LATENT_CHANNELS,
        out_channels=_LATENT_CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(8, 8),
        layers_per_block=1,
        norm_num_groups=4,
        cross_attention_dim=_HIDDEN,
        attention_head_dim=4,
        time_cond_proj_dim=time_cond_proj_dim,
    )


def _controlnet(unet: UNet2DConditionModel) -> ControlNetModel:
    """An untrained one adds nothing: its last layers are zeros. These are not."""
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 4, 4, 4))
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    return network


def _scheduler() -> DPMSolverMultistepScheduler:
    return DPMSolverMultistepScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        steps_offset=1,  # diffusers warns of another, though trailing steps do not use it
    )
