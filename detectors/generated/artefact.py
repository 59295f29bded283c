"""The artefact branch of `generated_image`: how strongly a picture shows the trace of a decoder, and where.

It looks at tiles of the picture as it is, never resized: resizing is what erases the trace. It knows the network and
pixels. It does not know what the score means for a verdict: the detector does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.devices import pick_device
from core.errors import IntegrityError
from core.media import Pixels
from core.weights import PinnedWeights
from detectors.generated.network import STRIDE, ArtefactNetwork, ArtefactSpec, pooled
from detectors.texture import contrast

NAME = "generated_artefact"
LEAST_SIDE = 64
"""Of a picture, pixels: below it, there are too few cells to speak of a trace."""
TILE = 192
MOST_TILES = 5
"""Along an axis: larger pictures are looked at in places, evenly spread."""
_FLAT = 1.0  # deviation of the pixels, 8-bit steps: flatter pictures hold no trace
_BATCH = 8

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class ArtefactBranch:
    """The network on its device. digest: sha256 of its weights' file, 64 hexadecimal digits. most: tiles an axis."""

    network: ArtefactNetwork
    device: torch.device
    digest: str
    most: int = MOST_TILES

    @classmethod
    def load(cls, pinned: PinnedWeights, device: str = "cpu", most: int = MOST_TILES) -> ArtefactBranch:
        """From pinned weights. device: as `pick_device` has it. most: tiles along an axis.

        Raises as `PinnedWeights.load` and `pick_device` do, ConfigurationError for incomplete parameters, and
        IntegrityError for tensors of another network.
        """
        network = ArtefactNetwork(ArtefactSpec.of(pinned.parameters))
        try:
            network.load_state_dict(pinned.load())
        except RuntimeError as error:
            raise IntegrityError(f"the weights {pinned.path.name} are not of the artefact network") from error
        target = pick_device(device)
        return cls(network.float().eval().requires_grad_(False).to(target), target, pinned.sha256, most)

    def read(self, pixels: Sequence[Pixels]) -> list[tuple[float | None, Floats | None]]:
        """Of each RGB uint8 (h, w, 3) its log odds, and where they are high: float32 (h/8, w/8), 0–1.

        None and None for pictures that are too small or flat to show a trace. What lies between the tiles of a large
        picture is filled in from them. Equal alone and batched, up to the rounding of the device.
        """
        return [self._one(picture) if _readable(picture) else (None, None) for picture in pixels]

    def _one(self, picture: Pixels) -> tuple[float, Floats]:
        height, width = picture.shape[:2]
        tops, lefts = (starts(length, self.most) for length in (height, width))
        tiles = [picture[top : top + TILE, left : left + TILE] for top in tops for left in lefts]
        maps = self._maps(tiles)
        score = float(pooled(torch.from_numpy(maps).flatten()[None]))
        return score, _assembled(maps, tops, lefts, (height // STRIDE, width // STRIDE))

    def _maps(self, tiles: Sequence[Pixels]) -> Floats:
        """Log odds of tiles of one size, (n, h/8, w/8)."""
        height, width = (side // STRIDE * STRIDE for side in tiles[0].shape[:2])
        stack = np.stack([tile[:height, :width] for tile in tiles])
        made = []
        with torch.inference_mode():
            for start in range(0, len(stack), _BATCH):
                batch = torch.from_numpy(stack[start : start + _BATCH]).to(self.device).permute(0, 3, 1, 2).float()
                made.append(self.network(batch.contiguous()).cpu())
        maps: Floats = torch.cat(made).numpy()
        return maps


def starts(length: int, most: int) -> list[int]:
    """Where tiles begin along an axis, on the grid of cells: as many as cover it, or `most`, evenly spread."""
    if length <= TILE:
        return [0]
    count = min(most, -(-length // TILE))
    if count == 1:
        return [(length - TILE) // 2 // STRIDE * STRIDE]
    return [round(at * (length - TILE) / (count - 1)) // STRIDE * STRIDE for at in range(count)]


def _readable(picture: Pixels) -> bool:
    return min(picture.shape[:2]) >= LEAST_SIDE and contrast(picture) >= _FLAT


def _assembled(maps: Floats, tops: Sequence[int], lefts: Sequence[int], size: tuple[int, int]) -> Floats:
    """Tiles at their places, float32 of that size, 0–1; means of tiles in between."""
    height, width = size
    means = maps.mean(axis=(1, 2)).reshape(len(tops), len(lefts))
    canvas = np.asarray(cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    total, count = np.zeros(size, np.float32), np.zeros(size, np.float32)
    for at, tile in enumerate(maps):
        top, left = tops[at // len(lefts)] // STRIDE, lefts[at % len(lefts)] // STRIDE
        rows, columns = slice(top, top + tile.shape[0]), slice(left, left + tile.shape[1])
        total[rows, columns] += tile[: height - top, : width - left]
        count[rows, columns] += 1
    canvas = np.where(count > 0, total / np.maximum(count, 1), canvas)
    heat: Floats = (1 / (1 + np.exp(-np.clip(canvas, -30, 30)))).astype(np.float32)
    return heat
