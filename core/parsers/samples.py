"""Pillow's many sample formats as 8-bit RGB and alpha. Knows modes and sample depths, and no file format."""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.errors import UnsupportedMedia
from core.media import Pixels

_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_CONVERTIBLE = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV"}) | _WITH_ALPHA


def has_alpha(image: Image.Image) -> bool:
    """Whether the file declares transparency, used or not."""
    return image.mode in _WITH_ALPHA or "transparency" in image.info


def to_rgb(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    """RGB, uint8, shape (h, w, 3), and alpha, uint8, shape (h, w), None where every pixel is opaque.

    16-bit grey is scaled to 8 bits; colour under full transparency is kept. Raises UnsupportedMedia for samples of 32
    bits, whose range the file does not tell, and for Lab, which needs a profile.
    """
    if image.mode.startswith("I;16"):
        grey = _eight_bits(np.asarray(image))
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2), None
    if image.mode not in _CONVERTIBLE:
        raise UnsupportedMedia(
            f"pictures of mode {image.mode} are not read",
            field="media",
            limit="8 or 16 bits a sample",
            found=image.mode,
        )
    if not has_alpha(image):
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB")), None
    rgba = np.asarray(image.convert("RGBA"))
    alpha = np.ascontiguousarray(rgba[:, :, 3])
    return np.ascontiguousarray(rgba[:, :, :3]), None if alpha.min() == 255 else alpha


def _eight_bits(samples: np.ndarray[tuple[int, ...], np.dtype[np.uint16]]) -> Pixels:
    """65535 becomes 255: rounds v / 257, in 32 bits so that nothing overflows."""
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
