"""The ISCC image code (ISO 24138:2024, "Image-Code") of one picture, with 256 bits.

The code itself is computed by the standard's own library from 32×32 grey levels; how a picture becomes those is the
standard's normalisation, which the library leaves to us: transparency onto white, uniform borders cut off, grey,
bicubic. Pictures come as they are coded: whoever looks one up tries the eight orientations (`detectors.fingerprints`).
"""

from __future__ import annotations

import base64

import iscc_lib
import numpy as np
from PIL import Image

from core.media import Frame, Pixels

BITS = 256
PREFIX = "ISCC:"
_SIDE = 32
_HEADER = 2  # bytes: main type, sub type, version and length
_IMAGE = bytes.fromhex("2107")  # image code, no sub type, version 0, 256 bits


def image_code(frame: Frame) -> int:
    """The code's 256 bits as a number."""
    return bits_of(iscc_lib.gen_image_code_v0(normalised(frame), BITS)["iscc"])


def normalised(frame: Frame) -> bytes:
    """1024 grey levels, row by row."""
    picture = Image.fromarray(_trimmed(_on_white(frame))).convert("L")
    return picture.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC).tobytes()


def text_of(bits: int) -> str:
    """The code as people and manifests write it: "ISCC:" and base32."""
    raw = _IMAGE + bits.to_bytes(BITS // 8, "big")
    return PREFIX + base64.b32encode(raw).decode().rstrip("=")


def bits_of(text: str) -> int:
    """The inverse of `text_of`. ValueError for what is no image code of 256 bits."""
    body = text.removeprefix(PREFIX)
    raw = base64.b32decode(body + "=" * (-len(body) % 8))
    if raw[:_HEADER] != _IMAGE or len(raw) != _HEADER + BITS // 8:
        raise ValueError("not an ISCC image code of 256 bits")
    return int.from_bytes(raw[_HEADER:], "big")


def _on_white(frame: Frame) -> Pixels:
    if frame.alpha is None:
        return frame.pixels
    share = frame.alpha[..., None].astype(np.float32) / 255
    mixed: Pixels = (frame.pixels * share + 255 * (1 - share)).round().astype(np.uint8)
    return mixed


def _trimmed(pixels: Pixels) -> Pixels:
    """Without the border that has the colour of the first pixel; a picture of one colour stays as it is."""
    differs = (pixels != pixels[0, 0]).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return pixels
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
