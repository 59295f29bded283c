"""DICOM files that come with pydicom, as they are and with other elements. None holds a real patient's name."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from core.dicom.facts import MIME, VIEW
from core.limits import Limits
from core.media import Kind, Media, digest_of
from core.parsers import tags
from core.parsers.dicom import picture, view
from core.sandbox.assembly import assemble
from core.sandbox.contract import Request

FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
"""Looked into directly: pydicom's own search asks the network for files that it does not ship."""
__all__ = ["CT", "FOLDER", "MIME", "MR", "OVERLAID", "PATIENT", "edited", "holding", "opened", "read", "real"]
CT, MR, OVERLAID = "CT_small.dcm", "MR_small.dcm", "examples_overlay.dcm"
PATIENT = b"CompressedSamples"
"""Stands in the name of the patient of CT and MR."""


@cache
def real(name: str) -> bytes:
    """The file as pydicom ships it."""
    return (FOLDER / name).read_bytes()


def read(data: bytes) -> pydicom.FileDataset:
    """The data set in a file."""
    return pydicom.dcmread(io.BytesIO(data))


def edited(name: str, **elements: Any) -> bytes:
    """The file with other values of some elements, by keyword; None takes one out."""
    found = read(real(name))
    for keyword, value in elements.items():
        if value is None:
            delattr(found, keyword)
        else:
            setattr(found, keyword, value)
    file = io.BytesIO()
    found.save_as(file)
    return file.getvalue()


def holding(stored: NDArray[Any], bits: int, name: str = MR, **elements: Any) -> bytes:
    """The file with other stored values (h, w), of so many bits."""
    wide = bits > 8
    shape = {"Rows": stored.shape[0], "Columns": stored.shape[1]}
    depth = {"BitsAllocated": 16 if wide else 8, "BitsStored": bits, "HighBit": bits - 1}
    signed = {"PixelRepresentation": int(stored.dtype.kind == "i")}
    pixels = stored.astype("<u2" if wide else np.uint8).tobytes()
    data = {"PixelData": pixels + bytes(len(pixels) % 2)}
    return edited(name, **shape, **depth, **signed, **data, **elements)


def opened(data: bytes) -> Media:
    """The file as the pipeline opens one that is to be enhanced, by the same parsers, in this process."""
    request = Request([data], MIME, Limits())
    read = {"pixels": picture.parse(request), VIEW: view.parse(request), "tags": tags.parse(request)}
    return assemble(data, Kind.IMAGE, MIME, digest_of(data), read)
