"""How near a made picture is to what the model was trained on. Small training sets are memorised, and it is told.

Pictures here are things before a plain background, so what is compared is the things: each is cut out, brought to one
size and place, and described by its colours and outline; no learned network is needed for that. Similarity is the
cosine of two descriptions, 1 for the same thing at any size and place. Of 500 emoji, drawn 36 px large, blurred a
little and noisy, 95% were found among their 60 px originals, at 0.97 (median); the nearest other one was at 0.84, and
above 0.95 for 5%.

This module knows descriptions and the file that holds those of the training pictures. It does not know how they were
trained on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from core.errors import IntegrityError
from core.media import Pixels
from core.weights import load_pinned
from generators.base import Value

FILE = "neighbours.safetensors"
SIDE = 12
"""Of a thing that is compared, pixels: fewer than the smallest that one is drawn with."""
DIMENSIONS = SIDE * SIDE * 4
_BORDER = 2  # pixels around the picture that tell its background
_APART = 28.0  # distance from the background's colour at which something is in front of it, 8-bit steps
_LEAST = 0.004  # of the picture's area; less is noise of the decoder
_MOST = 8  # things that are compared, the largest first


def describe(pixels: Pixels) -> NDArray[np.float32]:
    """Descriptions, float32 (k, `DIMENSIONS`), of length 1 each, of a picture RGB uint8 (h, w, 3); k ≥ 1.

    The first is of all that stands before the background, or of the whole picture where nothing does; the others are
    of the things that do not touch each other, the largest first, where there are several.
    """
    front = _front(pixels)
    if not front.any():
        return _described(pixels, np.ones(front.shape, bool))[None]
    count, labels, facts, _ = cv2.connectedComponentsWithStats(front.astype(np.uint8), connectivity=8)
    sizes = [(int(facts[label, cv2.CC_STAT_AREA]), label) for label in range(1, count)]
    things = [label for area, label in sorted(sizes, reverse=True)[:_MOST] if area >= _LEAST * front.size]
    areas = [front, *(labels == label for label in things if len(things) > 1)]
    return np.stack([_described(pixels, area) for area in areas])


@dataclass(frozen=True, eq=False, slots=True)
class Neighbours:
    """The training pictures. embeddings: float32 (n, `DIMENSIONS`). keys: their names. threshold: similarity from
    which a picture counts as memorised.
    """

    embeddings: NDArray[np.float32]
    keys: tuple[str, ...]
    threshold: float

    def nearest(self, pixels: Pixels) -> tuple[str, float]:
        """The name of the nearest training picture and its similarity, -1 to 1."""
        similarities = describe(pixels) @ self.embeddings.T
        best = int(similarities.max(axis=0).argmax())
        return self.keys[best], float(similarities[:, best].max())

    def notes(self, pixels: Pixels) -> dict[str, Value]:
        """What is reported of an output."""
        key, similarity = self.nearest(pixels)
        return {
            "nearest_training_item": key,
            "nearest_similarity": round(similarity, 4),
            "memorised": int(similarity >= self.threshold),
        }


def save(path: Path, embeddings: NDArray[np.float32], keys: Sequence[str], threshold: float) -> None:
    """Writes the file that `load` reads, in half precision."""
    tensors = {
        "embeddings": torch.from_numpy(embeddings.astype(np.float16)),
        "keys": torch.from_numpy(np.frombuffer(json.dumps(list(keys)).encode(), np.uint8).copy()),
        "threshold": torch.tensor(threshold, dtype=torch.float32),
    }
    save_file(tensors, path)


def load(path: Path, sha256: str) -> Neighbours:
    """The training pictures' descriptions of a pinned file.

    Raises as `core.weights.load_pinned` does, and IntegrityError for a file of other content.
    """
    tensors = load_pinned(path, sha256)
    try:
        keys = tuple(str(key) for key in json.loads(tensors["keys"].numpy().tobytes()))
        embeddings = tensors["embeddings"].float().numpy()
        threshold = float(tensors["threshold"])
    except (LookupError, ValueError, TypeError, RuntimeError) as error:
        raise IntegrityError(f"{path.name} does not hold descriptions of training pictures") from error
    if embeddings.shape != (len(keys), DIMENSIONS) or not keys:
        raise IntegrityError(f"{path.name} holds descriptions of shape {embeddings.shape} for {len(keys)} names")
    return Neighbours(embeddings, keys, threshold)


def _front(pixels: Pixels) -> NDArray[np.bool_]:
    """What is not of the background's colour, which is that of most of the border."""
    edges = pixels[:_BORDER], pixels[-_BORDER:], pixels[:, :_BORDER], pixels[:, -_BORDER:]
    edge = np.concatenate([each.reshape(-1, 3) for each in edges])
    difference = pixels.astype(np.float32) - np.median(edge, axis=0).astype(np.float32)
    front: NDArray[np.bool_] = np.linalg.norm(difference, axis=2) > _APART
    return front


def _described(pixels: Pixels, area: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The thing in `area`, cut out, in a square of its own; float32 (`DIMENSIONS`,) of length 1."""
    rows, columns = (np.flatnonzero(area.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    outline = area[box].astype(np.float32)
    # What lies around it is no part of it: 0, the middle of the colours. The outline tells a grey thing from nothing.
    colours = (pixels[box].astype(np.float32) / 127.5 - 1) * outline[..., None]
    thing = np.dstack([colours, outline])
    height, width = outline.shape
    side = max(height, width)
    square = np.zeros((side, side, 4), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = thing
    method = cv2.INTER_AREA if side >= SIDE else cv2.INTER_LINEAR
    values = np.asarray(cv2.resize(square, (SIDE, SIDE), interpolation=method), np.float32).ravel()
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-6), np.float32)
