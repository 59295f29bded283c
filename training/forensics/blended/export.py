"""From a trained blend network to what ships: weights in half precision, what is familiar to them, their calibration.

Both are fitted on whole photographs that the network never saw, with the weights as they are served.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from core.errors import LimitExceeded
from core.media import Pixels
from detectors.blends.detector import MARKED_FROM, NAME
from detectors.blends.looker import Look, Looker
from detectors.blends.network import BlendNetwork, Shape
from training.evaluation.detecting import localisation
from training.evaluation.detecting.familiar import fit_familiar
from training.evaluation.detecting.fit import fit
from training.export import LICENCE, MAX_BYTES, Training, pin
from training.forensics.blended.pairs import Pair, Pairs
from training.forensics.scripted.regions import Mask

UNTOUCHED = "untouched"
LONGEST = 640
"""Pixels of the longer side of whole photographs, for the calibration and every figure."""
_WRONG = 0.05  # share of either kind that may be judged wrongly: at 3%, 34 photographs leave nothing to detect
_STRANGE = 0.03  # share of known pictures that may be taken for unlike them; 34 photographs promise no less
_HALF = 0.5  # of a pixel


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """What was seen in one picture. kind: of the blend, or UNTOUCHED. host: the number of its photograph. truth: how
    much of each pixel is the source's, where it was blended.
    """

    kind: str
    host: int
    pixels: Pixels
    look: Look
    truth: Mask | None = None


def seen(looker: Looker, host: int, pair: Pair) -> tuple[Sample, Sample]:
    """Of the two pictures of a pair."""
    looks = looker.look([pair.blended, pair.untouched])
    return (
        Sample(pair.kind, host, pair.blended, looks[0], pair.share),
        Sample(UNTOUCHED, host, pair.untouched, looks[1]),
    )


def wholes(looker: Looker, pairs: Pairs, *choices: Sequence[str]) -> Iterator[Sample]:
    """Every photograph whole, blended in one kind of each of `choices`, which take turns, and its twin each time."""
    for host in range(len(pairs.hosts)):
        for kinds in choices:
            yield from seen(looker, host, pairs.whole(host, kinds[host % len(kinds)], LONGEST))


def fitted(samples: Sequence[Sample]) -> dict[str, Any]:
    """The `calibration`, what is `familiar`, and from where on cells are marked, by their names; of samples that the
    network did not learn from.
    """
    changed = [
        (localisation.fitted(sample.look.part, sample.pixels.shape), sample.truth >= _HALF)
        for sample in samples
        if sample.truth is not None
    ]
    groups = [sample.host for sample in samples]
    scores = [sample.look.score for sample in samples]
    truths = [sample.truth is not None for sample in samples]
    return {
        MARKED_FROM: localisation.best_threshold(*zip(*changed, strict=True)),
        "calibration": fit(scores, truths, groups, alpha=_WRONG),
        "familiar": fit_familiar(np.stack([each.look.features for each in samples]), groups, alpha=_STRANGE),
    }


def export(folder: Path, network: BlendNetwork, shape: Shape, training: Training, found: Mapping[str, Any]) -> Path:
    """Writes weights and calibration into `folder` and pins both in `weights.toml`; the weights' path.

    network: rounded to half precision. found: what `fitted` made. Raises LimitExceeded for a file above 16 MiB.
    """
    tensors = {name: value.detach().half().contiguous() for name, value in network.state_dict().items()}
    tensors |= {name: torch.from_numpy(value) for name, value in found["familiar"].arrays().items()}
    data = save(tensors)
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{NAME} is too large to ship", field="file", limit=str(MAX_BYTES), found=str(len(data)))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.safetensors"
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
    calibration = f"{NAME}.calibration.json"
    entry = {
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "architecture": "diffusers UNet2DModel",
        "card": f"{NAME}.md",
        "licence": LICENCE,
        "parameters": {
            "channels": list(shape.channels),
            "layers": shape.layers,
            MARKED_FROM: round(found[MARKED_FROM], 4),
            "calibration": calibration,
            "calibration_sha256": found["calibration"].write(folder / calibration),
        },
        "training": asdict(training),
        "measured": {"parameters": sum(value.numel() for value in network.parameters())},
    }
    pin(folder / "weights.toml", NAME, entry)
    return path
