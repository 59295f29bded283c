"""Bring your own: a classifier of transformers, timm, open_clip or ONNX, as a detector.

    1. Open its files: pinned, licensed, none that can carry code (`files`).
    2. Let its library build it, from these files alone (`with_…`).
    3. Try it out on a plain picture: it has to give a number for each class.
    4. Find the classes that mean "detected", and what makes verdicts of scores: a calibration, or two limits.

What it looks for, the operator says; that it finds it, only a calibration on pictures like theirs can show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch

from core.errors import ConfigurationError, CountersignError, IntegrityError
from detectors.base import Detector
from detectors.own import with_blend, with_onnx, with_open_clip, with_timm, with_transformers
from detectors.own.classes import chosen
from detectors.own.cropping import crops_of
from detectors.own.detector import OwnDetector, Reader, UncalibratedDetector, least_side_of
from detectors.own.eyes import Eyes, eyes_of
from detectors.own.files import Opened, opened
from detectors.own.network import UNFIT, Network
from detectors.own.settings import Kind, OwnCheckpoint
from detectors.verdicts.calibration import Calibration
from detectors.verdicts.running import Runner, runner_for

Loader: TypeAlias = Callable[[OwnCheckpoint, Opened, Runner], Network]
LOADERS: Mapping[Kind, Loader] = {
    "transformers": with_transformers.load,
    "timm": with_timm.load,
    "open_clip": with_open_clip.load,
    "onnx": with_onnx.load,
    "blend": with_blend.load,
}


def load(checkpoint: OwnCheckpoint, runner: Runner | None = None) -> Detector:
    """The detector. runner: in place of the one that its device suggests.

    Raises ConfigurationError for settings that do not fit each other or the model, a licence that is not accepted, and
    files that can carry code; PreconditionFailed for what is not there; IntegrityError for another digest and for what
    its library does not load. Each names the detector and the setting.
    """
    calibration = _calibration(checkpoint)  # first, for it is read sooner than a network
    runner = runner or runner_for(checkpoint.device)
    with opened(checkpoint) as files:
        network = LOADERS[checkpoint.kind](checkpoint, files, runner)
    eyes, outputs = _tried(checkpoint, network, runner)
    classes = _classes(checkpoint, network, outputs)
    crops = crops_of(checkpoint, least_side_of(checkpoint, eyes))
    reader = Reader(checkpoint, network.classify, eyes, chosen(checkpoint, classes), runner, crops)
    if calibration is not None:
        return OwnDetector(reader, calibration, files.licence, files.card)
    low, high = _limits(checkpoint)
    return UncalibratedDetector(reader, low, high, files.licence, files.card)


def _calibration(checkpoint: OwnCheckpoint) -> Calibration | None:
    judging = checkpoint.judging
    if judging.calibration is None:
        _limits(checkpoint)
        return None
    try:
        return Calibration.read(judging.calibration, judging.calibration_sha256)
    except CountersignError as error:
        raise type(error)(f"the detector {checkpoint.name}: {error}") from error


def _limits(checkpoint: OwnCheckpoint) -> tuple[float, float]:
    low, high = checkpoint.judging.absent_to, checkpoint.judging.detected_from
    if low is None or high is None or not low < high:
        told = "set a calibration, or absent_to below detected_from"
        raise ConfigurationError(f"the detector {checkpoint.name}: {told}")
    return low, high


def _tried(checkpoint: OwnCheckpoint, network: Network, runner: Runner) -> tuple[Eyes, int]:
    """How it sees, and how many numbers it gives. Whatever is wrong with a network shows here, not with an upload."""
    try:
        eyes = eyes_of(network.prepare)
        plain = eyes.whole(np.full((eyes.shape[0], eyes.shape[1], 3), 128, np.uint8))
        ((given, *_),) = runner.run(network.classify, plain)
    except UNFIT as error:
        told = f"the detector {checkpoint.name}: the network cannot be run on a picture as its files want it ({error})"
        raise IntegrityError(told[:500]) from error
    if given.ndim != 1 or not given.numel() or not torch.isfinite(given).all():
        found = f"{tuple(given.shape)}, {'numbers' if torch.isfinite(given).all() else 'not all numbers'}"
        raise IntegrityError(f"the detector {checkpoint.name}: of a picture the network gives {found}, not one a class")
    return eyes, given.numel()


def _classes(checkpoint: OwnCheckpoint, network: Network, outputs: int) -> tuple[str, ...]:
    """Names of all outputs; their numbers where nobody names them."""
    if network.classes and len(network.classes) != outputs:
        found = f"classes are {len(network.classes)}, the network gives {outputs} numbers"
        raise ConfigurationError(f"the detector {checkpoint.name}: {found}")
    return network.classes or tuple(map(str, range(outputs)))
