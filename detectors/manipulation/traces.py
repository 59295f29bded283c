"""What a picture's past leaves in its pixels, as fixed maps: nothing here is learned.

The energies of noise residuals and of DCT waves tell noise, blur, sharpening and quantisation; how second differences
are spread over the phases of an 8-pixel grid tells compression, and where its blocks began; the residuals themselves
are handed on pixel by pixel. In single precision: eight bits of fraction hold no noise.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

STRIDE = 4
"""Pixels to a cell."""
BLOCK = 8
_COLOURS = 3
_SATURATION = 4.0  # of residuals, in grey levels: edges are large and say nothing
_FLOOR = 0.05  # of energies, in squared grey levels: what rounding leaves
_SPREAD = 3.0  # of logarithms of energies
_CAP = 16.0  # of second differences, in grey levels: edges would drown the grid
_AROUND = 5  # blocks over which a grid is looked for
# Three filters of the Spatial Rich Model (Fridrich and Kodovský 2012), as chosen by Zhou et al. (2018).
_SECOND = ((0, 0, 0, 0, 0), (0, -1, 2, -1, 0), (0, 2, -4, 2, 0), (0, -1, 2, -1, 0), (0, 0, 0, 0, 0))
_FIFTH = ((-1, 2, -2, 2, -1), (2, -6, 8, -6, 2), (-2, 8, -12, 8, -2), (2, -6, 8, -6, 2), (-1, 2, -2, 2, -1))
_LINE = ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 1, -2, 1, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0))
_FILTERS = ((_SECOND, 4.0), (_FIFTH, 12.0), (_LINE, 2.0))
_WAVES = ((0, 2), (2, 0), (0, 4), (4, 0), (0, 7), (7, 0), (4, 4), (7, 7))
_LUMA = (0.299, 0.587, 0.114)
ENERGIES = len(_FILTERS) * _COLOURS + len(_WAVES)
PHASES = 2 * BLOCK
DESCRIBED = ENERGIES + PHASES + _COLOURS
"""Of `describe`: logarithms of energies, phases, colours."""
CHANNELS = 2 * ENERGIES + PHASES + _COLOURS + len(_FILTERS) * STRIDE**2
"""Of `forward`."""


class Traces(nn.Module):
    """What can be computed of any picture, on whatever device.

    Pictures float (n, 3, h, w), -1 to 1, sides multiples of 8 → (n, CHANNELS, h/4, w/4), most of them within ±3.
    """

    filters: torch.Tensor
    waves: torch.Tensor
    luma: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        filters = torch.tensor([each for each, _ in _FILTERS], dtype=torch.float32)
        scales = torch.tensor([scale for _, scale in _FILTERS]).reshape(-1, 1, 1)
        self.register_buffer("filters", _for_cells(filters / scales), persistent=False)
        self.register_buffer("waves", _for_cells(torch.stack([_wave(*each) for each in _WAVES])), persistent=False)
        self.register_buffer("luma", torch.tensor(_LUMA).reshape(1, _COLOURS, 1, 1), persistent=False)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return self.look(pictures)[0]

    def look(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The maps, and their means over each picture that do not depend on it, (n, DESCRIBED)."""
        sloped = pictures.requires_grad and torch.is_grad_enabled()  # of an attacker alone: nothing here is learned
        with torch.set_grad_enabled(sloped), torch.autocast(pictures.device.type, enabled=False):
            grey_levels = pictures.float().contiguous() * 127.5
            luma = functional.conv2d(grey_levels, self.luma)
            residuals = self._residuals(grey_levels)
            energies = torch.cat([_energy(residuals.flatten(1, 2)), _energy(self._transformed(luma))], dim=1)
            means = energies.mean(dim=(2, 3), keepdim=True)
            phases = _phases(luma)
            colours = functional.avg_pool2d(grey_levels, STRIDE) / 127.5
            described = torch.cat([each.mean(dim=(2, 3)) for each in (energies, phases, colours)], dim=1)
            fine = torch.tanh(self._of_luma(residuals) / _SATURATION)
            away = (energies - means) * (_SPREAD / 2)
            return torch.cat([energies, away, phases, colours, fine], dim=1), described

    def _residuals(self, grey_levels: torch.Tensor) -> torch.Tensor:
        """(n, 3, 48, h/4, w/4): of each colour all filters, of each filter the pixels of a cell."""
        count, _, height, width = grey_levels.shape
        padded = functional.pad(grey_levels, (2, 2, 2, 2), mode="reflect")
        planes = padded.reshape(count * _COLOURS, 1, height + 4, width + 4)
        found = functional.conv2d(planes, self.filters, stride=STRIDE)
        return found.reshape(count, _COLOURS, *found.shape[1:])

    def _of_luma(self, residuals: torch.Tensor) -> torch.Tensor:
        """Filters are linear: those of the luma are the luma of those of the colours."""
        red, green, blue = residuals.unbind(1)
        return red.mul(_LUMA[0]).add_(green, alpha=_LUMA[1]).add_(blue, alpha=_LUMA[2])

    def _transformed(self, luma: torch.Tensor) -> torch.Tensor:
        """(n, 128, h/4, w/4): of each wave the places in a cell."""
        return functional.conv2d(functional.pad(luma, (3, 4, 3, 4), mode="reflect"), self.waves, stride=STRIDE)


def _for_cells(kernels: torch.Tensor) -> torch.Tensor:
    """Kernels (n, k, k) → (16 n, 1, k+3, k+3), which give in one step, a cell wide, what they give at all its pixels:
    nothing as large as the picture is written, which costs more than the sums do.
    """
    side = kernels.shape[-1]
    made = kernels.new_zeros(len(kernels), STRIDE, STRIDE, side + STRIDE - 1, side + STRIDE - 1)
    for down in range(STRIDE):
        for across in range(STRIDE):
            made[:, down, across, down : down + side, across : across + side] = kernels
    return made.flatten(0, 2)[:, None]


def _energy(values: torch.Tensor) -> torch.Tensor:
    """Logarithms of the mean square of each cell's pixels, (n, 16 c, h, w) → (n, c, h, w), over `_SPREAD`."""
    count, channels, height, width = values.shape
    squares = (values * values).reshape(count, channels // STRIDE**2, STRIDE**2, height, width).mean(dim=2)
    return torch.log(squares + _FLOOR) / _SPREAD


def _phases(luma: torch.Tensor) -> torch.Tensor:
    """(n, 16, h/4, w/4): how much more the second difference is at each of eight columns, then rows, than at all."""
    found = []
    for axis in (3, 2):
        padded = functional.pad(luma, (1, 1, 0, 0) if axis == 3 else (0, 0, 1, 1), mode="reflect")
        length = luma.shape[axis]
        beside = padded.narrow(axis, 0, length) + padded.narrow(axis, 2, length)
        second = torch.sub(luma, beside, alpha=0.5).abs_().mul_(2).clamp_(max=_CAP)
        rows, columns = (side // BLOCK for side in luma.shape[2:])
        blocks = second.reshape(len(luma), rows, BLOCK, columns, BLOCK)
        blocks = blocks.mean(dim=2).permute(0, 3, 1, 2) if axis == 3 else blocks.mean(dim=4).permute(0, 2, 1, 3)
        around = functional.avg_pool2d(blocks, _AROUND, 1, _AROUND // 2, count_include_pad=False)
        found.append(torch.log((around + _FLOOR) / (around.mean(dim=1, keepdim=True) + _FLOOR)))
    return functional.interpolate(torch.cat(found, dim=1), scale_factor=BLOCK // STRIDE, mode="nearest") * 2


def _wave(down: int, across: int) -> torch.Tensor:
    """A wave of the orthonormal DCT, (8, 8)."""
    places = (torch.arange(BLOCK) + 0.5) * math.pi / BLOCK
    lengths = [math.sqrt((1 if frequency == 0 else 2) / BLOCK) for frequency in (down, across)]
    return torch.outer(torch.cos(down * places) * lengths[0], torch.cos(across * places) * lengths[1])
