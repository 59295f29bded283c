"""Latents of scenes, coded once and kept: what a diffusion model learns from.

It knows pictures and latents. It does not know what is learned from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL

from training.harness.pictures import as_tensor
from training.scenes.scene import Box, Scene
from training.scenes.source import Source


@dataclass(frozen=True, eq=False, slots=True)
class LatentBatch:
    """latents: float32 (n, channels, h, w), scaled to unit spread. captions, scenes: n of each. boxes: where the things
    of each scene stand. indices: of the scenes in their source.
    """

    latents: torch.Tensor
    captions: list[str]
    scenes: list[Scene]
    boxes: list[tuple[Box, ...]]
    indices: npt.NDArray[np.int64]


class LatentPool:
    """The first `size` scenes of a source, in an order of their own each time round and in other words.

    A scene is drawn and coded when it is first asked for; its latents are kept in half precision. Batch `step` is a
    function of the step, whatever was asked for before, but for the rounding of what was coded together.
    """

    def __init__(self, source: Source, coder: AutoencoderKL, size: int, batch: int) -> None:
        if size % batch:
            raise ValueError(f"a pool of {size} is not whole batches of {batch}")
        self._source = source
        self._coder = coder
        self._size = size
        self._batch = batch
        self._kept: dict[int, tuple[Scene, tuple[Box, ...], torch.Tensor]] = {}

    def __call__(self, step: int) -> LatentBatch:
        """The batch of that step."""
        turn, place = divmod(step * self._batch, self._size)
        order = np.random.default_rng((self._source.seed, turn)).permutation(self._size)
        indices = order[place : place + self._batch]
        self._code([int(index) for index in indices if int(index) not in self._kept])
        kept = [self._kept[int(index)] for index in indices]
        captions = [
            self._source.caption(scene, int(index), turn) for index, (scene, *_) in zip(indices, kept, strict=True)
        ]
        scenes, boxes, latents = (list(values) for values in zip(*kept, strict=True))
        return LatentBatch(torch.stack([value.float() for value in latents]), captions, scenes, boxes, indices)

    def _code(self, indices: list[int]) -> None:
        if not indices:
            return
        scenes = [self._source.scene(index) for index in indices]
        drawn = [self._source.picture(scene, index) for scene, index in zip(scenes, indices, strict=True)]
        coded = encode(self._coder, np.stack([picture for picture, _ in drawn])).to("cpu", torch.float16)
        for index, scene, (_, boxes), latents in zip(indices, scenes, drawn, coded, strict=True):
            self._kept[index] = (scene, boxes, latents.clone())


def encode(coder: AutoencoderKL, pictures: npt.NDArray[np.uint8]) -> torch.Tensor:
    """RGB uint8 (n, h, w, 3) → latents (n, channels, h/8, w/8): the means, scaled as diffusion wants them."""
    device = next(coder.parameters()).device
    with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
        values = as_tensor(pictures).to(device, memory_format=torch.channels_last)
        latents: torch.Tensor = coder.encode(values).latent_dist.mode().float()
    scale: float = coder.config.scaling_factor
    return latents * scale
