"""A brought classifier as policies and the model list know it. Needs no weights: what decides is pinned in settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.media import Kind
from detectors.faces.cascade import SETTINGS as CASCADE
from detectors.faces.cascade import STAGES
from detectors.faces.finder import LEAST_SIDE, MOST_PIXELS
from detectors.own.cropping import MOST_FACES, SHOWN
from detectors.own.settings import OwnCheckpoint
from detectors.single import version_of
from detectors.verdicts.names import CARRIED, FACES

SCALE = "natural log odds of the checkpoint, which are no probability until they are calibrated"
_REVISION = 1
_PLACES = frozenset({"path", "hub", "revision", "allow_download", "device", "licence", "accept_licence"})
"""Settings that decide nothing: what lies there is pinned by its digest."""
_FACES = (
    f"It sees faces alone, those that were found, and of them the {MOST_FACES} largest that have enough pixels: where "
    "others are in the picture, it says that it found something or nothing at all."
)
_COUNTS = {FACES: (0.0, math.inf), SHOWN: (0.0, float(MOST_FACES))}
_KINDS = {
    "transformers": "An image classifier of transformers",
    "timm": "An image classifier of timm",
    "open_clip": "A classifier on a CLIP of open_clip",
    "onnx": "An image classifier in ONNX",
    "blend": "A blend network",
}


class OwnSource:
    """See `detectors.base.Source`. licence: under which it runs, as far as settings tell."""

    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("jpeg",))

    measures: Mapping[str, tuple[float, float]]

    def __init__(self, checkpoint: OwnCheckpoint) -> None:
        self.name = checkpoint.name
        self.label = checkpoint.label
        self.version = version_of(_REVISION, _decisive(checkpoint))
        self.summary = f"{_KINDS[checkpoint.kind]} that looks for {checkpoint.label}, brought by the operator."
        self.limits = _limits(checkpoint)
        self.licence = checkpoint.licence
        self.measures = CARRIED if checkpoint.crop == "nothing" else {**CARRIED, **_COUNTS}


def _decisive(checkpoint: OwnCheckpoint) -> dict[str, Any]:
    """What decides a finding, as JSON."""
    said = {name: value for name, value in asdict(checkpoint).items() if name not in _PLACES}
    said["given"] = {name: value for name, value in said["given"].items() if name != "probe"}
    if checkpoint.crop == "nothing":
        del said["crop"], said["margin"]
    else:
        networks = [packaged.sha256 for packaged in STAGES.values()]
        said["crop"] = [*networks, CASCADE, MOST_PIXELS, LEAST_SIDE, MOST_FACES]
    said["judging"] = {name: value for name, value in said["judging"].items() if name != "calibration"}
    return said


def _limits(checkpoint: OwnCheckpoint) -> str:
    parts = ["Nothing about it was measured here; what it was trained on, its makers know."]
    if checkpoint.judging.calibration is None:
        parts.append("It has no calibration: its verdicts come from two limits that the operator chose.")
    if checkpoint.crop == "faces":
        parts.append(_FACES)
    if checkpoint.look == "tiles":
        parts.append(f"It sees up to {checkpoint.tiles} pieces of the picture, not what lies between them.")
    else:
        parts.append("It sees the picture reduced, so that fine traces are gone.")
    return " ".join([*parts, "Pictures are not turned by their EXIF orientation."])
