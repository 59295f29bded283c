"""Image classifiers in ONNX, run by ONNX Runtime. Their file says nothing of how pictures are prepared: settings do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from core.errors import ConfigurationError, IntegrityError
from core.media import Pixels
from detectors.own.files import Opened
from detectors.own.network import Network, loading, need
from detectors.own.settings import Given, OwnCheckpoint
from detectors.verdicts.running import Runner

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LIBRARY = "ONNX Runtime"
_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def load(checkpoint: OwnCheckpoint, opened: Opened, runner: Runner) -> Network:
    """A network of one input, float32 (n, 3, side, side), whose first output is (n, classes); n is free or 1.

    Raises ConfigurationError for a side that is not told or told wrong, and IntegrityError for another network. Tensors
    outside the file are not found: it is read alone in its folder.
    """
    need(checkpoint.name, "onnxruntime", "onnxruntime")
    with loading(checkpoint.name, LIBRARY):
        session = _session(opened, runner)
        taken, *others = session.get_inputs()
        count, shape = _shape(taken)
    if others or taken.type != "tensor(float)" or shape is None:
        what = f"{len(others) + 1} of {taken.type} {taken.shape}"
        raise IntegrityError(f"the detector {checkpoint.name}: path wants as input {what}, not float32 (n, 3, h, w)")
    if count not in (None, 1):
        raise IntegrityError(f"the detector {checkpoint.name}: path takes pictures by {count} alone, not one by one")
    side = _side(checkpoint, shape)

    def one_call(pictures: torch.Tensor) -> torch.Tensor:
        with _told():
            (outputs, *_) = session.run(None, {taken.name: np.ascontiguousarray(pictures.cpu().numpy())})
        made = torch.from_numpy(np.array(outputs, np.float32))
        return made[:, None] if made.ndim == 1 else made

    def classify(pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        calls = torch.split(pictures, count or len(pictures))
        return (torch.cat([one_call(each) for each in calls]),)

    def prepare(pixels: Pixels) -> torch.Tensor:
        return prepared(pixels, side, checkpoint.given)

    return Network(classify, prepare, checkpoint.given.classes)


def prepared(pixels: Pixels, side: int, given: Given) -> torch.Tensor:
    """RGB uint8 (h, w, 3) → float32 (3, side, side): squeezed to it, or the middle square brought to it."""
    picture = Image.fromarray(pixels)
    if given.fit == "crop":
        short = min(picture.size)
        left, top = (picture.width - short) // 2, (picture.height - short) // 2
        picture = picture.crop((left, top, left + short, top + short))
    samples = np.asarray(picture.resize((side, side), _FILTERS[given.resampling]), np.float32) / 255
    scaled = (samples - np.array(given.mean, np.float32)) / np.array(given.std, np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))


def _session(opened: Opened, runner: Runner) -> InferenceSession:
    """One thread on a processor, as the engine wants it of detectors; a GPU where this build of the runtime has one."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # its warnings of networks that it can still run would fill the log
    on_gpu = runner.device.type == "cuda" and _CUDA in onnxruntime.get_available_providers()
    gpu = (_CUDA, {"device_id": runner.device.index or 0})
    providers = [gpu, _CPU] if on_gpu else [_CPU]
    with _told():
        return onnxruntime.InferenceSession(str(opened.path), options, providers=providers)


@contextmanager
def _told() -> Iterator[None]:
    """The runtime's errors as RuntimeError: its classes, a dozen, have no base of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    errors = tuple(each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception))
    try:
        yield
    except errors as error:
        raise RuntimeError(str(error)) from error


def _shape(taken: Any) -> tuple[int | None, tuple[int | None, int | None] | None]:
    """How many pictures a call takes, and the sides that they have to have; None where that is free. No sides for what
    takes no pictures.
    """
    known = [each if isinstance(each, int) and each > 0 else None for each in taken.shape]
    if len(known) != 4 or known[1] not in (3, None):
        return None, None
    return known[0], (known[2], known[3])


def _side(checkpoint: OwnCheckpoint, shape: tuple[int | None, int | None]) -> int:
    """Of the square that the network is given."""
    name, side = checkpoint.name, checkpoint.given.side
    fixed = {each for each in shape if each is not None}
    if len(fixed) > 1:
        raise IntegrityError(f"the detector {name}: path takes pictures of {shape[1]}×{shape[0]} pixels, not squares")
    if not fixed and not side:
        raise ConfigurationError(f"the detector {name}: set side to that of the pictures it was trained on, pixels")
    if fixed and side and {side} != fixed:
        raise ConfigurationError(f"the detector {name}: side is {side}, the network takes {min(fixed)}")
    return side or min(fixed)
