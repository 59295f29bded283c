"""The colour profile of the pictures that are made here out of something that has none: IEC 61966-2-1, sRGB."""

from __future__ import annotations

import struct

from PIL import ImageCms

_CREATED = slice(24, 36)  # of a profile's header: year, month, day, and time (ICC.1:2022, 7.2.10)
_ALWAYS = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)


def srgb_profile() -> bytes:
    """An ICC profile, the same bytes each time: LittleCMS would write the time of day into it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_CREATED] = _ALWAYS
    return bytes(profile)
