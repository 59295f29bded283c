"""Blend networks that an operator trained, by `python -m training.blend --faces`: one file of tensors, whose header
says how the network is shaped.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open

from core.errors import ConfigurationError, IntegrityError
from core.media import Pixels
from core.weights import load_pinned
from detectors.blends.network import BlendNetwork
from detectors.manipulation.tiles import COARSEST
from detectors.manipulation.unet import Shape
from detectors.own.files import Opened
from detectors.own.network import Network, loading
from detectors.own.settings import OwnCheckpoint
from detectors.verdicts.running import Runner

LIBRARY = "the blend network"
HEADER = "blend"
"""The field of the file's header: JSON with channels, layers, and the side of the squares that it takes."""
CLASSES = ("blended",)


def load(checkpoint: OwnCheckpoint, opened: Opened, runner: Runner) -> Network:
    """Its one output is the log odds of a blend. Raises ConfigurationError for settings that do not fit, and
    IntegrityError for another file.
    """
    if checkpoint.outputs != "sigmoid" or not opened.path.is_file():
        told = "path is one file, and outputs is sigmoid"
        raise ConfigurationError(f"the detector {checkpoint.name}: of a blend network {told}")
    with loading(checkpoint.name, LIBRARY):
        shape, side = read_header(_header(opened))
        network = BlendNetwork(shape)
        tensors = load_pinned(opened.path, opened.sha256(opened.path.name))
        network.load_state_dict({name: value.float() for name, value in tensors.items()})
    runner.place(network)

    def classify(pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (network(pictures)[0][:, None],)

    return Network(classify, lambda pixels: prepared(pixels, side), CLASSES)


def prepared(pixels: Pixels, side: int) -> torch.Tensor:
    """RGB uint8 (h, w, 3) → float32 (3, side, side), -1 to 1: squeezed to it."""
    small = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR), np.float32)
    return torch.from_numpy(np.ascontiguousarray(small.transpose(2, 0, 1))).div_(127.5).sub_(1)


def read_header(text: str) -> tuple[Shape, int]:
    """Raises IntegrityError where the network or its side cannot be."""
    said: Any = json.loads(text)
    side = said.get("side") if isinstance(said, dict) else None
    if not isinstance(side, int) or side < COARSEST or side % COARSEST:
        raise IntegrityError(f"the header {HEADER} names no side that is a multiple of {COARSEST}")
    return Shape.of(said), side


def _header(opened: Opened) -> str:
    with safe_open(opened.path, "pt") as file:
        return str((file.metadata() or {}).get(HEADER, ""))
