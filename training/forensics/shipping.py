"""From a trained network on traces to its files: weights, what is familiar to them, calibration, and the pins of both.

It knows what both networks ship alike. What calibrations are fitted to, and on which pictures, the `export` of each
package says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import nn

from core.errors import LimitExceeded
from core.media import Pixels
from detectors.manipulation.detector import MARKED_FROM
from training.evaluation.detecting import localisation
from training.evaluation.detecting.familiar import fit_familiar
from training.evaluation.detecting.localisation import Map
from training.export import LICENCE, MAX_BYTES, Training, pin
from training.forensics.scripted.regions import Mask

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Looked(Protocol):
    """What both networks say of a picture."""

    @property
    def features(self) -> NDArray[np.float32]:
        """(d,)."""
        ...


Look = TypeVar("Look", bound=Looked)
WRONG = 0.05
"""Share of either kind that may be judged wrongly: at 3%, 34 photographs leave nothing to detect."""
STRANGE = 0.03
"""Share of known pictures that may be taken for unlike them; 34 photographs promise no less."""
HALF = 0.5
"""Of a pixel, from which on it counts as changed."""


@dataclass(frozen=True, eq=False)  # no slots: Python 3.11 makes no frozen one with slots from a name like Sample[Look]
class Sample(Generic[Look]):
    """What a network saw in one picture. kind: of what was done to it, or that nothing was. host: the number of its
    photograph. truth: how much of each pixel was changed, where it was.
    """

    kind: str
    host: int
    pixels: Pixels
    look: Look
    truth: Mask | None = None


def fitted(samples: Sequence[Sample[Look]], map_of: Callable[[Look], Map]) -> dict[str, Any]:
    """What is `familiar`, and from where on cells are marked, by their names; of samples that the network did not learn
    from. map_of: the map of what was changed.
    """
    changed = [
        (localisation.fitted(map_of(sample.look), sample.pixels.shape), sample.truth >= HALF)
        for sample in samples
        if sample.truth is not None
    ]
    features = np.stack([sample.look.features for sample in samples])
    return {
        MARKED_FROM: localisation.best_threshold(*zip(*changed, strict=True)),
        "familiar": fit_familiar(features, [sample.host for sample in samples], alpha=STRANGE),
    }


def export(
    name: str, folder: Path, network: nn.Module, shape: DataclassInstance, training: Training, found: Mapping[str, Any]
) -> Path:
    """Writes weights and calibration into `folder` and pins both in `weights.toml`; the weights' path.

    network: rounded to half precision. shape: what builds it. found: what `fitted` of its package made. Raises
    LimitExceeded for a file above 16 MiB.
    """
    tensors = {key: value.detach().half().contiguous() for key, value in network.state_dict().items()}
    tensors |= {key: torch.from_numpy(value) for key, value in found["familiar"].arrays().items()}
    data = save(tensors)
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{name} is too large to ship", field="file", limit=str(MAX_BYTES), found=str(len(data)))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
    calibration = f"{name}.calibration.json"
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "architecture": "diffusers UNet2DModel",
        "card": f"{name}.md",
        "licence": LICENCE,
        "parameters": {
            **{key: list(value) if isinstance(value, tuple) else value for key, value in asdict(shape).items()},
            MARKED_FROM: round(found[MARKED_FROM], 4),
            "calibration": calibration,
            "calibration_sha256": found["calibration"].write(folder / calibration),
        },
        "training": asdict(training),
        "measured": {"parameters": sum(value.numel() for value in network.parameters())},
    }
    pin(folder / "weights.toml", name, entry)
    return path
