"""The network as others use it: pictures → one score each, what was blended in, and where its border runs.

It looks at whole pictures: above 400,000 pixels they are reduced. It knows nothing of verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.media import Pixels
from detectors.blends.network import BORDER, PART, BlendNetwork
from detectors.manipulation import tiles
from detectors.manipulation.traces import STRIDE
from detectors.verdicts.running import Outputs, Runner

MOST_PIXELS = 400_000
"""Larger pictures are reduced to it: a blend is a part of some size, and every pixel costs time."""


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """score: log odds of a blend. part, border: probabilities, float32 (h, w), 0 to 1, over the whole picture.
    features: float32 (d,).
    """

    score: float
    part: NDArray[np.float32]
    border: NDArray[np.float32]
    features: NDArray[np.float32]


class Looker:
    """network: trained. runner: where and how it runs."""

    def __init__(self, network: BlendNetwork, runner: Runner) -> None:
        self._network = runner.place(network)
        self._runner = runner

    def look(self, pictures: Sequence[Pixels]) -> list[Look]:
        """pictures: RGB uint8 (h, w, 3), of their own sizes; those of one size share a GPU's calls."""
        sizes: list[tuple[int, ...]] = []

        def inputs() -> Iterator[torch.Tensor]:
            for pixels in pictures:
                small, _ = tiles.reduced(pixels, MOST_PIXELS)
                sizes.append(small.shape[:2])
                yield torch.from_numpy(tiles.padded(small)).permute(2, 0, 1).float().div_(127.5).sub_(1)

        found = self._runner.run(self._network, inputs())
        return [_look(outputs, size) for outputs, size in zip(found, sizes, strict=True)]


def _look(outputs: Outputs, size: tuple[int, ...]) -> Look:
    score, maps, features = outputs
    height, width = size
    seen = torch.sigmoid(maps[:, : -(-height // STRIDE), : -(-width // STRIDE)]).numpy()
    return Look(float(score), seen[PART], seen[BORDER], features.numpy())
