"""HEIF pictures (HEIC of phones) by libheif, which Pillow learns to ask, and their samples where they have more bits.

libheif turns pictures as the file's own properties say; the EXIF orientation beside them is not to be applied again
(ISO/IEC 23008-12, 6.5.10 and A.2.1). This module knows no metadata.
"""

from __future__ import annotations

import numpy as np
import pi_heif
from numpy.typing import NDArray

from core.errors import CorruptMedia, UnsupportedMedia
from core.parsers.bounds import check_size
from core.sandbox.contract import Request

_HDR = frozenset({16, 18})  # transfer characteristics PQ and HLG (ITU-T H.273, table 3)
_DAMAGE = (OSError, ValueError, RuntimeError, LookupError, TypeError, SyntaxError, EOFError)


def warm() -> None:
    """Makes Pillow open HEIF in this process. Thumbnails, depth maps and the like are no pictures of their own."""
    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def samples(request: Request) -> tuple[NDArray[np.uint16], int, bool] | None:
    """The first picture as (h, w, 3 or 4) in so many bits, and whether the last sample is alpha; None for 8 bits.

    Raises CorruptMedia; UnsupportedMedia for light beyond white (PQ, HLG), which no file that is written here could
    tell of.
    """
    try:
        file = pi_heif.open_heif(request.stream(0), convert_hdr_to_8bit=False)
        width, height = file.size
        check_size(width, height, request.limits)
        bits = int(file.info.get("bit_depth", 8))
        if bits <= 8:
            return None
        transfer = (file.info.get("nclx_profile") or {}).get("transfer_characteristics")
        if transfer in _HDR:
            message = "pictures of high dynamic range are not read at their depth"
            raise UnsupportedMedia(message, field="media", limit="SDR", found=f"transfer function {int(transfer)}")
        # The library puts the bits on the top of 16, which would leave white below white.
        stored = np.asarray(file) >> np.uint16(16 - bits)
    except _DAMAGE as error:
        raise CorruptMedia(f"the picture cannot be decoded ({type(error).__name__})", field="media") from error
    return stored, bits, stored.shape[2] == 4
