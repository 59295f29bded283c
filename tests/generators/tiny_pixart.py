"""A diffusion transformer of a few thousand random parameters, saved as diffusers saves a PixArt-Σ."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, PixArtSigmaPipeline, PixArtTransformer2DModel
from transformers import T5Config, T5EncoderModel, T5Tokenizer

_WIDTH = 8
_PIECES = ["<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz"]


def build(folder: Path) -> Path:
    """Saves the pipeline under `folder`; 64 px, a T5 of letters, four latent channels."""
    torch.manual_seed(0)
    words = T5Tokenizer(vocab=[(piece, -1.0) for piece in _PIECES], extra_ids=0)
    encoder = T5EncoderModel(T5Config(vocab_size=len(words), d_model=_WIDTH, d_kv=4, d_ff=8, num_layers=1, num_heads=2))
    transformer = PixArtTransformer2DModel(
        num_attention_heads=2,
        attention_head_dim=4,
        num_layers=1,
        cross_attention_dim=_WIDTH,
        caption_channels=_WIDTH,
        sample_size=8,
        norm_num_groups=2,
    )
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4,) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        mid_block_add_attention=False,
    )
    scheduler = DPMSolverMultistepScheduler()
    PixArtSigmaPipeline(words, encoder, vae, transformer, scheduler).save_pretrained(folder)
    return folder
