"""Puts the invisible watermark into a picture.

    luma at the scale of the tile → mask → mask × tile, repeated → back to the picture's own scale → added

A tile is 64 pixels; a picture whose short side exceeds 512 is marked at that short side and the mark is enlarged, so
that later reductions lose nothing and large pictures cost little. Knows nothing of how a mark is read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.media import Pixels
from core.watermark import payload, scale, tile
from core.weights import PinnedWeights
from generators.marking.masking import LUMA, Masking, directions

PSNR = 40.0
"""dB that a mark aims at; a picture with little to hide in gets a weaker mark and a higher figure."""
_MOST_STRENGTH = 0.6  # grey levels in a flat area: below what training allows itself, for at 0.7 enlarged skies show it
_ROUNDING = 1 / 12  # mean squared error of rounding to whole grey levels


@dataclass(frozen=True, eq=False, slots=True)
class Marked:
    """A marked picture. psnr: dB to the original over its colours, measured. strength: grey levels in flat areas."""

    pixels: Pixels
    psnr: float
    strength: float


class Embedder:
    """Marks pictures. Deterministic: the same picture and identifier give the same pixels on the same machine."""

    def __init__(self, masking: Masking, amplitudes: NDArray[np.float32], device: torch.device, psnr: float) -> None:
        self._masking = masking.eval().to(device)
        self._amplitudes = amplitudes
        self._device = device
        self._psnr = psnr

    @classmethod
    def load(cls, weights: PinnedWeights, device: str = "cpu", psnr: float = PSNR) -> Embedder:
        """An embedder with pinned weights. Raises as `core.weights.load_pinned` does."""
        tensors = weights.load()
        masking = Masking(int(weights.parameters["mask_features"]))
        prefix = "masking."
        state = {key[len(prefix) :]: value.float() for key, value in tensors.items() if key.startswith(prefix)}
        masking.load_state_dict(state)
        return cls(masking, tensors["amplitudes"].float().numpy(), torch.device(device), psnr)

    def embed(self, pixels: Pixels, identifier: int) -> Marked:
        """The picture with `identifier` (0 to 2⁴⁸ − 1) in it.

        pixels: uint8, (h, w, 3) RGB or (h, w, 4) with alpha, which stays as it is. Raises InvalidInput for a picture
        too small for a whole tile in both directions and four tiles in all, and for any other shape or identifier.
        """
        height, width = _checked(pixels)
        colours = np.ascontiguousarray(pixels[..., :3])
        mark = self._mark(colours, identifier)
        direction = self._direction(colours)
        energy = float(np.square(mark).mean() * np.square(direction).mean())
        wanted = 255**2 / 10 ** (self._psnr / 10) - _ROUNDING
        strength = min(_MOST_STRENGTH, math.sqrt(wanted / max(energy, 1e-9)))
        made = np.empty_like(pixels)
        if pixels.shape[2] == 4:
            made[..., 3] = pixels[..., 3]
        native = cv2.resize(mark * strength, (width, height), interpolation=cv2.INTER_CUBIC)
        for channel, share in enumerate(direction):
            sums = cv2.scaleAdd(native, float(share), colours[..., channel].astype(np.float32))
            made[..., channel] = np.rint(sums).clip(0, 255)
        return Marked(made, psnr(colours, made[..., :3]), strength)

    def _mark(self, colours: Pixels, identifier: int) -> NDArray[np.float32]:
        """The mark at strength 1, float32, at the scale of the tile."""
        height, width = scale.marked_size(*colours.shape[:2])
        luma = cv2.transform(colours, np.array([LUMA], dtype=np.float32).reshape(1, 3)).astype(np.float32)
        small = cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA)
        padded = np.pad(small, ((0, height % 2), (0, width % 2)), mode="edge")
        with torch.inference_mode():
            amplitude = self._masking(torch.from_numpy(padded)[None, None].to(self._device))[0, 0].cpu().numpy()
        mark: NDArray[np.float32] = amplitude[:height, :width] * self._tiles(identifier, height, width)
        return mark

    def _tiles(self, identifier: int, height: int, width: int) -> NDArray[np.float32]:
        waves = tile.waves_of(payload.encode(identifier)) * self._amplitudes
        drawn = np.roll(tile.draw_tile(waves, scale.TILE), payload.origin(identifier, scale.TILE), axis=(0, 1))
        repeats = (math.ceil(height / scale.TILE), math.ceil(width / scale.TILE))
        return np.tile(drawn, repeats)[:height, :width]

    def _direction(self, colours: Pixels) -> NDArray[np.float32]:
        grey = bool((colours == colours[..., :1]).all())
        sample = torch.zeros(1, 3, 1, 1) if grey else torch.tensor([0.0, 1.0, 2.0]).view(1, 3, 1, 1)
        return directions(sample).view(3).numpy()


def psnr(before: Pixels, after: Pixels) -> float:
    """Peak signal-to-noise ratio in dB; infinite for equal pictures."""
    error = cv2.norm(before, after, cv2.NORM_L2SQR) / before.size
    return 10 * math.log10(255**2 / error) if error else math.inf


def _checked(pixels: Pixels) -> tuple[int, int]:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise InvalidInput("a mark goes into RGB or RGBA of 8 bits", field="pixels", found=str(pixels.shape))
    height, width = pixels.shape[:2]
    if not scale.large_enough(height, width):
        limit = f"{scale.LEAST_SIDE} pixels a side, {scale.LEAST_AREA} in all"
        raise InvalidInput("too small for a watermark", field="pixels", limit=limit, found=f"{width}×{height}")
    return height, width
