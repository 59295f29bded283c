"""Which format a file is, by its content alone. A declared type or a file name is never looked at.

Knows signatures and container brands. Does not know whether the rest of the file is sound: parsers find that out.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.camera import RAW_FORMATS, raw_format
from core.ebml import read_vint
from core.errors import UnsupportedMedia
from core.media import Kind

FORMATS = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/avif",
    "image/heif",
    "image/gif",
    "image/tiff",
    "image/bmp",
    *RAW_FORMATS,
    "application/dicom",
    "video/mp4",
    "video/quicktime",
    "video/webm",
)
"""The allow-list."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),  # BigTIFF
    (b"MM\x00+", "image/tiff"),
)
_DICOM = "application/dicom"
_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
_EBML = b"\x1a\x45\xdf\xa3"
_EBML_DOCTYPE = 0x4282
# Brands of ISO/IEC 14496-12 files, from the register at mp4ra.org.
_AVIF = frozenset({b"avif", b"avis"})
_QUICKTIME = frozenset({b"qt  "})
_MP4 = frozenset(
    {b"isom", b"mp41", b"mp42", b"avc1", b"av01", b"dash", b"msdh", b"MSNV", b"M4V ", b"M4VH", b"M4VP", b"f4v "}
    | {b"iso%d" % number for number in range(2, 10)}
)
# Their compatible brands often name mp42 too, so they are told apart by the major brand.
_NOT_VIDEO = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ", b"jxl "})
_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis"})
_OTHER_HEIF = frozenset({b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})  # films, and what says no more
_CANON = b"crx "
# Boxes with which QuickTime files older than the `ftyp` box begin.
_OLD_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide"})


def sniff(data: bytes) -> tuple[Kind, str]:
    """The kind and MIME type of `data`. Raises UnsupportedMedia, naming what it looks like, for all but `FORMATS`."""
    mime = _by_signature(data) or _by_container(data) or _by_preamble(data)
    if mime is None:
        raise UnsupportedMedia(
            f"unsupported format: {_describe(data)}",
            field="media",
            limit=", ".join(FORMATS),
            found=_describe(data),
        )
    return (Kind.VIDEO if mime.startswith("video/") else Kind.IMAGE), mime


def _by_signature(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "image/bmp"
    if raw := raw_format(data):  # before TIFF, as most of them are
        return raw
    if data[:2] in (b"II", b"MM") and _has_dicom(data):  # its preamble may be that of a TIFF (PS3.10, annex A)
        return _DICOM
    return next((mime for magic, mime in _SIGNATURES if data.startswith(magic)), None)


def _by_container(data: bytes) -> str | None:
    if data[:4] == _EBML:
        return "video/webm" if _doctype(data) == b"webm" else None
    if data[4:8] in _OLD_QUICKTIME_BOXES:
        return "video/quicktime"
    if data[4:8] == b"ftyp":
        return _by_brands(_brands(data))
    return None


def _by_preamble(data: bytes) -> str | None:
    """DICOM, behind 128 bytes that may be anything (PS3.10, 7.1). So it comes last: a file that is a picture to every
    browser is examined as that picture, whatever else it is.
    """
    return _DICOM if _has_dicom(data) else None


def _has_dicom(data: bytes) -> bool:
    return data[128:132] == b"DICM"


def _by_brands(brands: list[bytes]) -> str | None:
    """A file is what its major brand says; a general one (mif1, isom, …) is told apart by the compatible ones."""
    major, everything = brands[0], frozenset(brands)
    if major in _AVIF or (major in {b"mif1", b"msf1"} and everything & _AVIF):
        return "image/avif"
    if major in _HEIF or (major == b"mif1" and everything & _HEIF):
        return "image/heif"
    if major == _CANON:
        return "image/x-canon-cr3"
    if major in _OTHER_HEIF or major in _NOT_VIDEO:
        return None
    if major in _QUICKTIME:
        return "video/quicktime"
    return "video/mp4" if everything & _MP4 else None


def _brands(data: bytes) -> list[bytes]:
    """Major brand, then the compatible ones (ISO/IEC 14496-12, 4.3)."""
    end = min(int.from_bytes(data[:4], "big"), len(data), 4096)
    return [data[8:12]] + [data[at : at + 4] for at in range(16, end - 3, 4)]


def _doctype(data: bytes) -> bytes:
    """DocType of an EBML header (RFC 8794, 11.2.4), empty where there is none."""
    return next((body for identifier, body in _ebml_header(data) if identifier == _EBML_DOCTYPE), b"").rstrip(b"\x00")


def _ebml_header(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Identifier and content of each element inside the EBML header; stops at the first damaged one."""
    size, at = read_vint(data, 4, keep_marker=False)
    end = min(at + size, len(data), 4096)
    while at < end:
        identifier, at = read_vint(data, at, keep_marker=True)
        size, at = read_vint(data, at, keep_marker=False)
        if identifier == 0 or at + size > end:
            return
        yield identifier, data[at : at + size]
        at += size


def _describe(data: bytes) -> str:
    if not data:
        return "an empty file"
    if data[4:8] == b"ftyp":
        return f"an ISO media file of brand {data[8:12].decode('ascii', 'replace')!r}"
    if data[:4] == _EBML:
        return f"an EBML file of type {_doctype(data)[:32].decode('ascii', 'replace')!r}"
    return f"a file that begins with the bytes {data[:8].hex(' ')}"
