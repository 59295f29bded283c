"""The parser `dicom`: stored values as they are, and the elements that a derived file takes along, still encoded.

Its facts and arrays are those of `core.dicom.facts`. For other formats the view is empty. Whoever writes a derived file
outside the sandbox copies the encoded elements and reads none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pydicom
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_data_element, write_sequence

from core.dicom.facts import MIME
from core.errors import CorruptMedia
from core.media import View
from core.parsers.bounds import exceeded
from core.parsers.dicom import opening, picture
from core.parsers.dicom.layout import layout_of, numbers
from core.parsers.dicom.stored import stored_values
from core.sandbox.contract import Request

warm = picture.warm
MAX_ELEMENTS = 16 << 20
"""Bytes of everything but the picture; more is no header."""
GEOMETRY = (
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"),
    *("ImagePositionPatient", "ImageOrientationPatient"),
)
_STALE = frozenset(
    {
        0x00080012,  # Instance Creation Date: of the source's
        0x00080013,
        0x00080014,
        0x00280106,  # Smallest and largest pixel value, of picture and series
        0x00280107,
        0x00280108,
        0x00280109,
        0x00880200,  # Icon Image Sequence: a small picture of the source
        0x0018A001,  # Contributing Equipment Sequence: handed over apart, to be added to
        0x4FFE0001,  # MAC Parameters, of a signature that no longer holds
        0xFFFAFFFA,  # Digital Signatures
        0xFFFCFFFC,  # Data Set Trailing Padding
    }
)
"""What does not hold for other pixels than the source's."""
_PIXEL_GROUP = 0x7FE0
_PLACES = (
    *("SequenceOfUltrasoundRegions", "ShutterShape", "ROIArea", "MaskSubtractionSequence"),
    *("FrameOfInterestDescription", "FieldOfViewOrigin", "PixelIntensityRelationshipLUTSequence"),
)
_OVERLAYS, _CURVES = range(0x6000, 0x6100), range(0x5000, 0x5100)
_LITTLE = (False, True)
"""Explicit VR, little endian, as pydicom says it."""


def parse(request: Request) -> View:
    """See above. Raises UnsupportedMedia, CorruptMedia or LimitExceeded."""
    if request.mime != MIME:
        return View()
    with opening.damage_told():
        found = opening.opened(request.blobs[0])
        layout = layout_of(found, request.limits)
        values = stored_values(found, layout)
        header = _header(found, layout.allocated)
        encoded = dict(_encoded(found))
        equipment = _items(found)
    ends = np.cumsum([len(data) for data in encoded.values()], dtype=np.int64)
    arrays = {
        "stored": values,
        "elements": np.frombuffer(b"".join(encoded.values()), np.uint8),
        "tags": np.array(list(encoded), np.uint32),
        "ends": ends,
        "equipment": np.frombuffer(equipment, np.uint8),
    }
    return View({"values": asdict(layout.values), "header": header}, arrays)


def _header(found: pydicom.FileDataset, allocated: int) -> dict[str, Any]:
    """The facts of `core.dicom.facts.Header`."""
    lossy = str(found.get("LossyImageCompression") or "") == "01"
    kinds = found.get("ImageType") or ()
    return {
        "allocated": allocated,
        "image_type": [str(kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)],
        "sop_class": _identifier(found, "SOPClassUID"),
        "sop_instance": _identifier(found, "SOPInstanceUID"),
        "series": _identifier(found, "SeriesInstanceUID"),
        "geometry": {name: list(found_numbers) for name in GEOMETRY if (found_numbers := numbers(found, name))},
        "lossy": lossy or found.file_meta.TransferSyntaxUID in opening.LOSSY,
        "linear": "ModalityLUTSequence" not in found,
        "counts_pixels": list(_counting(found)),
        "description": _ascii(found, "SeriesDescription"),
        "comments": _ascii(found, "ImageComments"),
    }


def _identifier(found: pydicom.Dataset, keyword: str) -> str:
    if not found.get(keyword):
        raise CorruptMedia(f"the DICOM file lacks {keyword}", field="media", limit=keyword, found="none")
    return str(found.get(keyword))


def _counting(found: pydicom.Dataset) -> Iterator[str]:
    """What gives places in pixels of the picture."""
    yield from (keyword for keyword in _PLACES if keyword in found)
    groups = {tag.group for tag in found.keys()}  # noqa: SIM118 - a data set iterates over elements, not tags
    if any(group in _OVERLAYS for group in groups):
        yield "OverlayData"
    if any(group in _CURVES for group in groups):
        yield "CurveData"


def _ascii(found: pydicom.Dataset, keyword: str) -> str:
    text = str(found.get(keyword) or "").strip()
    return text if text.isascii() and text.isprintable() else ""


def _encoded(found: pydicom.FileDataset) -> Iterator[tuple[int, bytes]]:
    """Every element that goes along, in Explicit VR Little Endian, in the order of tags.

    Where the file has that encoding they are its own bytes. Raises LimitExceeded above MAX_ELEMENTS.
    """
    same = found.original_encoding == _LITTLE
    source = found if same else correct_ambiguous_vr(found, True)
    size = 0
    for tag in sorted(source.keys()):
        if tag in _STALE or tag.group == _PIXEL_GROUP or tag.element == 0:  # element 0: a retired group's length
            continue
        element = source.get_item(tag) if same else source[tag]
        data = _written(lambda file, one=element: write_data_element(file, one, found.get("SpecificCharacterSet")))
        size += len(data)
        if size > MAX_ELEMENTS:
            raise exceeded("elements", "size of the DICOM header in bytes", MAX_ELEMENTS, "more")
        yield int(tag), data


def _items(found: pydicom.FileDataset) -> bytes:
    """The encoded items of who worked on it before."""
    if not found.get("ContributingEquipmentSequence"):
        return b""
    element, text = found["ContributingEquipmentSequence"], found.get("SpecificCharacterSet") or "iso8859"
    return _written(lambda file: write_sequence(file, element, pydicom.charset.convert_encodings(text)))


def _written(write: Any) -> bytes:
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = False, True
    write(file)
    return bytes(file.getvalue())
