"""What a data set says of its picture, held against what is read here. Decodes no pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pydicom

from core.dicom.values import Values
from core.errors import CorruptMedia, UnsupportedMedia
from core.limits import Limits
from core.parsers.bounds import check_size

_GREY = {"MONOCHROME1": True, "MONOCHROME2": False}
"""Whether low values are bright (PS3.3 C.7.6.3.1.2)."""
_MODALITY_UNIT = {"CT": "HU"}
"""What rescaled values are where the file does not say (C.8.2.1.1.5)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One grey picture: its size, how its values lie, and what they mean."""

    rows: int
    columns: int
    allocated: int
    values: Values


def layout_of(found: pydicom.Dataset, limits: Limits) -> Layout:
    """The layout of the picture in a data set.

    Raises UnsupportedMedia for anything but one grey picture of 8 to 16 bits, LimitExceeded for more pixels than
    `limits`, and CorruptMedia for elements that contradict each other.
    """
    if "PixelData" not in found:
        raise UnsupportedMedia("the DICOM file holds no picture", field="media", limit="Pixel Data", found="none")
    _refuse_colour(found)
    frames = whole(found, "NumberOfFrames", 1)
    if frames != 1:
        raise _unsupported("DICOM of several frames is not read", "one frame", f"{frames} frames")
    rows, columns = whole(found, "Rows"), whole(found, "Columns")
    check_size(columns, rows, limits)
    allocated, bits = whole(found, "BitsAllocated"), whole(found, "BitsStored")
    if allocated not in (8, 16) or not 8 <= bits <= allocated:
        raise _unsupported("DICOM of this depth is not read", "8 to 16 bits a value", f"{bits} of {allocated} bits")
    if whole(found, "HighBit", bits - 1) != bits - 1:
        raise _unsupported("DICOM values must lie in the lowest bits", f"HighBit {bits - 1}", "another")
    return Layout(rows, columns, allocated, _values(found, bits))


def whole(found: pydicom.Dataset, keyword: str, default: int | None = None) -> int:
    """The whole number in an element. Raises CorruptMedia where it is none, or missing without a default."""
    value = found.get(keyword)
    if value is None and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise CorruptMedia(f"{keyword} of the DICOM file is no whole number", field="media") from error


def numbers(found: pydicom.Dataset, keyword: str) -> tuple[float, ...]:
    """The finite numbers in an element; none where it is empty or missing. Raises CorruptMedia for anything else."""
    value = found.get(keyword)
    if value is None or value == "":
        return ()
    many = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    try:
        read = tuple(float(each) for each in many)
    except (TypeError, ValueError) as error:
        raise CorruptMedia(f"{keyword} of the DICOM file is no number", field="media") from error
    if not all(math.isfinite(each) for each in read):
        raise CorruptMedia(f"{keyword} of the DICOM file is not finite", field="media")
    return read


def _refuse_colour(found: pydicom.Dataset) -> None:
    if whole(found, "SamplesPerPixel", 1) != 1 or found.get("PhotometricInterpretation") not in _GREY:
        raise _unsupported("DICOM in colour is not read", " or ".join(_GREY), "another photometric interpretation")


def _values(found: pydicom.Dataset, bits: int) -> Values:
    signed = whole(found, "PixelRepresentation") == 1
    slope, intercept = numbers(found, "RescaleSlope") or (1.0,), numbers(found, "RescaleIntercept") or (0.0,)
    if slope[0] == 0:
        raise CorruptMedia("RescaleSlope of the DICOM file is 0", field="media", limit="another number", found="0")
    return Values(
        bits=bits,
        signed=signed,
        slope=slope[0],
        intercept=intercept[0],
        unit=str(found.get("RescaleType") or _MODALITY_UNIT.get(str(found.get("Modality")), "")),
        padding=_padding(found, bits, signed=signed),
        inverted=_GREY[found.PhotometricInterpretation],
        window=_window(found),
    )


def _padding(found: pydicom.Dataset, bits: int, *, signed: bool) -> tuple[int, int] | None:
    """Both ends of what stands for nothing measured. Files disagree on its sign, so it is read as the values are."""
    if found.get("PixelPaddingValue") is None:
        return None
    first = whole(found, "PixelPaddingValue")
    ends = sorted(_as_stored(each, bits, signed) for each in (first, whole(found, "PixelPaddingRangeLimit", first)))
    return ends[0], ends[1]


def _as_stored(value: int, bits: int, signed: bool) -> int:
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if signed and low >> (bits - 1) else low


def _window(found: pydicom.Dataset) -> tuple[float, float] | None:
    """The first window of those that the file offers."""
    centres, widths = numbers(found, "WindowCenter"), numbers(found, "WindowWidth")
    return (centres[0], widths[0]) if centres and widths and widths[0] >= 1 else None


def _unsupported(message: str, limit: str, found: Any) -> UnsupportedMedia:
    return UnsupportedMedia(message, field="media", limit=limit, found=str(found))
