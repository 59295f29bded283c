"""The 8×8 DCT of JPEG on whole planes. Source: ITU-T T.81, A.3.3. Knows no quantisation tables of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

BLOCK = 8
_AT = np.arange(BLOCK)
_MATRIX = np.sqrt(2.0 / BLOCK) * np.cos(np.pi * np.outer(_AT, 2 * _AT + 1) / (2 * BLOCK))
_MATRIX[0] /= np.sqrt(2.0)
_DCT = _MATRIX.astype(np.float32)
# Natural index (row × 8 + column) of each coefficient in zigzag order.
ZIGZAG: NDArray[np.intp] = np.array(
    sorted(range(64), key=lambda k: (k // 8 + k % 8, (k % 8 if (k // 8 + k % 8) % 2 == 0 else k // 8)))
)


def blocks(plane: Pixels) -> NDArray[np.float32]:
    """Level-shifted blocks of a plane, uint8 (h, w), as float32 (h // 8, w // 8, 8, 8); what is over is left out."""
    rows, columns = plane.shape[0] // BLOCK, plane.shape[1] // BLOCK
    whole = plane[: rows * BLOCK, : columns * BLOCK].astype(np.float32) - 128.0
    return whole.reshape(rows, BLOCK, columns, BLOCK).transpose(0, 2, 1, 3)


def transform(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Orthonormal DCT of each block, (…, 8, 8)."""
    return np.asarray(_DCT @ pixels @ _DCT.T, dtype=np.float32)


def unsaturated(pixels: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Blocks of `blocks` without black or white pixels: the others were clipped, and their DCT lies."""
    return np.asarray(np.all((pixels > -128.0) & (pixels < 127.0), axis=(2, 3)), dtype=np.bool_)
