"""EXIF in a TIFF file of our own: Pillow and tifffile write none of the directories below the first.

The first directory is written once more behind the file, with what EXIF adds to it, and the header points there. Knows
the container; Pillow knows the tags. Source: TIFF 6.0, section 2; CIPA DC-008 (Exif 3.0), 4.6.3.
"""

from __future__ import annotations

import io
import struct

from PIL import ExifTags, Image, TiffImagePlugin

_BELOW = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_HEADER = 8
_STRIPS, _NO_TAG = 273, 65535
_LONG = 4
_COUNT, _ENTRY = struct.Struct("<H"), 12
_POINTER = struct.Struct("<I")  # in the header, behind byte order and number


def with_exif(file: bytes, exif: bytes) -> bytes:
    """`file`, a little-endian TIFF of one picture that we wrote, with the tags of an EXIF block that it lacks.

    exif: a TIFF structure without the header that JPEG puts before it. Raises what Pillow raises for a damaged one.
    """
    block = Image.Exif()
    block.load(exif)
    directory = TiffImagePlugin.ImageFileDirectory_v2(file[:_HEADER])
    stream = io.BytesIO(file)
    stream.seek(directory.next)
    directory.load(stream)
    dict(directory)  # Pillow writes only what was looked at
    # It would move the strips as well; under another name it leaves them where they are.
    directory.tagtype[_NO_TAG] = _LONG
    directory[_NO_TAG] = directory.pop(_STRIPS)
    for tag, value in block.items():
        if tag not in directory:
            directory[tag] = dict(block.get_ifd(tag)) if tag in _BELOW else value
    start = len(file) + len(file) % 2  # directories begin on words
    added = _renamed(directory.tobytes(start))
    body = memoryview(file)
    return b"".join([body[:4], _POINTER.pack(start), body[_HEADER:], bytes(start - len(file)), added])


def _renamed(directory: bytes) -> bytes:
    """The directory with the strips under their own name, and in the order of names again."""
    (count,) = _COUNT.unpack_from(directory)
    end = _COUNT.size + count * _ENTRY
    entries = [directory[at : at + _ENTRY] for at in range(_COUNT.size, end, _ENTRY)]
    named = [_COUNT.pack(_STRIPS) + each[2:] if each[:2] == _COUNT.pack(_NO_TAG) else each for each in entries]
    return directory[: _COUNT.size] + b"".join(sorted(named, key=_COUNT.unpack_from)) + directory[end:]
