"""Mask, spectrum and extractor as one network, with everything between them that a gradient must pass.

Knows words, tiles and pictures at the scale of the tile; does not know what happens to a picture between marking and
reading.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from core.watermark import payload, tile
from detectors.watermark.extractor import Extractor
from generators.marking.masking import MOST_STRENGTH, Masking, directions, hiding, luma_of

SIDE, HALF = 64, 32  # pixels a tile where pictures are marked, and where the extractor's result lies
_KNOTS = np.arange(tile.LEAST_PERIODS, tile.MOST_PERIODS + 1)


class Marker(nn.Module):
    """What is trained. `spectrum` and `weights` are logarithms at 2, 3, … 14 periods a tile."""

    def __init__(self, mask_features: int = 16, features: int = 32) -> None:
        super().__init__()
        self.masking = Masking(mask_features)
        self.extractor = Extractor(features)
        self.spectrum = nn.Parameter(torch.zeros(len(_KNOTS)))
        self.weights = nn.Parameter(torch.zeros(len(_KNOTS)))
        self.register_buffer("between", torch.from_numpy(_hats()), persistent=False)
        self.register_buffer("gather", torch.from_numpy(_gather()), persistent=False)

    def amplitudes(self) -> torch.Tensor:
        """(waves,): of the tile's waves, for a tile of variance 1."""
        raw = (self._between @ self.spectrum).exp()
        scaled: torch.Tensor = raw / raw.pow(2).sum().sqrt()
        return scaled

    def beliefs(self) -> torch.Tensor:
        """(waves,): how far each is to be believed when read."""
        believed: torch.Tensor = (self._between @ self.weights).exp()
        return believed

    def tiles(self, waves: torch.Tensor) -> torch.Tensor:
        """(n, waves) complex, ±1 ± i, to (n, 1, 64, 64) of variance 1."""
        periods = torch.from_numpy(tile.PERIODS)
        spectrum = torch.zeros(len(waves), SIDE, SIDE, dtype=torch.complex64)
        spectrum[:, periods[:, 0] % SIDE, periods[:, 1] % SIDE] = (waves * self.amplitudes()).conj()
        tiles: torch.Tensor = torch.fft.ifft2(spectrum, norm="forward").real.unsqueeze(1)
        return tiles

    def mark(self, pictures: torch.Tensor, waves: torch.Tensor, error: float) -> tuple[torch.Tensor, torch.Tensor]:
        """Marked pictures, 0–255, and how visible the marks are.

        pictures: (n, 3, h, w), whole tiles. error: mean squared error to reach, over the batch as much as in each.
        """
        luma, direction = luma_of(pictures), directions(pictures)
        with torch.autocast("cpu", torch.bfloat16):
            amplitude = self.masking(luma).float()
        made = amplitude * self.tiles(waves).repeat(1, 1, luma.shape[2] // SIDE, luma.shape[3] // SIDE)
        each = made.pow(2).mean(dim=(1, 2, 3), keepdim=True) * direction.pow(2).mean(dim=1, keepdim=True)
        strength = (error / (each * each.mean()).sqrt()).sqrt().clamp(max=MOST_STRENGTH)
        # The fourth power: a few places that show are worse than many that almost do.
        visible = (strength * amplitude / hiding(luma)).pow(4).mean().sqrt()
        return (pictures + strength * direction * made).clamp(0, 255), visible

    def read(self, pictures: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w), whole tiles, to (n, waves) complex, summed over the tiles."""
        with torch.autocast("cpu", torch.bfloat16):
            seen = self.extractor(pictures.contiguous(memory_format=torch.channels_last))
        rows, columns = seen.shape[2] // HALF, seen.shape[3] // HALF
        folded = seen.float().view(-1, rows, HALF, columns, HALF).sum(dim=(1, 3))
        periods = torch.from_numpy(tile.PERIODS)
        waves = torch.fft.fft2(folded, norm="ortho")[:, periods[:, 0], periods[:, 1]].conj()
        # Half-scale pixels have their centres half a pixel of full scale further on.
        read: torch.Tensor = waves * turned(torch.tensor([[0.5, 0.5]])) * self.beliefs()
        return read

    def soft(self, waves: torch.Tensor) -> torch.Tensor:
        """(n, waves) to (n, 604): every sign by itself, whitening undone, positive for 0."""
        return torch.view_as_real(waves).flatten(1) * torch.from_numpy(tile.WHITE)

    def bits(self, signs: torch.Tensor) -> torch.Tensor:
        """(n, 604) signs to (n, 144) coded bits."""
        return signs @ self._gather

    @property
    def _between(self) -> torch.Tensor:
        return self.get_buffer("between")

    @property
    def _gather(self) -> torch.Tensor:
        return self.get_buffer("gather")


def turned(shift: torch.Tensor) -> torch.Tensor:
    """(n, 2) shifts of a tile in pixels, down and right, to the (n, waves) factors of its waves."""
    angle = shift @ torch.from_numpy(tile.PERIODS.T.astype(np.float32)) * (2 * np.pi / SIDE)
    return torch.polar(torch.ones_like(angle), angle)


def words(random: np.random.Generator, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random identifiers as (count, 144) coded bits and (count, waves) complex."""
    coded = [payload.encode(int(random.integers(1 << payload.ID_BITS))) for _ in range(count)]
    waves = np.stack([tile.waves_of(word) for word in coded])
    return torch.from_numpy(np.stack(coded)).float(), torch.from_numpy(waves)


def losses(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of soft values that are positive for 0."""
    return functional.binary_cross_entropy_with_logits(-found, wanted)


def _hats() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(waves, knots): linear interpolation over the frequency."""
    return np.asarray(np.maximum(0, 1 - np.abs(tile.FREQUENCY[:, None] - _KNOTS[None])), dtype=np.float32)


def _gather() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.equal(tile.OWNERS[:, None], np.arange(payload.CODED_BITS)).astype(np.float32)
