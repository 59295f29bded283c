"""Text to image by any pipeline of diffusers: prompts in, pictures out, and nothing that is special to one of them.

For architectures other than Stable Diffusion: PixArt, Flux, Stable Diffusion 3 and what comes after them. What a
pipeline's call takes is read from its signature. This module knows what such calls have in common. It does not know any
architecture.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from core.encoding import encode_image
from core.errors import InvalidInput
from core.media import Frame, Kind
from generators import parameters
from generators.base import PROMPT, Card, IsCancelled, Job, Output, Parameter, Progress, share, stop_if, version_of
from generators.diffusion import memory
from generators.diffusion.conditioning import refuse_unreadable
from generators.diffusion.enlarging import Enlarger

_SAMPLED = 0.9
"""The share of the work that is done when the pipeline is, as progress tells it."""
_OFF = {"use_resolution_binning": False, "clean_caption": False}
"""What would resize pictures and rewrite prompts behind the caller's back."""


@dataclass(frozen=True, slots=True)
class _Settings:
    size: int
    steps: int
    guidance: float


class Piped:
    """A generator of the task "text_to_image" around a loaded pipeline, one call at a time: it holds a call's state.

    native: side of the pictures it was trained on, pixels. max_steps: the most that a job may ask for.
    """

    task = "text_to_image"
    kinds: frozenset[Kind] = frozenset()
    inputs = frozenset({PROMPT})
    source_type = "trainedAlgorithmicMedia"

    def __init__(
        self,
        name: str,
        pipeline: Any,
        card: Card,
        digest: str,
        native: int,
        *,
        enlarger: Enlarger | None = None,
        max_steps: int = 50,
    ) -> None:
        self.name = name
        self.card = card
        self._pipeline = pipeline
        self._native = native
        self._enlarger = enlarger or Enlarger()
        self._turn = threading.Lock()
        self._takes = inspect.signature(pipeline.__call__).parameters
        self.parameters: tuple[Parameter, ...] = self._declared(max_steps)
        libraries = [f"{library} {version(library)}" for library in ("torch", "diffusers", "transformers")]
        self.version = version_of(name, digest, *self._enlarger.digests, *libraries)

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        """See `generators.base.Generator`. Raises InvalidInput before any work on the batch, and OutOfMemory."""
        groups: dict[_Settings, list[int]] = {}
        for at, job in enumerate(batch):
            groups.setdefault(self.batch_key(job), []).append(at)
        outputs: dict[int, Output] = {}
        for index, (settings, places) in enumerate(groups.items()):
            part = share(progress, index, len(groups))
            made = self._made(settings, [batch[at] for at in places], part, cancelled)
            outputs |= dict(zip(places, made, strict=True))
        return [outputs[at] for at in range(len(batch))]

    def batch_key(self, job: Job) -> _Settings:
        """Jobs of the same settings go together."""
        for given in sorted(job.brings - self.inputs):
            raise InvalidInput(f"the model takes no {given}", field=given, limit="none", found="one")
        values = parameters.complete(self.parameters, job.parameters)
        self._refuse(job.prompt, "prompt", needed=True)
        self._refuse(job.negative_prompt, "negative_prompt", needed=False)
        if job.negative_prompt and "negative_prompt" not in self._takes:
            raise InvalidInput("the model reads no negative prompt", field="negative_prompt", limit="none", found="one")
        return _Settings(int(values["size"]), int(values["steps"]), float(values["guidance"]))

    def source_type_of(self, _inputs: Collection[str], /) -> str:
        """See `generators.base.Generator`."""
        return self.source_type

    def _made(
        self, settings: _Settings, jobs: Sequence[Job], progress: Progress, cancelled: IsCancelled
    ) -> list[Output]:
        device = torch.device(self._pipeline.device)
        with memory.bounded(f"{len(jobs)} × {settings.size}×{settings.size} pixels", device), self._turn:
            stop_if(cancelled)
            pictures = self._pipeline(
                **self._arguments(settings, jobs),
                **self._watched(settings.steps, lambda fraction: progress(fraction * _SAMPLED), cancelled),
            ).images
        outputs = []
        for index, picture in enumerate(pictures):
            stop_if(cancelled)
            pixels = np.rint(np.clip(np.asarray(picture, np.float32), 0, 1) * 255).astype(np.uint8)
            pixels = self._enlarger.enlarged(pixels, settings.size, lambda _: None, cancelled)
            outputs.append(Output(encode_image(Frame(pixels), "image/png"), "image/png", Frame(pixels)))
            progress(_SAMPLED + (1 - _SAMPLED) * (index + 1) / len(jobs))
        return outputs

    def _arguments(self, settings: _Settings, jobs: Sequence[Job]) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "prompt": [job.prompt for job in jobs],
            "num_inference_steps": settings.steps,
            "guidance_scale": settings.guidance,
            "height": self._native,
            "width": self._native,
            "generator": [torch.Generator().manual_seed(job.seed) for job in jobs],
            "output_type": "np",
        }
        if "negative_prompt" in self._takes:
            arguments["negative_prompt"] = [job.negative_prompt for job in jobs]
        return arguments | {name: value for name, value in _OFF.items() if name in self._takes}

    def _watched(self, steps: int, progress: Progress, cancelled: IsCancelled) -> dict[str, Any]:
        """The pipeline's way of telling steps: a new one, or the older one that some still have."""

        def told(step: int) -> None:
            stop_if(cancelled)
            progress(min((step + 1) / steps, 1.0))

        def new(_pipeline: Any, step: int, _timestep: Any, _tensors: Any) -> dict[str, Any]:
            told(step)
            return {}

        if "callback_on_step_end" in self._takes:
            return {"callback_on_step_end": new}
        return {"callback": lambda step, _timestep, _latents: told(step)} if "callback" in self._takes else {}

    def _refuse(self, prompt: str, field: str, *, needed: bool) -> None:
        """Raises InvalidInput for a prompt that says nothing, or of which every tokenizer would lose the end."""
        refuse_unreadable(prompt, field, needed=needed)
        rooms = [(self._count(tokenizer, prompt), self._room(tokenizer)) for tokenizer in self._tokenizers()]
        if rooms and all(found > room for found, room in rooms):
            found, room = max(rooms, key=lambda each: each[1])
            message = f"the {field} is too long for the model"
            raise InvalidInput(message, field=field, limit=f"{room} tokens", found=f"{found} tokens")

    def _tokenizers(self) -> list[Any]:
        parts = self._pipeline.components.items()
        return [part for name, part in parts if name.startswith("tokenizer") and part is not None]

    def _count(self, tokenizer: Any, prompt: str) -> int:
        """Tokens, those of start and end with them. Pipelines change a tokenizer's state, so nobody else may use it."""
        with self._turn:
            return len(tokenizer(prompt, truncation=False).input_ids)

    def _room(self, tokenizer: Any) -> int:
        length = self._takes.get("max_sequence_length")
        stated = int(tokenizer.model_max_length)
        default = length.default if length is not None else None
        return min(stated, default) if isinstance(default, int) else stated

    def _declared(self, max_steps: int) -> tuple[Parameter, ...]:
        """The settings that every pipeline has, with its own defaults."""
        sizes = self._enlarger.sizes(self._native)
        steps = min(int(self._takes["num_inference_steps"].default), max_steps)
        guidance = self._takes["guidance_scale"].default
        told = "how closely the prompt is followed"
        return (
            Parameter("size", "int", sizes[0], "side of the square picture, pixels", choices=sizes),
            Parameter("steps", "int", steps, "steps of the solver", minimum=1, maximum=max_steps),
            Parameter("guidance", "float", float(guidance or 0.0), told, minimum=0.0, maximum=20.0),
        )
