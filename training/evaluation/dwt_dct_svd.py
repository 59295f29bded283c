"""The baseline: the classical watermark in wavelets, cosines and singular values, written small.

One bit a 4×4 block of the second plane's low-pass band: the block's DCT, its largest singular value moved to one of two
places between multiples of a step; the bits repeat over the blocks and are read by majority. It has no error correction
of its own, no synchronisation, and no check that anything was there. Source: Cox and others, "Digital Watermarking and
Steganography" (2008), chapter 5, for quantisation index modulation; the arrangement is that of common packages.
"""

from __future__ import annotations

import cv2
import numpy as np
import pywt
from numpy.typing import NDArray

from core.media import Pixels

BITS = 32
_BLOCK = 4
_STEPS = 1.0, 400.0  # grey levels, least and most
_KEPT = 0.25, 0.75  # of a step: where a 0 and where a 1 lies


def embed(pixels: Pixels, bits: NDArray[np.bool_], psnr: float) -> tuple[Pixels, float]:
    """RGB with 32 bits at a PSNR in dB, and the step of the quantisation, which the reader needs."""
    low, high = _STEPS
    for _ in range(8):
        step = (low * high) ** 0.5
        error = float(np.square(_embed(pixels, bits, step).astype(np.float64) - pixels).mean())
        low, high = (step, high) if 255**2 / max(error, 1e-9) > 10 ** (psnr / 10) else (low, step)
    return _embed(pixels, bits, low), low


def read(pixels: Pixels, step: float) -> NDArray[np.bool_]:
    """32 bits, whatever the picture is."""
    if min(pixels.shape[:2]) < 2 * _BLOCK:
        return np.zeros(BITS, dtype=np.bool_)
    values, _, _ = _largest(_bands(pixels)[0])
    votes = (values / step) % 1 - 0.5
    owner = np.arange(votes.size) % BITS
    return np.bincount(owner, weights=votes.ravel(), minlength=BITS) > 0


def _embed(pixels: Pixels, bits: NDArray[np.bool_], step: float) -> Pixels:
    low, details, yuv = _bands(pixels)
    values, blocks, (left, right) = _largest(low)
    wanted = np.where(bits[np.arange(values.size) % BITS].reshape(values.shape), _KEPT[1], _KEPT[0])
    moved = (np.floor(values / step) + wanted) * step
    change = (moved - values)[..., None, None] * (left[..., :, :1] @ right[..., :1, :])
    rows, columns = blocks.shape[0] * _BLOCK, blocks.shape[1] * _BLOCK
    low = low.copy()
    low[:rows, :columns] += (_DCT.T @ change @ _DCT).swapaxes(1, 2).reshape(rows, columns)
    plane = pywt.idwt2((low, details), "haar")[: yuv.shape[0], : yuv.shape[1]]
    yuv[..., 1] = plane
    colours = np.asarray(cv2.cvtColor(yuv / 255, cv2.COLOR_YUV2RGB), dtype=np.float32)
    return (colours * 255).round().clip(0, 255).astype(np.uint8)


def _bands(pixels: Pixels) -> tuple[NDArray[np.float32], tuple[NDArray[np.float32], ...], NDArray[np.float32]]:
    yuv = 255 * np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2YUV), dtype=np.float32)
    low, details = pywt.dwt2(yuv[..., 1], "haar")
    return low, details, yuv


def _largest(
    low: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    rows, columns = low.shape[0] // _BLOCK, low.shape[1] // _BLOCK
    cut = low[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    blocks = _DCT @ cut @ _DCT.T
    left, values, right = np.linalg.svd(blocks)
    return values[..., 0], blocks, (left, right)


_AT = np.arange(_BLOCK)
_DCT = (np.sqrt(2 / _BLOCK) * np.cos(np.pi / (2 * _BLOCK) * np.outer(_AT, 2 * _AT + 1))).astype(np.float32)
_DCT[0] /= np.sqrt(2)
