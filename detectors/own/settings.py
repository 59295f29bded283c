"""What an operator says of a brought classifier. A module of its own, so that settings are read without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["transformers", "timm", "open_clip", "onnx", "blend"]
Outputs: TypeAlias = Literal["softmax", "sigmoid", "probabilities"]
Look: TypeAlias = Literal["whole", "tiles"]
Crop: TypeAlias = Literal["nothing", "faces"]
Combine: TypeAlias = Literal["mean", "max"]
Fit: TypeAlias = Literal["squeeze", "crop"]
Resampling: TypeAlias = Literal["bilinear", "bicubic"]
Triple: TypeAlias = tuple[float, float, float]
IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Given:
    """What a checkpoint's own files do not say.

    classes: names of the outputs, in their order. architecture: timm's name of it, for a file of tensors alone.
    prompts: texts for each class, by its name. probe: a safetensors file with `weight` (classes, width) and maybe
    `bias` (classes,) over the embedding of a picture, whose length is made 1 where normalise is set; probe_sha256: its
    digest. side, mean, std (of samples 0 to 1), fit, resampling: how an ONNX network wants its pictures; side 0 where
    the network says it.
    """

    classes: tuple[str, ...] = ()
    architecture: str = ""
    prompts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    probe: Path | None = None
    probe_sha256: str = ""
    normalise: bool = False
    side: int = 0
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    fit: Fit = "squeeze"
    resampling: Resampling = "bilinear"


@dataclass(frozen=True, slots=True)
class Judging:
    """What makes a verdict of a score: a calibration's file with its sha256, or two limits on the score's own scale.

    With the limits, DETECTED from the one on, NOT_DETECTED up to the other, nothing between them, and no probability.
    """

    calibration: Path | None = None
    calibration_sha256: str = ""
    absent_to: float | None = None
    detected_from: float | None = None


@dataclass(frozen=True, slots=True)
class OwnCheckpoint:
    """A brought classifier.

    name, label: snake_case, of the detector and of what it looks for. detected: the classes, by name or number, that
    mean that it is there. path: a folder or a file; hub: in its place the id of a folder at one, with revision, which
    may be fetched with allow_download. sha256: of the file, or of all files of the folder together, see
    `core.weight_folder.tree_digest`. licence, accept_licence: see `core.licences.accepted`. device: see
    `core.devices.pick_device`.

    outputs: what the network gives: logits of classes that exclude each other, logits of each class alone, or
    probabilities. look: at the whole picture as the checkpoint wants it, or at up to `tiles` pieces of it in its own
    resolution, whose scores are taken together by `combine`. least_side: pixels of the shorter side below which nothing
    is said. crop: "faces" shows it every face alone, with `margin` more on all sides together, in sides of the face;
    the highest score counts.
    """

    name: str
    kind: Kind
    label: str
    detected: tuple[int | str, ...]
    judging: Judging
    path: Path | None = None
    hub: str = ""
    revision: str = "main"
    allow_download: bool = False
    sha256: str = ""
    licence: str = ""
    accept_licence: str = ""
    device: str = "auto"
    given: Given = Given()
    outputs: Outputs = "softmax"
    look: Look = "whole"
    tiles: int = 9
    combine: Combine = "mean"
    least_side: int = 64
    crop: Crop = "nothing"
    margin: float = 0.3
