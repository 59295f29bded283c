"""What a training on an operator's faces makes: a file for `[[server.classifiers]]`, and its calibration.

The scores that the calibration is fitted to are those of the file as a server runs it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save

from core.media import Pixels
from detectors.blends.network import BlendNetwork
from detectors.manipulation.unet import Shape
from detectors.own.with_blend import CLASSES, HEADER, prepared
from detectors.verdicts.calibration import Calibration
from training.evaluation.detecting.fit import fit
from training.forensics.blended.export import LONGEST
from training.forensics.blended.faces import MARGIN
from training.forensics.blended.pairs import Pairs

NAME = "blend_faces"
_WRONG = 0.05  # share of either kind that may be judged wrongly


def write_checkpoint(folder: Path, network: BlendNetwork, shape: Shape, side: int, pairs: Pairs) -> str:
    """Writes file and calibration, each whole or not at all; the table that a server's configuration gets.

    network: rounded to half precision. side: of the squares that it is shown. pairs: of photographs that it did not
    learn from.
    """
    said = json.dumps({"channels": list(shape.channels), "layers": shape.layers, "side": side})
    tensors = {name: value.detach().half().contiguous() for name, value in network.state_dict().items()}
    data = save(tensors, {HEADER: said})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.safetensors"
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
    calibration = folder / f"{NAME}.calibration.json"
    pinned = calibrated(network, side, pairs).write(calibration)
    return _table(path, hashlib.sha256(data).hexdigest(), calibration, pinned)


def calibrated(network: BlendNetwork, side: int, pairs: Pairs) -> Calibration:
    """Every face blended in each of the pairs' ways, and its twins."""
    scores: list[float] = []
    truths: list[bool] = []
    hosts: list[int] = []
    for host in range(len(pairs.hosts)):
        for kind in pairs.kinds:
            made = pairs.whole(host, kind, LONGEST)
            scores += [score(network, side, made.blended), score(network, side, made.untouched)]
            truths += [True, False]
            hosts += [host, host]
    return fit(scores, truths, hosts, alpha=_WRONG)


def score(network: BlendNetwork, side: int, pixels: Pixels) -> float:
    """Log odds of one crop, as a server computes them."""
    with torch.inference_mode():
        return float(network.eval()(prepared(pixels, side)[None])[0])


def _table(path: Path, sha256: str, calibration: Path, pinned: str) -> str:
    lines = [
        "[[server.classifiers]]",
        f'name = "{NAME}"',
        'kind = "blend"',
        'label = "blended_face"',
        f'detected = ["{CLASSES[0]}"]',
        'outputs = "sigmoid"',
        'crop = "faces"',
        f"margin = {MARGIN}",
        f'path = "{path.resolve()}"',
        f'sha256 = "{sha256}"',
        'licence = ""  # yours to say',
        f'calibration = "{calibration.resolve()}"',
        f'calibration_sha256 = "{pinned}"',
    ]
    return "\n".join(lines)
