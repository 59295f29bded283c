"""Image classifiers of timm: a folder as timm saves it for a hub, or a file of tensors and the architecture's name."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image

from core.errors import ConfigurationError, IntegrityError
from core.media import Pixels
from core.weights import load_pinned
from detectors.own.files import Opened
from detectors.own.network import Network, loading, need
from detectors.own.settings import OwnCheckpoint
from detectors.verdicts.running import Runner

LIBRARY = "timm"
_TENSORS = "model.safetensors"


def load(checkpoint: OwnCheckpoint, opened: Opened, runner: Runner) -> Network:
    """Raises ConfigurationError for settings that do not fit, and IntegrityError for tensors that do not."""
    need(checkpoint.name, "timm", LIBRARY)
    import timm
    from timm.data.config import resolve_data_config
    from timm.data.transforms_factory import create_transform

    alone = opened.path.is_file()
    _check(checkpoint, alone=alone)
    file = opened.path if alone else opened.path / _TENSORS
    with loading(checkpoint.name, LIBRARY):
        # Neither way of naming one leads to a hub: no scheme is left in the first, and the second is a folder.
        source = checkpoint.given.architecture if alone else f"local-dir:{opened.path}"
        outputs: dict[str, Any] = {"num_classes": len(checkpoint.given.classes)} if alone else {}
        network: Any = timm.create_model(source, pretrained=False, **outputs)
        tensors = load_pinned(file, opened.sha256(file.name))
        wanted: Any = resolve_data_config({}, model=network)  # type: ignore[no-untyped-call]
        transform: Any = create_transform(**wanted, is_training=False)
        named = () if alone else tuple(map(str, network.pretrained_cfg.get("label_names") or ()))
    _fill(checkpoint, network, tensors)
    runner.place(network)

    def classify(pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (network(pictures),)

    def prepare(pixels: Pixels) -> torch.Tensor:
        picture: torch.Tensor = transform(Image.fromarray(pixels))
        return picture

    return Network(classify, prepare, checkpoint.given.classes or named)


def _check(checkpoint: OwnCheckpoint, *, alone: bool) -> None:
    import timm

    name, given = checkpoint.name, checkpoint.given
    if not alone and given.architecture:
        raise ConfigurationError(f"the detector {name}: architecture is for a file; a folder's config.json names it")
    if alone and not timm.is_model(given.architecture):
        raise ConfigurationError(f"the detector {name}: architecture {given.architecture!r} is none that timm has")
    if alone and not given.classes:
        raise ConfigurationError(f"the detector {name}: set classes to the names of the outputs, in their order")


def _fill(checkpoint: OwnCheckpoint, network: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Every tensor has its place, and every place its tensor."""
    try:
        network.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        what = str(error).strip().splitlines()[-1].strip()
        raise IntegrityError(
            f"the detector {checkpoint.name}: the tensors do not fit the architecture with its classes ({what:.200})"
        ) from error
