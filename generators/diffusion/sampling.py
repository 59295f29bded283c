"""From noise to latents: diffusers' own pipelines, one built for each call, watched at every step.

Pipelines and solvers hold the state of a call; the networks, which are large, are shared and hold none. So a pipeline
is made of them for each call, which costs milliseconds, and calls on several threads do not meet.

diffusers' inpainting pipeline takes latents of 4 channels only. What it does with them is done here at each step of the
image-to-image pipeline: outside the mask, the latents are put back to the source's, with that step's noise (O. Avrahami
et al., Blended Latent Diffusion, 2023).

This module knows steps. It does not know pixels that are not the model's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffusers import StableDiffusionControlNetPipeline, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline

from core.media import Frame
from generators.base import IsCancelled, Progress, stop_if
from generators.diffusion import conditioning, decoding, pictures, schedulers
from generators.diffusion.asked import Asked, Settings
from generators.diffusion.components import Components
from generators.diffusion.schedulers import Watched

PREVIEWS = 4
"""Of one picture, at most."""
_KEEPING_SEED = 0x5EED
"""Draws another noise for what is kept than for what is made: alike, the two would share their large shapes."""


def sample(components: Components, batch: Sequence[Asked], progress: Progress, cancelled: IsCancelled) -> torch.Tensor:
    """The latents (n, c, h, w) of jobs with the same settings, in order.

    Each job has a noise source of its own, so it gives what it gives alone, but for rounding. Raises Cancelled before
    the next step once `cancelled()`.
    """
    settings = batch[0].settings
    scheduler = (
        schedulers.build_fast(components.scheduler)
        if settings.fast
        else schedulers.build(components.scheduler, settings.scheduler)
    )
    steps = _Steps(components, batch, Watched(scheduler), progress, cancelled)
    pipeline = _pipeline(components, settings, scheduler)
    pipeline.set_progress_bar_config(disable=True)
    latents: torch.Tensor = pipeline(
        **_arguments(components, batch),
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance,
        generator=[torch.Generator().manual_seed(asked.seed) for asked in batch],
        output_type="latent",
        callback_on_step_end=steps,
        callback_on_step_end_tensor_inputs=["latents"],
    ).images
    return latents


def _pipeline(components: Components, settings: Settings, scheduler: Any) -> Any:
    """The pipeline that does what is asked, around the shared networks."""
    parts = {
        "vae": components.vae,
        "text_encoder": components.text_encoder,
        "tokenizer": components.tokenizer,
        "unet": components.unet_fast if settings.fast else components.unet,
        "scheduler": scheduler,
        # Outputs are screened by the server, by written policy; a second, silent judge would only blacken pictures.
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }
    if settings.control_scale is not None:
        return StableDiffusionControlNetPipeline(controlnet=components.controlnet, **parts)
    return (StableDiffusionImg2ImgPipeline if settings.source else StableDiffusionPipeline)(**parts)


def _arguments(components: Components, batch: Sequence[Asked]) -> dict[str, Any]:
    """What the pipeline is given of the jobs: embeddings, pictures, and the settings that go with them."""
    settings = batch[0].settings
    arguments: dict[str, Any] = {"prompt_embeds": conditioning.embed(components, [asked.prompt for asked in batch])}
    if settings.guided:
        arguments["negative_prompt_embeds"] = conditioning.embed(components, [asked.negative for asked in batch])
    if settings.source:
        starts = [asked.start for asked in batch if asked.start is not None]
        return arguments | {"image": pictures.to_tensor(starts), "strength": settings.strength}
    arguments |= {"height": components.native, "width": components.native}
    if settings.control_scale is not None:
        drawn = [asked.control for asked in batch if asked.control is not None]
        arguments |= {"image": pictures.to_tensor(drawn), "controlnet_conditioning_scale": settings.control_scale}
    return arguments


class _Steps:
    """What happens after each step: stop, tell, show, and put back what is kept."""

    def __init__(
        self,
        components: Components,
        batch: Sequence[Asked],
        watched: Watched,
        progress: Progress,
        cancelled: IsCancelled,
    ) -> None:
        self._components = components
        self._batch = batch
        self._watched = watched
        self._progress = progress
        self._cancelled = cancelled
        self._kept = _Kept(components, batch) if batch[0].settings.mask else None

    def __call__(self, pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """See diffusers' `callback_on_step_end`."""
        stop_if(self._cancelled)
        done, total = step + 1, int(pipeline.num_timesteps)
        self._progress(done / total)
        if done < total and done % max(1, -(-total // (PREVIEWS + 1))) == 0:
            self._show()
        if self._kept:
            return {"latents": self._kept.put_back(tensors["latents"], pipeline.scheduler, total - done)}
        return {}

    def _show(self) -> None:
        """Each watcher its own picture, of what the solver now takes for the end."""
        estimate = self._watched.estimate
        for index, asked in enumerate(self._batch):
            if asked.preview is not None and estimate is not None:
                stop_if(self._cancelled)
                asked.preview(Frame(decoding.decode_small(self._components, estimate[index])))


class _Kept:
    """What a mask keeps of each source, as latents."""

    def __init__(self, components: Components, batch: Sequence[Asked]) -> None:
        starts = [asked.start for asked in batch if asked.start is not None]
        areas = [asked.area for asked in batch if asked.area is not None]
        side = components.native // components.factor
        self._latents = decoding.encode(components, pictures.to_tensor(starts))
        anew = torch.stack([torch.from_numpy(pictures.reduced(area, side)) for area in areas])
        self._anew = anew[:, None].to(components.device)
        noise = [self._noise(asked.seed) for asked in batch]
        self._noises = torch.stack(noise).to(components.device, components.dtype)

    def put_back(self, latents: torch.Tensor, scheduler: Any, left: int) -> torch.Tensor:
        """`latents` with the source's where it is kept, as noisy as they are. left: steps still to go."""
        kept = self._latents
        if left:
            step = scheduler.timesteps[len(scheduler.timesteps) - left]
            kept = scheduler.add_noise(kept, self._noises, step.reshape(1))
        return torch.where(self._anew, latents, kept.to(latents.dtype))

    def _noise(self, seed: int) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed ^ _KEEPING_SEED)
        return torch.randn(self._latents.shape[1:], generator=generator)
