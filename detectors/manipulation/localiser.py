"""The network as others use it: a picture → where it was manipulated, how sure that is, and one score.

It looks at pixels as they are, in tiles: resizing would take away what it looks for. It knows nothing of verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.devices import multiplies_in_half
from core.media import Pixels
from detectors.manipulation import tiles
from detectors.manipulation.network import ManipulationNetwork, contrasts
from detectors.manipulation.traces import STRIDE

MOST_PIXELS = 3_000_000
"""Larger pictures are reduced to it: on a processor they would take many seconds."""
_AT_ONCE = 8  # tiles, on a GPU; on a processor one by one, whose maps its caches hold


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """score: see `network.contrasts`. heat: probability of "manipulated", confidence: of that being right; both float32
    (h, w), 0 to 1, over the whole picture. features: float32 (d,). reduced: by which factor its sides were, 1 for not.
    """

    score: float
    heat: NDArray[np.float32]
    confidence: NDArray[np.float32]
    features: NDArray[np.float32]
    reduced: float = 1.0


class Localiser:
    """network: trained. device: where it runs. half: whether convolutions are of bfloat16; None: where the device has
    units for it. The log odds differ by about 0.01 between the two, so that a verdict MUST say which it was.
    """

    def __init__(self, network: ManipulationNetwork, device: torch.device, half: bool | None = None) -> None:
        self._device = device
        self._half = multiplies_in_half(device) if half is None else half
        self._network = network.float().eval().requires_grad_(False)
        self._network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def look(self, pixels: Pixels) -> Look:
        """pixels: RGB uint8 (h, w, 3), sides of 64 or more."""
        pixels, factor = tiles.reduced(pixels, MOST_PIXELS)
        whole = tiles.padded(pixels)
        where = tiles.boxes(*whole.shape[:2])
        seen = list(self._seen(whole, where))
        maps = tiles.together([each for each, _ in seen], where, STRIDE)
        maps = maps[:, : -(-pixels.shape[0] // STRIDE), : -(-pixels.shape[1] // STRIDE)]
        heat, confidence = torch.sigmoid(torch.from_numpy(maps)).numpy()
        features = np.stack([each for _, each in seen]).mean(axis=0).astype(np.float32)
        return Look(float(contrasts(torch.from_numpy(maps[None]))[0]), heat, confidence, features, factor)

    def _seen(self, whole: Pixels, where: list[tiles.Box]) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Maps and features of each tile."""
        at_once = _AT_ONCE if self._device.type == "cuda" else 1
        for start in range(0, len(where), at_once):
            stack = np.stack([whole[box] for box in where[start : start + at_once]])
            pictures = torch.from_numpy(stack).permute(0, 3, 1, 2).to(self._device, torch.float32).div_(127.5).sub_(1)
            with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
                maps, features = self._network.look(pictures)
            yield from zip(maps.cpu().numpy(), features.cpu().numpy(), strict=True)
