"""Distils a text-to-image model into one that needs four steps or fewer.

    python -m training.distillation training/recipes/scenes/distillation.yaml --model FOLDER [--resume]

Latent consistency (Luo et al. 2023): the student learns to say from anywhere on the teacher's guided path where that
path ends, and is told the guidance instead of being run twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Unpack

import torch
from diffusers import DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from pydantic import Field
from torch import nn

from training.checkpoint import State
from training.controlnet import frozen
from training.harness.conduct import Following, conduct, opened
from training.harness.export import Sources, save_model
from training.harness.loop import device_of
from training.harness.pictures import Ahead
from training.harness.pipeline import load_pipeline
from training.harness.plan import ScenePlan
from training.run import Run, parser_of
from training.scenes.latents import LatentBatch, LatentPool
from training.text_to_image import NOISE, tokenise

GUIDANCE_CHANNELS = 256
_TIMES_TO_SECONDS = 10.0  # diffusers' LCMScheduler: timestep_scaling
_SIGMA = 0.5  # its sigma_data
_HUBER = 0.001


class DistillationPlan(ScenePlan):
    """guidance: from and to. stages: points of the path that the student is asked from. pool: scenes kept."""

    guidance: tuple[float, float] = (2.0, 8.0)
    stages: int = Field(default=50, gt=0)
    pool: int = Field(gt=0)


class Consistency:
    """A point of the guided path → its end, the same as from the point before."""

    def __init__(
        self,
        plan: DistillationPlan,
        batches: Callable[[int], LatentBatch],
        teacher: StableDiffusionPipeline,
        target: nn.Module,
    ) -> None:
        self._plan = plan
        self._batches = Ahead(batches)
        self._teacher = teacher
        self._target = target
        self._alphas = DDPMScheduler(**NOISE).alphas_cumprod

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`."""
        batch = self._batches(step)
        device = next(network.parameters()).device
        clean = batch.latents.to(device, memory_format=torch.channels_last)
        stride = len(self._alphas) // self._plan.stages
        later = torch.randint(1, self._plan.stages + 1, (len(clean),), device=device) * stride - 1
        earlier = (later - stride).clamp(min=0)
        low, high = self._plan.guidance
        guidance = low + (high - low) * torch.rand(len(clean), device=device)
        with torch.no_grad():
            states, nothing = self._states(batch.captions, device), self._states([""] * len(clean), device)
            noisy = self._mixed(clean, torch.randn_like(clean), later)
            before = self._teacher_step(noisy, later, earlier, guidance, states, nothing)
            wanted = self.end(self._target, before, earlier, guidance, states)
        made = self.end(network, noisy, later, guidance, states)
        loss = ((made - wanted).square() + _HUBER**2).sqrt().sub(_HUBER).mean()
        return loss, {}

    def end(
        self,
        network: nn.Module,
        noisy: torch.Tensor,
        times: torch.Tensor,
        guidance: torch.Tensor,
        states: torch.Tensor,
    ) -> torch.Tensor:
        """Where the path of `noisy` ends, as the student has it: clean latents, float32."""
        told = guidance_embedding(guidance)
        velocity = network(noisy, times, states, timestep_cond=told).sample.float()
        scaled = (times * _TIMES_TO_SECONDS)[:, None, None, None].float()
        skip = _SIGMA**2 / (scaled**2 + _SIGMA**2)
        out = scaled / (scaled**2 + _SIGMA**2).sqrt()
        ends: torch.Tensor = skip * noisy + out * self._clean(noisy, velocity, times)
        return ends

    def _teacher_step(
        self,
        noisy: torch.Tensor,
        later: torch.Tensor,
        earlier: torch.Tensor,
        guidance: torch.Tensor,
        states: torch.Tensor,
        nothing: torch.Tensor,
    ) -> torch.Tensor:
        """One guided step of DDIM (Song et al. 2021) from the later time to the earlier."""
        twice = [torch.cat([value, value]) for value in (noisy, later)]
        velocity = self._teacher.unet(*twice, torch.cat([nothing, states])).sample.float()
        plain, told = velocity.chunk(2)
        guided = plain + guidance[:, None, None, None] * (told - plain)
        clean = self._clean(noisy, guided, later)
        alpha = self._alpha(later)
        noise = alpha.sqrt() * guided + (1 - alpha).sqrt() * noisy
        return self._mixed(clean, noise, earlier)

    def _clean(self, noisy: torch.Tensor, velocity: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        alpha = self._alpha(times)
        return alpha.sqrt() * noisy - (1 - alpha).sqrt() * velocity

    def _mixed(self, clean: torch.Tensor, noise: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        alpha = self._alpha(times)
        return alpha.sqrt() * clean + (1 - alpha).sqrt() * noise

    def _alpha(self, times: torch.Tensor) -> torch.Tensor:
        alphas: torch.Tensor = self._alphas.to(times.device)[times][:, None, None, None]
        return alphas

    def _states(self, captions: list[str], device: torch.device) -> torch.Tensor:
        ids = tokenise(self._teacher.tokenizer, captions).to(device)
        states: torch.Tensor = self._teacher.text_encoder(ids).last_hidden_state
        return states


def guidance_embedding(guidance: torch.Tensor) -> torch.Tensor:
    """How a student is told its guidance, as diffusers' pipelines tell it: float32 (n, 256) of (n,)."""
    values: torch.Tensor = StableDiffusionPipeline.get_guidance_scale_embedding(
        None, guidance.cpu() - 1, embedding_dim=GUIDANCE_CHANNELS
    )
    return values.to(guidance.device)


def student_of(teacher: UNet2DConditionModel) -> UNet2DConditionModel:
    """The teacher's U-Net with one more input, the guidance, that changes nothing yet."""
    # Without diffusers' own notes: one lists what a teacher left at its default, and would undo the new input.
    config = {name: value for name, value in teacher.config.items() if not name.startswith("_")}
    made = UNet2DConditionModel.from_config(config | {"time_cond_proj_dim": GUIDANCE_CHANNELS})
    made.load_state_dict(teacher.state_dict(), strict=False)
    nn.init.zeros_(made.time_embedding.cond_proj.weight)
    made.set_attn_processor(AttnProcessor())
    return made


def run_training(
    run: Run[DistillationPlan],
    batches: Callable[[int], LatentBatch],
    teacher: StableDiffusionPipeline,
    **following: Unpack[Following],
) -> State:
    """See `conduct`. The averaged network is also the student's aim."""
    return conduct(
        run,
        lambda: student_of(teacher.unet),
        lambda state: Consistency(run.recipe, batches, teacher, state.average),
        **following,
    )


def main() -> None:
    """Command line."""
    parser = parser_of("training.distillation", __doc__)
    parser.add_argument("--model", type=Path, required=True, help="the text-to-image folder that teaches")
    parser.add_argument("--output", type=Path, help="folder that receives the student")
    arguments = parser.parse_args()
    run, source, following = opened(arguments, DistillationPlan)
    teacher = frozen(load_pipeline(arguments.model), device_of(run.recipe))
    batches = LatentPool(source, teacher.vae, run.recipe.pool, run.recipe.batch)
    state = run_training(run, batches, teacher, **following)
    sources = Sources.of(run, arguments.recipe, state)
    save_model(arguments.output or run.folder / "unet_fast", state.average, sources, {})


if __name__ == "__main__":
    main()
