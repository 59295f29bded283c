"""The metadata blocks of an image file: EXIF, text, XMP and ICC as they lie in the container, not yet understood."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageFile

from core.parsers.metadata import png, xmp
from core.parsers.metadata.bounds import MAX_BLOCK

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")


@dataclass(frozen=True, slots=True)
class Blocks:
    """What the container holds. texts: name and text, in file order. xmp, icc: empty when there is none."""

    texts: tuple[tuple[str, str], ...]
    xmp: bytes
    icc: bytes


def of(image: ImageFile.ImageFile, data: bytes) -> Blocks:
    """The blocks of `image`, which Pillow opened over `data` and did not decode. Raises what Pillow raises."""
    texts = _texts(image, data)
    packet = _bytes(image.info.get("xmp")) or dict(texts).get(png.XMP_KEYWORD, "").encode() or xmp.find(data)
    return Blocks(
        texts=tuple((name, text) for name, text in texts if name != png.XMP_KEYWORD),
        xmp=packet,
        icc=_bytes(image.info.get("icc_profile")),
    )


def exif(image: ImageFile.ImageFile, data: bytes) -> Image.Exif:
    """The EXIF of `image`; empty where there is none or more than MAX_BLOCK. Raises what Pillow raises."""
    if image.format == "PNG":  # Pillow would decode the pixels to look behind them
        found = Image.Exif()
        found.load(png.exif(data))
        return found
    if len(_bytes(image.info.get("exif"))) > MAX_BLOCK:
        return Image.Exif()
    return image.getexif()


def _texts(image: ImageFile.ImageFile, data: bytes) -> list[tuple[str, str]]:
    if image.format == "PNG":
        return list(png.texts(data))
    comment = image.info.get("comment", b"")
    text = comment if isinstance(comment, str) else _bytes(comment).decode("utf-8", "replace")
    return [("comment", text)] if text else []


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return value if isinstance(value, bytes) else b""
