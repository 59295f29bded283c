"""Reads the invisible watermark out of a picture.

    1. bring the picture to the scale of marking        2. see the mark (`extractor`)
    3. fold the tiles, find the pilot, decode           4. accept only what fits twice: CRC and correlation
    5. otherwise find the lattice (`lattice`), bring the picture to it, and go to 2

Knows nothing of how a mark is made, only the format of `core.watermark`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.devices import multiplies_in_half
from core.media import Pixels
from core.watermark import payload, scale, tile
from core.weights import PinnedWeights
from detectors.watermark import lattice as lattices
from detectors.watermark.extractor import Extractor
from detectors.watermark.folding import SIDE, Floats, Lattice, Reading, fold, readings
from detectors.watermark.scan import scan

_HALF = scale.TILE // SIDE
_MOST_AREA = 1 << 20  # pixels at the scale of marking: more tiles than these add nothing but time
_DECODED = 3  # readings of one fold that are decoded
_SMALL = 320  # pixels of the short side: half of what is marked as it is, and some more
_LATTICES = 5  # candidates whose pilot is looked at
_SIZES = (16.0, 100.0)  # pixels a tile of the map, looked for in it
_SCANNED, _SCANNED_ENLARGED = (18.0, 66.0), (26.0, 44.0)  # the same, of upright tiles in pictures not reduced before
_PILOT_WORTH_STRAIGHTENING = 0.35  # as above, for the second look, which costs more
_STRAIGHTENED = 3  # candidates worth a second look at the picture
_PILOT_IN_SIGHT = 0.33  # correlation below which decoding would be guessing


@dataclass(frozen=True, slots=True)
class Mark:
    """A watermark that was read.

    score: correlation of what was seen with the word that was read, 0 to 1. period: pixels a tile in this picture.
    angle: degrees by which the picture is turned, counter-clockwise, −180 to 180. mirrored: left and right exchanged.
    others: further identifiers that fit as well, for pictures that were put together or marked twice.
    """

    identifier: int
    score: float
    period: float
    angle: float
    mirrored: bool
    others: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class _Seen:
    """What the extractor made of a picture: a map of two pixels a cell, and how map and picture lie to each other.

    to_picture: 2×2, from steps in the map to steps in the picture, in pixels (x, y).
    """

    map: Floats
    to_picture: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A word that passed its CRC, or did not (None). score: as in `Mark`."""

    identifier: int | None
    score: float
    reading: Reading
    lattice: Lattice


class Reader:
    """Reads marks. Pure: the same picture gives the same mark."""

    def __init__(self, extractor: Extractor, beliefs: Floats, threshold: float, device: torch.device) -> None:
        self._extractor = extractor.eval().to(device).to(memory_format=torch.channels_last)
        self._beliefs = beliefs
        self._device = device
        self._half = multiplies_in_half(device)
        self.threshold = threshold

    @classmethod
    def load(cls, weights: PinnedWeights, device: str = "cpu") -> Reader:
        """A reader with pinned weights. Raises as `core.weights.load_pinned` does."""
        tensors = weights.load()
        extractor = Extractor(int(weights.parameters["features"]))
        prefix = "extractor."
        state = {key[len(prefix) :]: value.float() for key, value in tensors.items() if key.startswith(prefix)}
        extractor.load_state_dict(state)
        threshold = float(weights.parameters["threshold"])
        return cls(extractor, tensors["beliefs"].float().numpy(), threshold, torch.device(device))

    def read(self, pixels: Pixels) -> Mark | None:
        """The mark in a picture, uint8, (h, w, 3) RGB or with alpha, which is ignored; None where none is certain."""
        return self.read_frames([pixels])

    def read_frames(self, frames: Sequence[Pixels]) -> Mark | None:
        """The mark of a sequence whose frames all carry one: votes are summed over frames that lie alike."""
        usable = [frame for frame in frames if min(frame.shape[:2]) >= SIDE]
        if not usable:
            return None
        accepted = [each for each in self._candidates(usable) if self._accepts(each)]
        if not accepted:
            return None
        best = max(accepted, key=lambda each: each.score)
        others = {each.identifier for each in accepted if each.identifier is not None} - {best.identifier}
        return _mark(best, tuple(sorted(others)))

    def best_score(self, pixels: Pixels) -> tuple[float, bool]:
        """The highest score whatever the CRC says, and whether any word passes it; for measuring false positives."""
        found = list(self._candidates([pixels]))
        scores = [each.score for each in found]
        return max(scores, default=0.0), any(self._accepts(each) for each in found)

    def _accepts(self, candidate: _Candidate) -> bool:
        return candidate.identifier is not None and candidate.score >= self.threshold

    def _candidates(self, frames: Sequence[Pixels]) -> Iterator[_Candidate]:
        """Words in the order in which they are looked for; ends after the first kind of place that gave one."""
        seen = [self._as_marked(frame) for frame in frames]
        alike = [each for each in seen if each.map.shape == seen[0].map.shape]
        straight = np.eye(2) * SIDE
        parts = sum((fold(each.map) for each in alike), np.zeros((SIDE, SIDE), dtype=np.float32))
        found = self._decoded(parts, seen[0].to_picture @ straight)
        yield from found
        if any(self._accepts(each) for each in found):
            for half in _halves(seen[0].map):
                yield from self._decoded(fold(half), seen[0].to_picture @ straight)
            return
        for frame, each in zip(frames, seen, strict=True):
            again = self._searched(frame, each)
            yield from again
            if any(self._accepts(one) for one in again):
                return

    def _as_marked(self, pixels: Pixels) -> _Seen:
        """As the embedder would have looked at it, were it not changed since; the middle of very long pictures."""
        height, width = scale.marked_size(*pixels.shape[:2])
        factors = np.diag([pixels.shape[1] / width, pixels.shape[0] / height])
        small = _resized(pixels, height, width, cv2.INTER_AREA)
        return _Seen(self._see(_middle(small)), factors * _HALF)

    def _see(self, pixels: Pixels) -> Floats:
        height, width = (side - side % 2 for side in pixels.shape[:2])
        batch = torch.from_numpy(pixels[:height, :width].astype(np.float32)).permute(2, 0, 1)[None].to(self._device)
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            seen = self._extractor(batch)
        return np.asarray(seen[0, 0].float().cpu().numpy(), dtype=np.float32)

    def _searched(self, pixels: Pixels, seen: _Seen) -> list[_Candidate]:
        """Words under lattices that the map itself suggests."""
        ranked = sorted(self._places(pixels, seen), key=lambda pair: -pair[0])
        found: list[_Candidate] = []
        for pilot, lattice in ranked[:_STRAIGHTENED]:
            if pilot < _PILOT_WORTH_STRAIGHTENING:
                break
            found += self._decoded(fold(self._see(_brought(pixels, lattice))), lattice)
            if any(self._accepts(each) for each in found):
                break
        return found

    def _places(self, pixels: Pixels, seen: _Seen) -> Iterator[tuple[float, Lattice]]:
        """Lattices in pixels of the picture with their pilots."""
        for found in lattices.find(seen.map, _SIZES, _LATTICES):
            pilot = readings(fold(seen.map, found.lattice), self._beliefs, 1)[0].pilot
            yield pilot, seen.to_picture @ found.lattice
        short = min(pixels.shape[:2])
        if short < scale.SHORT:  # marked at its own scale, and perhaps scaled since
            pilot, lattice = scan(seen.map, _SCANNED, self._beliefs)
            yield pilot, seen.to_picture @ lattice
        if short < _SMALL:  # perhaps reduced after marking: the map lacks the finer waves, so look at it enlarged
            middle = _middle(pixels[..., :3], _MOST_AREA // 4)
            large = self._see(_resized(middle, 2 * middle.shape[0], 2 * middle.shape[1], cv2.INTER_CUBIC))
            pilot, lattice = scan(large, _SCANNED_ENLARGED, self._beliefs)
            yield pilot, lattice * (_HALF / 2)

    def _decoded(self, folded: Floats, lattice: Lattice) -> list[_Candidate]:
        tried = [each for each in readings(folded, self._beliefs, _DECODED) if each.pilot >= _PILOT_IN_SIGHT]
        if not tried:
            return []
        soft = np.stack([tile.soft_bits(reading.waves) for reading in tried])
        return [
            _Candidate(identifier, _score(reading.waves, bits), reading, lattice)
            for reading, (identifier, bits) in zip(tried, payload.decode_bits(soft), strict=True)
        ]


def _score(waves: tile.Waves, word: payload.Bits) -> float:
    sent = tile.waves_of(word)
    return float((waves * sent.conj()).real.sum() / (np.linalg.norm(waves) * np.linalg.norm(sent) + 1e-12))


def _halves(seen: Floats) -> list[Floats]:
    """Left, right, upper and lower half, so that two pictures put side by side both speak."""
    rows, columns = seen.shape[0] // 2 // SIDE * SIDE, seen.shape[1] // 2 // SIDE * SIDE
    parts = [seen[:, :columns], seen[:, columns:], seen[:rows], seen[rows:]]
    return [part for part in parts if min(part.shape) >= SIDE]


def _resized(pixels: Pixels, height: int, width: int, interpolation: int) -> Pixels:
    colours = np.ascontiguousarray(pixels[..., :3])
    return np.asarray(cv2.resize(colours, (width, height), interpolation=interpolation), dtype=np.uint8)


def _middle(pixels: Pixels, most: int = _MOST_AREA) -> Pixels:
    """At most `most` pixels: the ends of the longer side are cut off."""
    short, long = sorted(pixels.shape[:2])
    keep = max(scale.TILE, most // short)
    if long <= keep:
        return pixels
    start = (long - keep) // 2
    return pixels[start : start + keep] if pixels.shape[0] == long else pixels[:, start : start + keep]


def _brought(pixels: Pixels, lattice: Lattice) -> Pixels:
    """The picture resampled so that its tiles are upright and 64 pixels; reflected at the borders."""
    period = math.sqrt(abs(float(np.linalg.det(lattice))))
    factor = min(1.0, scale.TILE / period)
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    small = _resized(pixels, height, width, cv2.INTER_AREA) if factor < 1 else pixels[..., :3]
    shrink = np.diag([width / pixels.shape[1], height / pixels.shape[0]])
    back = shrink @ lattice / scale.TILE
    corners = np.array([[-width, width, width, -width], [-height, -height, height, height]]) / 2
    size = np.ceil(2 * np.abs(np.linalg.inv(back) @ corners).max(axis=1)).astype(int)
    size = np.minimum(size, round(math.sqrt(_MOST_AREA)) * 2)
    offset = np.array([(width - 1) / 2, (height - 1) / 2]) - back @ ((size - 1) / 2)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    made = cv2.warpAffine(
        small, np.column_stack([back, offset]), (int(size[0]), int(size[1])), flags=flags, borderMode=cv2.BORDER_REFLECT
    )
    return _middle(np.asarray(made, dtype=np.uint8))


def _mark(candidate: _Candidate, others: tuple[int, ...]) -> Mark:
    side = candidate.lattice[:, 0]
    angle = -math.degrees(math.atan2(side[1], side[0])) - 90 * (candidate.reading.symmetry % 4)
    return Mark(
        identifier=candidate.identifier or 0,
        score=candidate.score,
        period=math.sqrt(abs(float(np.linalg.det(candidate.lattice)))),
        angle=(angle + 180) % 360 - 180,
        mirrored=candidate.reading.symmetry >= 4,
        others=others,
    )
