"""How a brought classifier sees a picture: whole, as the checkpoint wants it, or in pieces of its own resolution.

The checkpoint's library prepares whole pictures. What it does to samples is found by asking it for plain ones, so that
pieces get the same, whatever the library calls it. Knows no library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from core.media import Pixels

Prepare: TypeAlias = Callable[[Pixels], torch.Tensor]
"""RGB uint8 (h, w, 3) → float32 (3, side, side), as the network wants it."""
_EXACT = 1e-3  # of the samples' scale


@dataclass(frozen=True, eq=False, slots=True)
class Eyes:
    """prepare: for whole pictures. shape: (h, w) of what it makes. dark, bright: float32 (3, 1, 1), what it makes of
    the samples 0 and 255.
    """

    prepare: Prepare
    shape: tuple[int, int]
    dark: torch.Tensor
    bright: torch.Tensor

    def whole(self, pixels: Pixels) -> Iterator[torch.Tensor]:
        """The picture as the checkpoint wants it. Pixels of any size from 1×1 on."""
        yield self.prepare(pixels)

    def pieces(self, pixels: Pixels, most: int) -> Iterator[torch.Tensor]:
        """Up to `most` pieces that are not resized. The picture MUST be as large as `shape`, or larger."""
        height, width = self.shape
        for top, left in places(pixels.shape, self.shape, most):
            yield self._graded(pixels[top : top + height, left : left + width])

    def _graded(self, piece: Pixels) -> torch.Tensor:
        samples = torch.from_numpy(np.array(piece)).permute(2, 0, 1).float().div_(255.0)
        return self.dark + (self.bright - self.dark) * samples


def eyes_of(prepare: Prepare) -> Eyes:
    """With what was found by asking. Raises ValueError where plain pictures do not come out plain, between black and
    white in proportion, or of one size.
    """
    dark, grey, bright = (prepare(np.full((256, 256, 3), level, np.uint8)) for level in (0, 51, 255))
    wide = prepare(np.zeros((128, 384, 3), np.uint8))
    if dark.ndim != 3 or dark.shape[0] != 3 or wide.shape != dark.shape:
        raise ValueError(f"pictures become {tuple(dark.shape)} and {tuple(wide.shape)}, not one (3, h, w)")
    low, middle, high = (each.float().mean(dim=(1, 2), keepdim=True) for each in (dark, grey, bright))
    scale = float((high - low).abs().max())
    plain = max(float((each - mean).abs().max()) for each, mean in ((dark, low), (grey, middle), (bright, high)))
    bent = float((middle - (low + (high - low) * 0.2)).abs().max())
    if not scale > 0 or max(plain, bent) > _EXACT * scale:
        raise ValueError("samples are not made darker and brighter in proportion")
    return Eyes(prepare, (int(dark.shape[1]), int(dark.shape[2])), low, high)


def places(size: tuple[int, ...], piece: tuple[int, int], most: int) -> Iterator[tuple[int, int]]:
    """(top, left) of up to `most` pieces, spread evenly from border to border. size: (height, width, …), as large as
    `piece` or larger.
    """
    rows, columns = math.ceil(size[0] / piece[0]), math.ceil(size[1] / piece[1])
    while rows * columns > most:
        rows, columns = (rows - 1, columns) if rows >= columns else (rows, columns - 1)
    for top in _spread(size[0] - piece[0], rows):
        for left in _spread(size[1] - piece[1], columns):
            yield top, left


def _spread(room: int, count: int) -> list[int]:
    """One piece alone lies in the middle."""
    return [room // 2] if count == 1 else [round(room * number / (count - 1)) for number in range(count)]
