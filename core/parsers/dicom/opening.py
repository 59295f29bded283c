"""Opens a DICOM file as a data set. Knows transfer syntaxes (PS3.5 annex A); does not know what the elements mean."""

from __future__ import annotations

import io
import logging
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pydicom
from pydicom import config, uid
from pydicom.errors import InvalidDicomError
from pydicom.filereader import dcmread

from core.errors import CorruptMedia, UnsupportedMedia

# What pydicom, its decoders and struct raise on bytes that are not what they claim to be.
DAMAGE = (
    *(OSError, EOFError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RuntimeError),
    *(NotImplementedError, struct.error, AssertionError, InvalidDicomError),
)
SYNTAXES: Mapping[str, str] = {
    uid.ImplicitVRLittleEndian: "Implicit VR Little Endian",
    uid.ExplicitVRLittleEndian: "Explicit VR Little Endian",
    uid.ExplicitVRBigEndian: "Explicit VR Big Endian",
    uid.RLELossless: "RLE Lossless",
    uid.JPEGBaseline8Bit: "JPEG Baseline",
    uid.JPEGLSLossless: "JPEG-LS Lossless",
    uid.JPEGLSNearLossless: "JPEG-LS Near-Lossless",
    uid.JPEG2000Lossless: "JPEG 2000 Lossless",
    uid.JPEG2000: "JPEG 2000",
}
"""Transfer syntaxes that are read. Lossless JPEG (process 14) and the 12-bit processes have no decoder of a permissive
licence; a deflated file could unpack to any size.
"""
LOSSY = frozenset({uid.JPEGBaseline8Bit, uid.JPEGLSNearLossless, uid.JPEG2000})
"""Those that lose something, or may."""
_WORDS = frozenset({"OW", "OF", "OD", "OL", "OV"})
_PIXELS = 0x7FE00010


def warm() -> None:
    """Makes pydicom quiet and lenient: odd values elsewhere in a file do not keep its picture from being read."""
    config.settings.reading_validation_mode = config.IGNORE
    config.settings.writing_validation_mode = config.IGNORE
    logging.getLogger("pydicom").disabled = True


@contextmanager
def damage_told() -> Iterator[None]:
    """Exceptions of pydicom as ours, and its warnings as nothing: either may quote the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DAMAGE as error:
        raise CorruptMedia(f"the DICOM file cannot be read ({type(error).__name__})", field="media") from error


def opened(data: bytes) -> pydicom.FileDataset:
    """The data set of a file, elements still undecoded.

    Raises CorruptMedia, and UnsupportedMedia for another transfer syntax than `SYNTAXES`. Call it, and whatever reads
    elements, inside `damage_told`.
    """
    found = dcmread(io.BytesIO(data))
    syntax = found.file_meta.get("TransferSyntaxUID")
    if syntax not in SYNTAXES:
        known = uid.UID(syntax or "").name if syntax in uid.AllTransferSyntaxes else "another"
        limit = ", ".join(SYNTAXES.values())
        raise UnsupportedMedia(f"DICOM coded as {known} is not read", field="media", limit=limit, found=known)
    if syntax == uid.ExplicitVRBigEndian and _has_words(found):
        # Their bytes would have to be swapped, and nothing says how far.
        raise UnsupportedMedia(
            "DICOM in Big Endian with arrays of words beside its picture is not read",
            field="media",
            limit="Little Endian",
            found="Explicit VR Big Endian",
        )
    return found


def _has_words(found: pydicom.Dataset) -> bool:
    return any(each.VR in _WORDS and each.tag != _PIXELS for each in found.iterall())
