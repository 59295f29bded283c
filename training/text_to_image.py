"""Trains the text encoder and the U-Net of text to image, together, on latents of captioned scenes.

    python -m training.text_to_image training/recipes/scenes/text_to_image.yaml --vae FOLDER [--resume]

v-prediction (Salimans and Ho 2022) over a schedule whose last step is pure noise (Lin et al. 2024), losses weighted by
min-SNR (Hang et al. 2023). Where the recipe asks for it, the U-Net's middle has to tell what stands where. The result
is a folder that stock diffusers loads: tokenizer, text encoder, autoencoder, U-Net and scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Unpack

import torch
from diffusers import DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from pydantic import Field
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from training.checkpoint import State
from training.harness import tokenizer as language
from training.harness.conduct import Following, conduct, opened
from training.harness.export import Sources
from training.harness.loop import device_of
from training.harness.models import ModelSpec, build
from training.harness.pictures import Ahead
from training.harness.pipeline import Parts, load_coder, load_pipeline, save_pipeline
from training.harness.plan import ScenePlan
from training.judging.labels import Labels
from training.judging.reader import reader, reading_loss, watched
from training.run import Run, parser_of
from training.scenes.latents import LatentBatch, LatentPool

NOISE: Mapping[str, object] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
}
"""The noise schedule, in diffusers' terms; every scheduler that is offered is made from it."""


class DiffusionPlan(ScenePlan):
    """unconditional: share of captions left out, for guidance. largest_weight: γ of min-SNR. pool: scenes kept.
    reading: weight of what the U-Net's middle must tell of the scene, see `training.judging.reader`; 0 for none.
    """

    text_encoder: ModelSpec
    unet: ModelSpec
    unconditional: float = Field(ge=0, lt=1)
    largest_weight: float = Field(gt=0)
    pool: int = Field(gt=0)
    reading: float = Field(default=0, ge=0)


class Diffusion:
    """Noisy latents and a caption → the velocity between noise and latents."""

    def __init__(
        self, plan: DiffusionPlan, batches: Callable[[int], LatentBatch], tokens: CLIPTokenizer, labels: Labels
    ) -> None:
        self._plan = plan
        self._tokens = tokens
        self._labels = labels
        self._batches = Ahead(batches)
        self._alphas = DDPMScheduler(**NOISE).alphas_cumprod

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`."""
        batch = self._batches(step)
        device = next(network.parameters()).device
        clean = batch.latents.to(device, memory_format=torch.channels_last)
        times = spread_times(len(clean), len(self._alphas)).to(device)
        keep = torch.rand(len(clean)) >= self._plan.unconditional
        captions = [caption if kept else "" for caption, kept in zip(batch.captions, keep, strict=True)]
        states = network["text_encoder"](tokenise(self._tokens, captions).to(device)).last_hidden_state  # type: ignore[index]
        alpha = self._alphas.to(device)[times][:, None, None, None]
        noise = torch.randn_like(clean)
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        wanted = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
        unet: UNet2DConditionModel = network["unet"]  # type: ignore[index]
        with ExitStack() as stack:
            features = stack.enter_context(watched(unet.up_blocks[0])) if self._plan.reading else []
            made = unet(noisy, times, states).sample.float()
        errors = (made - wanted).square().mean(dim=(1, 2, 3))
        loss, figures = (errors * self._weights(times)).mean(), {"error": errors.detach().mean().item()}
        for feature in features:
            maps = network["reader"](feature)  # type: ignore[index]
            told, figures["told"] = reading_loss(maps, batch.scenes, batch.boxes, self._labels)
            loss = loss + self._plan.reading * told
        return loss, figures

    def _weights(self, times: torch.Tensor) -> torch.Tensor:
        """min(SNR, γ) / (SNR + 1): min-SNR for velocities."""
        alpha = self._alphas.to(times.device)[times]
        ratio = alpha / (1 - alpha)
        weights: torch.Tensor = ratio.clamp(max=self._plan.largest_weight) / (ratio + 1)
        return weights


def spread_times(count: int, steps: int) -> torch.Tensor:
    """`count` times of 0 to steps - 1, one from each of as many equal parts: less chance, the same distribution."""
    return ((torch.randperm(count) + torch.rand(count)) / count * steps).long().clamp(max=steps - 1)


def tokenise(tokens: CLIPTokenizer, captions: Sequence[str]) -> torch.Tensor:
    """int64 (n, window), cut and filled as stock pipelines do."""
    length = tokens.model_max_length
    ids: torch.Tensor = tokens(
        list(captions), padding="max_length", truncation=True, max_length=length, return_tensors="pt"
    ).input_ids
    return ids


def networks(plan: DiffusionPlan, labels: Labels, start: StableDiffusionPipeline | None = None) -> nn.ModuleDict:
    """Text encoder and U-Net with fresh weights or those of `start`, and a reader; attention in plain products.

    torch's fused attention has a backward on CPUs that takes longer than the rest of the network at this size.
    """
    unet, text_encoder = build(plan.unet), build(plan.text_encoder)
    if not isinstance(unet, UNet2DConditionModel) or not isinstance(text_encoder, CLIPTextModel):
        raise TypeError("text to image is made of a UNet2DConditionModel and a CLIPTextModel")
    unet.set_attn_processor(AttnProcessor())
    text_encoder.set_attn_implementation("eager")
    if start:
        text_encoder.load_state_dict(start.text_encoder.state_dict())
        unet.load_state_dict(start.unet.state_dict())
    made = nn.ModuleDict({"text_encoder": text_encoder, "unet": unet})
    if plan.reading:
        made["reader"] = reader(unet.config.block_out_channels[-1], labels)
    return made


def run_training(
    run: Run[DiffusionPlan],
    batches: Callable[[int], LatentBatch],
    tokens: CLIPTokenizer,
    labels: Labels,
    start: StableDiffusionPipeline | None = None,
    **following: Unpack[Following],
) -> State:
    """See `conduct`. start: the model whose text encoder and U-Net to go on from, None for fresh ones."""
    return conduct(
        run,
        lambda: networks(run.recipe, labels, start),
        lambda _: Diffusion(run.recipe, batches, tokens, labels),
        **following,
    )


def main() -> None:
    """Command line."""
    parser = parser_of("training.text_to_image", __doc__)
    parser.add_argument("--vae", type=Path, required=True, help="the autoencoder's folder")
    parser.add_argument("--output", type=Path, help="folder that receives the pipeline")
    parser.add_argument("--start", type=Path, help="folder of a model to go on from")
    arguments = parser.parse_args()
    run, source, following = opened(arguments, DiffusionPlan)
    coder = load_coder(arguments.vae).to(device_of(run.recipe))
    start = load_pipeline(arguments.start) if arguments.start else None
    tokens = start.tokenizer if start else language.learn(language.texts(source, arguments.cache))
    batches = LatentPool(source, coder, run.recipe.pool, run.recipe.batch)
    labels = Labels.of(source.grammar.vocabulary)
    state = run_training(run, batches, tokens, labels, start, **following)
    parts = Parts(tokens, state.average["text_encoder"], coder, state.average["unet"], NOISE)  # type: ignore[index]
    save_pipeline(
        arguments.output or run.folder / "pipeline", parts, Sources.of(run, arguments.recipe, state), arguments.vae
    )


if __name__ == "__main__":
    main()
