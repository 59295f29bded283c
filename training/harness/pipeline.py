"""The folder that a text-to-image model ships as: what stock diffusers writes and reads."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from training.harness.export import Sources, save_model

FINAL_SIGMA = "zero"


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """The parts of a pipeline. noise: the schedule they were trained on, in diffusers' terms."""

    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    noise: Mapping[str, Any]

    def pipeline(self) -> StableDiffusionPipeline:
        """Ready to make pictures. Screening is the server's, so diffusers' own checker is left out."""
        return StableDiffusionPipeline(
            vae=self.vae,
            text_encoder=self.text_encoder,
            tokenizer=self.tokenizer,
            unet=self.unet,
            scheduler=sampler(self.noise),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )


def sampler(noise: Mapping[str, Any]) -> DPMSolverMultistepScheduler:
    """DPM-Solver++ of second order, which starts from pure noise as training did."""
    return DPMSolverMultistepScheduler(
        **noise, algorithm_type="dpmsolver++", final_sigmas_type=FINAL_SIGMA, steps_offset=1
    )


def load_pipeline(folder: Path) -> StableDiffusionPipeline:
    """The pipeline in a folder that training made, in single precision."""
    return StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, local_files_only=True, safety_checker=None
    )


def load_coder(folder: Path) -> AutoencoderKL:
    """The autoencoder in a folder, in single precision."""
    coder = AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)
    return coder.eval().requires_grad_(False)


def save_pipeline(folder: Path, parts: Parts, sources: Sources, vae: Path) -> None:
    """Writes tokenizer, text encoder, autoencoder, U-Net and scheduler into `folder`, and `model_index.json`.

    vae: the folder that the autoencoder was read from; its files are copied as they are.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pipeline = parts.pipeline()
    pipeline.save_config(folder)
    parts.tokenizer.save_pretrained(folder / "tokenizer")
    pipeline.scheduler.save_pretrained(folder / "scheduler")
    save_model(folder / "text_encoder", parts.text_encoder, sources, {})
    save_model(folder / "unet", parts.unet, sources, {})
    shutil.copytree(vae, folder / "vae")
