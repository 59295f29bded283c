"""The judge as others use it: pictures → what they show, and features to compare sets of pictures by.

It lies in a pinned folder beside this package. It knows its network. It does not know who made a picture, or why.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from core.media import Pixels
from core.weight_folder import PinnedFolder, read_folders
from core.weights import load_pinned
from training.harness.folder import CONFIG, WEIGHTS
from training.harness.pictures import as_tensor
from training.judging.labels import Labels, Maps
from training.judging.network import JudgeNetwork, JudgeSpec
from training.judging.reading import Thing, things_of

NAME = "judge"
MANIFEST = Path(__file__).parents[1] / "weights" / "weights.toml"
_BATCH = 64


@dataclass(frozen=True, eq=False, slots=True)
class Judge:
    """side: of the pictures it was trained on, pixels; others are brought to it. threshold: from which it says so."""

    network: JudgeNetwork
    labels: Labels
    side: int
    threshold: float

    def look(self, pictures: Sequence[Pixels]) -> list[tuple[Thing, ...]]:
        """What each picture (RGB uint8, square) shows, the surest first."""
        seen: list[tuple[Thing, ...]] = []
        with torch.inference_mode():
            for batch in self._batches(pictures):
                seen += things_of(Maps.of(self.network(batch), self.labels), self.labels, self.threshold)
        return seen

    def features(self, pictures: Sequence[Pixels]) -> npt.NDArray[np.float32]:
        """float32 (n, width): what its last layer is told, averaged over the picture."""
        with torch.inference_mode():
            made = [self.network.finest(batch).mean(dim=(2, 3)) for batch in self._batches(pictures)]
        values: npt.NDArray[np.float32] = torch.cat(made).numpy()
        return values

    def _batches(self, pictures: Sequence[Pixels]) -> list[torch.Tensor]:
        size = (self.side, self.side)
        fitted = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
        return [
            as_tensor(np.stack(fitted[start : start + _BATCH]).astype(np.uint8))
            for start in range(0, len(fitted), _BATCH)
        ]


def config_of(spec: JudgeSpec, labels: Labels, side: int, threshold: float) -> dict[str, Any]:
    """What `load` builds it from."""
    return {"network": spec.model_dump(), "labels": asdict(labels), "side": side, "threshold": threshold}


def load(pinned: PinnedFolder | None = None) -> Judge:
    """The judge of a pinned folder, or the shipped one. Raises as `PinnedFolder.verified` does."""
    pinned = pinned or read_folders(MANIFEST)[NAME]
    with pinned.verified() as folder:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        tensors = load_pinned(folder / WEIGHTS, pinned.files[WEIGHTS])
    labels = Labels(**{name: tuple(values) for name, values in config["labels"].items()})
    network = JudgeNetwork(JudgeSpec.model_validate(config["network"]), labels.channels, len(labels.words))
    network.load_state_dict(tensors)
    return Judge(network.float().eval().requires_grad_(False), labels, config["side"], config["threshold"])
