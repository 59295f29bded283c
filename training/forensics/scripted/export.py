"""From a trained localiser to what ships: weights in half precision, what is familiar to them, and their calibration.

Both are fitted on photographs that the network never saw, with the weights as they are served.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from safetensors.torch import save

from core.errors import LimitExceeded
from core.media import Pixels
from detectors.manipulation.detector import MARKED_FROM, NAME
from detectors.manipulation.localiser import Localiser, Look
from detectors.manipulation.network import ManipulationNetwork, Shape
from detectors.verdicts.calibration import Calibration
from training.evaluation.detecting import localisation
from training.evaluation.detecting.familiar import fit_familiar
from training.evaluation.detecting.fit import fit
from training.export import LICENCE, MAX_BYTES, Training, pin
from training.forensics.scripted.histories import Delivery, deliver, draw_delivery
from training.forensics.scripted.regions import Mask
from training.forensics.scripted.samples import Pairs

WHOLE = "whole"
"""The kind of untouched photographs as they are, beside squares cut from them."""
UNTOUCHED = "untouched"
_WRONG = 0.05  # share of either kind that may be judged wrongly: at 3%, 34 photographs leave nothing to detect
_STRANGE = 0.03  # share of known pictures that may be taken for unlike them; 34 photographs promise no less
_HALF = 0.5  # of a pixel
_SIDES = 960  # longest side of whole photographs, pixels


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """What a localiser saw in one picture. kind: an operation, UNTOUCHED or WHOLE. host: the number of its photograph.

    truth: the mask, where it was manipulated.
    """

    kind: str
    host: int
    pixels: Pixels
    look: Look
    truth: Mask | None = None


def samples(localiser: Localiser, pairs: Pairs, rounds: int) -> Iterator[Sample]:
    """Of every photograph `rounds` pairs an operation of `pairs`, and the whole of it, delivered."""
    for host, photograph in enumerate(pairs.hosts):
        for turn, name in enumerate(name for _ in range(rounds) for name in pairs.operations):
            made = pairs.pair(host * 1000 + turn, name, host)
            yield Sample(name, host, made.manipulated, localiser.look(made.manipulated), made.mask)
            yield Sample(UNTOUCHED, host, made.untouched, localiser.look(made.untouched))
        whole = received(photograph, np.random.default_rng((pairs.seed, host)))
        yield Sample(WHOLE, host, whole, localiser.look(whole))


def received(photograph: Pixels, random: Generator) -> Pixels:
    """The whole photograph, at most 960 pixels long, after a delivery."""
    shrink = min(1.0, _SIDES / max(photograph.shape[:2]))
    return deliver(photograph, Delivery(shrink, draw_delivery(random).coding))


def export(
    folder: Path, network: ManipulationNetwork, shape: Shape, training: Training, found: Mapping[str, Any]
) -> Path:
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
            **{name: list(value) if isinstance(value, tuple) else value for name, value in asdict(shape).items()},
            MARKED_FROM: round(found[MARKED_FROM], 4),
            "calibration": calibration,
            "calibration_sha256": found["calibration"].write(folder / calibration),
        },
        "training": asdict(training),
        "measured": {"parameters": sum(value.numel() for value in network.parameters())},
    }
    pin(folder / "weights.toml", NAME, entry)
    return path


def fitted(seen: list[Sample]) -> dict[str, Any]:
    """The `calibration`, what is `familiar`, and from where on cells are marked, by their names; of samples that the
    network did not learn from.
    """
    changed = [
        (localisation.fitted(sample.look.heat, sample.pixels.shape), sample.truth >= _HALF)
        for sample in seen
        if sample.truth is not None
    ]
    groups = [sample.host for sample in seen]
    return {
        MARKED_FROM: localisation.best_threshold(*zip(*changed, strict=True)),
        "calibration": calibrated(seen),
        "familiar": fit_familiar(np.stack([sample.look.features for sample in seen]), groups, alpha=_STRANGE),
    }


def calibrated(seen: list[Sample]) -> Calibration:
    """What scores mean, as of `fitted`.

    Whole photographs hold skies and blurred grounds beside each other, which squares seldom do, and score higher: they
    are what is uploaded, so that they alone say what an untouched picture may score.
    """
    judged = [sample for sample in seen if sample.kind != UNTOUCHED]
    scores = [sample.look.score for sample in judged]
    truths = [sample.truth is not None for sample in judged]
    return fit(scores, truths, [sample.host for sample in judged], alpha=_WRONG)
