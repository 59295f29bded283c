"""PDQ, the perceptual hash for known-image matching: 256 bits and a quality for one picture.

Source: "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (Facebook, 2019) and its reference
implementation, ThreatExchange. Written anew with numpy and OpenCV; the bits agree with the reference's (golden
values in tests/detectors/test_pdq.py). Knows one picture; lists and thresholds are `detectors.hash_list`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

BITS = 256
WORDS = 4
_SIDE = 64  # the picture after smoothing and decimation
_FREQUENCIES = 16
_PASSES = 2
_SMALLEST = 5  # pixels; the reference hashes nothing smaller
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_STEPS = np.arange(_SIDE)
# Rows 1 to 16 of the 64-point DCT: without the constant term, so that brightness does not matter.
_DCT = (
    np.sqrt(2.0 / _SIDE) * np.cos(np.pi / 2 / _SIDE * np.outer(np.arange(1, _FREQUENCIES + 1), 2 * _STEPS + 1))
).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Pdq:
    """A hash. value: 0 to 2²⁵⁶ − 1, bit k for coefficient k in row order. quality: 0 to 100; ≤49 is of no use."""

    value: int
    quality: int

    @property
    def hex(self) -> str:
        """64 hexadecimal digits, as hash lists write it."""
        return f"{self.value:064x}"

    @property
    def words(self) -> NDArray[np.uint64]:
        """uint64, shape (4,), most significant first."""
        return words_of(self.value)


def words_of(value: int) -> NDArray[np.uint64]:
    """A 256-bit number as uint64, shape (4,), most significant first."""
    return np.frombuffer(value.to_bytes(32, "big"), dtype=">u8").astype(np.uint64)


def pdq(pixels: Pixels) -> Pdq:
    """The hash of an RGB picture, uint8, shape (height, width, 3); zero with quality 0 below 5 pixels a side."""
    if min(pixels.shape[:2]) < _SMALLEST:
        return Pdq(0, 0)
    small = _decimate(_smooth(pixels.astype(np.float32) @ _LUMA))
    spectrum = _DCT @ small @ _DCT.T
    median = np.partition(spectrum.ravel(), BITS // 2 - 1)[BITS // 2 - 1]
    bits = np.packbits(spectrum.ravel() > median, bitorder="little")
    return Pdq(int.from_bytes(bits.tobytes(), "little"), _quality(small))


def _smooth(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Jarosz filter: two box filters along each axis, windows cut off at the borders."""
    height, width = luma.shape
    for _ in range(_PASSES):
        luma = _box(_box(luma, width, along_x=True), height, along_x=False)
    return luma


def _box(luma: NDArray[np.float32], length: int, *, along_x: bool) -> NDArray[np.float32]:
    window = (length + 2 * _SIDE - 1) // (2 * _SIDE)
    ahead = (window + 2) // 2 - 1  # the reference's window reaches this far beyond its centre
    size, anchor = (window, 1), (window - 1 - ahead, 0)
    if not along_x:
        size, anchor = size[::-1], anchor[::-1]
    sums = cv2.boxFilter(luma, cv2.CV_32F, size, anchor=anchor, normalize=False, borderType=cv2.BORDER_CONSTANT)
    at = np.arange(length)
    counts = (np.minimum(at + ahead, length - 1) - np.maximum(at - (window - 1 - ahead), 0) + 1).astype(np.float32)
    return np.divide(sums, counts[None, :] if along_x else counts[:, None], dtype=np.float32)


def _decimate(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = luma.shape
    rows = ((_STEPS + 0.5) * height / _SIDE).astype(np.intp)
    columns = ((_STEPS + 0.5) * width / _SIDE).astype(np.intp)
    picked: NDArray[np.float32] = luma[rows[:, None], columns]
    return picked


def _quality(small: NDArray[np.float32]) -> int:
    """How much gradient there is to hash, in the reference's own units."""
    total = 0
    for axis in (0, 1):
        total += int(np.abs((np.diff(small, axis=axis) * 100 / 255).astype(np.int64)).sum())
    return min(100, total // 90)
