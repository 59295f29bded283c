"""What the sandboxed parser `dicom` tells of a file, as typed values.

Every field is checked on the way in, because a worker that a file has taken over may answer anything. Texts that
people wrote (names, descriptions) are patient data: they MUST NOT enter a log, an error, a record or a manifest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.dicom.values import Values
from core.errors import CorruptMedia
from core.media import Media, View
from core.sandbox.wire import malformed

MIME = "application/dicom"
"""RFC 3240."""
VIEW = "dicom"
"""The parser."""
_UID = re.compile(r"[0-9.]{1,64}")
_CODE = re.compile(r"[A-Z0-9 _]{0,16}")
_LONGEST = 10_240


@dataclass(frozen=True, slots=True)
class Header:
    """What a derived file's own elements are made from.

    allocated: bits that a value takes. geometry: lists of numbers by keyword ("PixelSpacing", …), those in the file.
    image_type: all its values. lossy: it was compressed with loss before. linear: rescaling is by slope and intercept.
    counts_pixels: keywords of what gives places in pixels, which an enlargement would have to change.
    description, comments: of the series and the picture; "" unless plain ASCII.
    """

    allocated: int
    image_type: tuple[str, ...]
    sop_class: str
    sop_instance: str
    series: str
    geometry: Mapping[str, tuple[float, ...]]
    lossy: bool
    linear: bool
    counts_pixels: tuple[str, ...]
    description: str
    comments: str


@dataclass(frozen=True, eq=False, slots=True)
class Dicom:
    """One file. stored: int16 or uint16, (h, w). elements: what a derived file takes along, encoded one after the
    other (Explicit VR Little Endian); tags, ends: of each its tag and where it ends. equipment: encoded items of who
    worked on it before.
    """

    values: Values
    header: Header
    stored: NDArray[Any]
    elements: bytes
    tags: tuple[int, ...]
    ends: tuple[int, ...]
    equipment: bytes


def is_dicom(media: Media) -> bool:
    """Whether `media` is a DICOM file."""
    return media.mime == MIME


def dicom_of(media: Media) -> Dicom:
    """What the parser `dicom` read in `media`.

    Raises CorruptMedia where it could not read it, and ParserFailed where a field is not what it must be.
    """
    view = media.view(VIEW)
    if view.error:
        raise CorruptMedia(view.error, field="media")
    try:
        found = _dicom(view)
        if found.stored.shape != (media.height, media.width):
            raise malformed("values of another size than the picture")
        return found
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise malformed(f"no DICOM facts ({type(error).__name__})") from error


def _dicom(view: View) -> Dicom:
    facts, arrays = view.facts, view.arrays
    values = _values(facts["values"])
    stored = arrays["stored"]
    if stored.dtype != values.dtype:
        raise TypeError("values of another type")
    return Dicom(
        values=values,
        header=_header(facts["header"]),
        stored=stored,
        elements=arrays["elements"].astype(np.uint8, casting="no").tobytes(),
        tags=tuple(int(tag) for tag in arrays["tags"]),
        ends=tuple(int(end) for end in arrays["ends"]),
        equipment=arrays["equipment"].astype(np.uint8, casting="no").tobytes(),
    )


def _values(facts: Mapping[str, Any]) -> Values:
    bits = _whole(facts["bits"], 8, 16)
    padding, window = facts["padding"], facts["window"]
    slope = _number(facts["slope"])
    if slope == 0:
        raise ValueError("a slope of nothing")
    return Values(
        bits=bits,
        signed=facts["signed"] is True,
        slope=slope,
        intercept=_number(facts["intercept"]),
        unit="HU" if facts["unit"] == "HU" else "",
        padding=None if padding is None else (_whole(padding[0]), _whole(padding[1])),
        inverted=facts["inverted"] is True,
        window=None if window is None else (_number(window[0]), _number(window[1])),
    )


def _header(facts: Mapping[str, Any]) -> Header:
    return Header(
        allocated=_whole(facts["allocated"], 8, 16),
        image_type=tuple(_matching(_CODE, text) for text in facts["image_type"]),
        sop_class=_matching(_UID, facts["sop_class"]),
        sop_instance=_matching(_UID, facts["sop_instance"]),
        series=_matching(_UID, facts["series"]),
        geometry={str(name): tuple(map(_number, numbers)) for name, numbers in facts["geometry"].items()},
        lossy=facts["lossy"] is True,
        linear=facts["linear"] is True,
        counts_pixels=tuple(_matching(re.compile(r"\w{1,64}"), name) for name in facts["counts_pixels"]),
        description=_plain(facts["description"]),
        comments=_plain(facts["comments"]),
    )


def _whole(value: Any, low: int = -(1 << 15), high: int = (1 << 16) - 1) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError("a whole number out of range")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError("a text of another form")
    return value


def _plain(value: Any) -> str:
    if not isinstance(value, str) or not value.isascii() or len(value) > _LONGEST:
        raise ValueError("no plain text")
    return value
