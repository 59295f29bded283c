"""Trains the ControlNet that makes text to image follow edges or boxes, beside a U-Net that stays as it is.

    python -m training.controlnet training/recipes/scenes/controlnet.yaml --model FOLDER [--resume]

The pairs cost nothing: a scene's own edges, and the squares in which its things stand (Zhang et al., ICCV 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from diffusers import ControlNetModel, DDPMScheduler, StableDiffusionPipeline
from diffusers.models.attention_processor import AttnProcessor
from pydantic import Field
from torch import nn

from training.checkpoint import State
from training.harness.conduct import Following, conduct, opened
from training.harness.export import Sources, save_model
from training.harness.loop import device_of
from training.harness.pictures import Ahead
from training.harness.pipeline import load_pipeline
from training.harness.plan import ScenePlan
from training.run import Run, parser_of
from training.scenes.controls import edges, outlines
from training.scenes.latents import LatentBatch, LatentPool
from training.scenes.source import Source
from training.text_to_image import NOISE, spread_times, tokenise

_BOXES = 0.5  # of the pictures that steer, how many show boxes; the others show edges
_UNSAID = 0.3  # of captions left out, so that the picture alone must do


class ControlPlan(ScenePlan):
    """pool: scenes kept."""

    pool: int = Field(gt=0)


class Steering:
    """Noisy latents, a caption and a picture of edges or boxes → the velocity, through a frozen U-Net."""

    def __init__(self, plan: ControlPlan, source: Source, pipeline: StableDiffusionPipeline) -> None:
        pool = LatentPool(source, pipeline.vae, plan.pool, plan.batch)
        self._batches = Ahead(lambda step: _steered(pool(step), source, plan.seed, step))
        self._pipeline = pipeline
        self._alphas = DDPMScheduler(**NOISE).alphas_cumprod

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`."""
        batch, controls = self._batches(step)
        device = next(network.parameters()).device
        clean = batch.latents.to(device, memory_format=torch.channels_last)
        times = spread_times(len(clean), len(self._alphas)).to(device)
        captions = ["" if torch.rand(()) < _UNSAID else caption for caption in batch.captions]
        with torch.no_grad():
            ids = tokenise(self._pipeline.tokenizer, captions).to(device)
            states = self._pipeline.text_encoder(ids).last_hidden_state
        alpha = self._alphas.to(device)[times][:, None, None, None]
        noise = torch.randn_like(clean)
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        wanted = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
        down, middle = network(noisy, times, states, controls.to(device), return_dict=False)
        made = self._pipeline.unet(
            noisy, times, states, down_block_additional_residuals=down, mid_block_additional_residual=middle
        ).sample.float()
        loss = (made - wanted).square().mean()
        return loss, {}


def _steered(batch: LatentBatch, source: Source, seed: int, step: int) -> tuple[LatentBatch, torch.Tensor]:
    """A batch with its controls: float32 (n, 3, side, side), 0 or 1."""
    rng = np.random.default_rng((seed, step))
    made = []
    for scene, index in zip(batch.scenes, batch.indices, strict=True):
        picture, boxes = source.picture(scene, int(index))
        made.append(outlines(boxes, source.side) if rng.random() < _BOXES else edges(picture))
    return batch, torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).float().div_(255)


def network(pipeline: StableDiffusionPipeline) -> ControlNetModel:
    """A ControlNet that starts as the encoder of the pipeline's U-Net and changes nothing yet."""
    made = ControlNetModel.from_unet(pipeline.unet)
    made.set_attn_processor(AttnProcessor())
    return made


def run_training(
    run: Run[ControlPlan],
    source: Source,
    pipeline: StableDiffusionPipeline,
    **following: Unpack[Following],
) -> State:
    """See `conduct`."""
    return conduct(run, lambda: network(pipeline), lambda _: Steering(run.recipe, source, pipeline), **following)


def frozen(pipeline: StableDiffusionPipeline, device: torch.device) -> StableDiffusionPipeline:
    """The pipeline with nothing left to learn, and attention whose backward is quick on a CPU."""
    for part in (pipeline.vae, pipeline.text_encoder, pipeline.unet):
        part.to(device).eval().requires_grad_(False)
    pipeline.unet.set_attn_processor(AttnProcessor())
    return pipeline


def main() -> None:
    """Command line."""
    parser = parser_of("training.controlnet", __doc__)
    parser.add_argument("--model", type=Path, required=True, help="the text-to-image folder to steer")
    parser.add_argument("--output", type=Path, help="folder that receives the ControlNet")
    arguments = parser.parse_args()
    run, source, following = opened(arguments, ControlPlan)
    pipeline = frozen(load_pipeline(arguments.model), device_of(run.recipe))
    state = run_training(run, source, pipeline, **following)
    sources = Sources.of(run, arguments.recipe, state)
    save_model(arguments.output or run.folder / "controlnet", state.average, sources, {})


if __name__ == "__main__":
    main()
