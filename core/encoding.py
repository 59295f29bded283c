"""Our own pixels as a file. Runs in process, because the pixels are ours.

Metadata of an upload is copied as it is; Pillow looks into EXIF alone, for the orientation, which AVIF tells twice and
TIFF in a tag of its own. Knows Pillow's writers and which of them keep alpha and metadata. Does not know what was made,
nor sign it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin

from core import encoding_deep
from core.errors import InvalidInput, UnsupportedMedia
from core.media import Frame
from core.tiff_exif import with_exif

_XMP_PNG_KEYWORD = "XML:com.adobe.xmp"
_EXIF_HEADER = b"Exif\x00\x00"
_TIFF_ORIENTATION, _TIFF_XMP, _TIFF_ICC = 274, 700, 34675
_OPAQUE = frozenset({"image/jpeg"})


def encode_image(
    frame: Frame, mime: str, *, exif: bytes = b"", icc: bytes = b"", xmp: bytes = b"", quality: int = 95
) -> bytes:
    """`frame` as a JPEG, PNG, WebP, AVIF or TIFF file; alpha is kept, except in JPEG, which has none.

    Where the frame is known at 16 bits, PNG and TIFF hold it so.

    exif: a TIFF structure (Exif 2.32, 4.5), with or without the header that JPEG puts before it; its orientation has
    to fit the pixels. icc: a profile. xmp: a packet.
    quality: 1 to 100, where the format is lossy; from 90 on, colour is not subsampled.

    Raises UnsupportedMedia for another `mime` and InvalidInput for pixels or metadata that the format cannot hold.
    """
    if mime not in _WRITERS:
        raise UnsupportedMedia(
            f"pictures are not written as {mime}", field="output_mime_type", limit=", ".join(_WRITERS), found=mime
        )
    if not 1 <= quality <= 100:
        raise InvalidInput("quality is out of range", field="quality", limit="1 to 100", found=str(quality))
    writer, options = _WRITERS[mime]
    file = io.BytesIO()
    exif = exif.removeprefix(_EXIF_HEADER)
    try:
        if frame.deep is not None and mime in _DEEP:
            data = _DEEP[mime](frame, exif, icc, xmp)
        else:
            picture = _picture(frame, keep_alpha=mime not in _OPAQUE)
            picture.save(file, writer, **options(exif, icc, xmp, quality))
            data = file.getvalue()
        return with_exif(data, exif) if exif and mime == "image/tiff" else data
    except (ValueError, OSError, TypeError, SyntaxError, LookupError, RuntimeError, struct.error) as error:
        raise InvalidInput(f"the picture cannot be written as {mime}: {error}", field="media") from error


def _picture(frame: Frame, *, keep_alpha: bool) -> Image.Image:
    if frame.alpha is None or not keep_alpha:
        return Image.fromarray(frame.pixels)
    return Image.fromarray(np.dstack([frame.pixels, frame.alpha]))


def _jpeg(exif: bytes, icc: bytes, xmp: bytes, quality: int) -> dict[str, Any]:
    options = {"quality": quality, "optimize": True, "subsampling": 0 if quality >= 90 else 2}
    metadata = {"exif": exif and _EXIF_HEADER + exif, "icc_profile": icc, "xmp": xmp}
    return options | _present(metadata)


def _png(exif: bytes, icc: bytes, xmp: bytes, _quality: int) -> dict[str, Any]:
    text = PngImagePlugin.PngInfo()
    if xmp:
        text.add_itxt(_XMP_PNG_KEYWORD, xmp.decode("utf-8", "replace"))
    return {"pnginfo": text} | _present({"exif": exif, "icc_profile": icc})


def _webp(exif: bytes, icc: bytes, xmp: bytes, quality: int) -> dict[str, Any]:
    return {"quality": quality, "exact": True} | _present({"exif": exif, "icc_profile": icc, "xmp": xmp})


def _avif(exif: bytes, icc: bytes, xmp: bytes, quality: int) -> dict[str, Any]:
    options = {"quality": quality, "subsampling": "4:4:4" if quality >= 90 else "4:2:0", "speed": 7}
    return options | _present({"exif": exif, "icc_profile": icc, "xmp": xmp})


def _tiff(exif: bytes, icc: bytes, xmp: bytes, _quality: int) -> dict[str, Any]:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if (orientation := _orientation(exif)) > 1:
        tags[_TIFF_ORIENTATION] = orientation
    for tag, value in ((_TIFF_XMP, xmp), (_TIFF_ICC, icc)):
        if value:
            tags.tagtype[tag] = 7  # UNDEFINED
            tags[tag] = value
    return {"compression": "tiff_adobe_deflate", "tiffinfo": tags}


def _orientation(exif: bytes) -> int:
    kept = Image.Exif()
    kept.load(exif)
    stated = kept.get(_TIFF_ORIENTATION)
    return stated if isinstance(stated, int) and stated in range(1, 9) else 1


def _deep_png(frame: Frame, exif: bytes, icc: bytes, xmp: bytes) -> bytes:
    return encoding_deep.png(frame, _png(exif, icc, xmp, 0))


def _deep_tiff(frame: Frame, exif: bytes, icc: bytes, xmp: bytes) -> bytes:
    return encoding_deep.tiff(frame, _orientation(exif), icc, xmp)


def _present(metadata: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: value for name, value in metadata.items() if value}


_WRITERS: Mapping[str, tuple[str, Callable[[bytes, bytes, bytes, int], dict[str, Any]]]] = {
    "image/jpeg": ("JPEG", _jpeg),
    "image/png": ("PNG", _png),
    "image/webp": ("WEBP", _webp),
    "image/avif": ("AVIF", _avif),
    "image/tiff": ("TIFF", _tiff),
}
_DEEP: Mapping[str, Callable[[Frame, bytes, bytes, bytes], bytes]] = {"image/png": _deep_png, "image/tiff": _deep_tiff}


def is_written_grey(frame: Frame, mime: str) -> bool:
    """Whether `encode_image` writes one sample for the colour of a pixel, which a profile for RGB would not fit.

    It does so of 16 bits alone, and in TIFF where there is no alpha.
    """
    if frame.deep is None or mime not in _DEEP or frame.deep.shape[2] > 1:
        return False
    return mime == "image/png" or frame.alpha is None
