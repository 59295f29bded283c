"""What a marked patch goes through before it is read, so that a gradient comes back.

Scaling, colour, blur and noise are differentiable; codecs are the real ones, whose gradient is taken to be that of
doing nothing ("straight through"). The reader finds scale and angle before it reads, so only what it gets slightly
wrong is drawn here. Different from `training.evaluation.attacks`, which only measures: there are no tensors in it.
"""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from numpy.random import Generator
from PIL import Image
from torch.nn import functional

from generators.marking.masking import blur


def distort(pictures: torch.Tensor, random: Generator, severity: float) -> torch.Tensor:
    """(n, 3, h, w) of 0–255 to the same shape; each picture its own history. severity: 0 (mild) to 1."""
    return torch.cat([_one(picture[None], random, severity) for picture in pictures])


def _one(picture: torch.Tensor, random: Generator, severity: float) -> torch.Tensor:
    size = picture.shape[-2:]
    if random.random() < 0.6:
        picture = _scaled(picture, math.exp(random.uniform(math.log(1 - 0.52 * severity), math.log(1.5))))
    if random.random() < 0.25:
        picture = _recoloured(picture, random)
    if random.random() < 0.3:
        picture = _smoothed_or_sharpened(picture, random, severity)
    if random.random() < 0.2:
        noise = random.normal(0, random.uniform(1, 2 + 5 * severity), picture.shape).astype(np.float32)
        picture = picture + torch.from_numpy(noise)
    for _ in range(int(random.choice(3, p=(0.15, 0.7, 0.15)))):
        picture = _coded(picture, random, severity)
    if picture.shape[-2:] != size:
        picture = functional.interpolate(picture, size=size, mode="bilinear", antialias=True)
    return _misplaced(picture, random) if random.random() < 0.7 else picture


def _scaled(picture: torch.Tensor, factor: float) -> torch.Tensor:
    size = [round(side * factor) for side in picture.shape[-2:]]
    return functional.interpolate(picture, size=size, mode="bilinear", antialias=True)


def _recoloured(picture: torch.Tensor, random: Generator) -> torch.Tensor:
    gain, offset, gamma = random.uniform(0.7, 1.3), random.uniform(-25, 25), random.uniform(0.75, 1.3)
    changed = ((picture - 128) * gain + 128 + offset).clamp(1, 255)
    return (changed / 255) ** gamma * 255


def _smoothed_or_sharpened(picture: torch.Tensor, random: Generator, severity: float) -> torch.Tensor:
    soft = blur(picture, random.uniform(0.5, 0.6 + 0.8 * severity))
    return soft if random.random() < 0.6 else (2 * picture - soft).clamp(0, 255)


def _coded(picture: torch.Tensor, random: Generator, severity: float) -> torch.Tensor:
    pixels = picture.detach()[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()
    buffer = io.BytesIO()
    codec = "JPEG" if random.random() < 0.85 else "WEBP"
    quality = int(random.integers(round(85 - 53 * severity), 96))
    options = {"method": 1} if codec == "WEBP" else {"subsampling": int(random.choice((0, 2, 2, 2)))}
    Image.fromarray(pixels).save(buffer, codec, quality=quality, **options)
    with Image.open(buffer) as opened:
        coded = torch.from_numpy(np.array(opened.convert("RGB"), dtype=np.float32)).permute(2, 0, 1)[None]
    return picture + (coded - picture).detach()


def _misplaced(picture: torch.Tensor, random: Generator) -> torch.Tensor:
    """Turned, stretched and shifted by what a reader's estimate is off by."""
    height, width = picture.shape[-2:]
    turn, stretch = random.normal(0, 0.0015, 2), random.normal(0, 0.0015, 2)
    shift = random.normal(0, 0.35, 2) * 2 / np.array([width, height])
    matrix = [[1 + stretch[0], turn[0], shift[0]], [turn[1], 1 + stretch[1], shift[1]]]
    grid = functional.affine_grid(torch.tensor([matrix], dtype=picture.dtype), list(picture.shape), align_corners=False)
    return functional.grid_sample(picture, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
