"""A derived DICOM file: the source's elements as they were encoded, ours in between, and new values.

The source's elements are copied and never decoded here. Private ones go along where each pixel stays what it was; into
an enlargement they do not, for nobody knows which of them count pixels. Pixel values are written as they are, in
Explicit VR Little Endian, uncompressed: nothing is lost by writing.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian

from core.dicom.facts import Dicom
from core.dicom.tags import MAKER, Derivation, equipment_item, identifier, own_elements
from core.dicom.values import Values
from core.errors import ParserFailed
from core.sandbox.wire import malformed

_EQUIPMENT, _PIXELS = 0x0018A001, 0x7FE00010
_MEANING = frozenset(
    {
        0x00280120,  # Pixel Padding Value, and the end of its range
        0x00280121,
        0x00281050,  # windows, their explanation and function
        0x00281051,
        0x00281055,
        0x00281056,
        0x00283010,  # VOI LUT Sequence
    }
)
"""What says how the source's values are to be taken."""
_ITEM = struct.Struct("<HHI")
_SEQUENCE = struct.Struct("<HH2sHI")
_PREAMBLE = bytes(128) + b"DICM"


def derived_file(source: Dicom, derivation: Derivation, made: NDArray[Any], values: Values) -> bytes:
    """The file. made: new stored values (h, w), within what `values` can hold.

    values: what the new ones mean, as many bits of them as in the source. Where they mean something else, the file says
    so, and goes without the source's windows and padding.
    Raises ParserFailed where the source's elements do not lie as they were said to.
    """
    own = own_elements(source.header, derivation)
    own.Rows, own.Columns = made.shape
    left_out = _MEANING if values != source.values else frozenset()
    if left_out:
        _describe(own, values)
    elements = {int(element.tag): _encoded(element) for element in own}
    elements[_EQUIPMENT] = _sequence(_EQUIPMENT, source.equipment + _item(equipment_item(derivation)))
    elements[_PIXELS] = _pixel_data(made, source.header.allocated)
    for tag, data in _copied(source, enlarged=derivation.scale > 1):
        if tag not in left_out:
            elements.setdefault(tag, data)
    file = io.BytesIO()
    file.write(_PREAMBLE + _meta(own))
    for tag in sorted(elements):
        file.write(elements[tag])
    return file.getvalue()


def _describe(own: Dataset, values: Values) -> None:
    """What other values than the source's mean."""
    own.RescaleSlope, own.RescaleIntercept = f"{values.slope:.10g}", f"{values.intercept:.10g}"
    own.RescaleType = values.unit or "US"  # unspecified
    if values.window is not None:
        own.WindowCenter, own.WindowWidth = (f"{number:.10g}" for number in values.window)


def _copied(source: Dicom, *, enlarged: bool) -> Iterator[tuple[int, bytes]]:
    start = 0
    for tag, end in zip(source.tags, source.ends, strict=True):
        data = source.elements[start:end]
        if not start < end <= len(source.elements) or _ITEM.pack(tag >> 16, tag & 0xFFFF, 0)[:4] != data[:4]:
            raise _misplaced()
        start = end
        if not (enlarged and (tag >> 16) % 2):  # odd groups are private (PS3.5, 7.8)
            yield tag, data


def _misplaced() -> ParserFailed:
    return malformed("elements that lie elsewhere than it says")


def _meta(own: Dataset) -> bytes:
    """The file's meta information (PS3.10, 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = own.SOPClassUID, own.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(identifier("implementation", MAKER, ""))
    meta.ImplementationVersionName = MAKER.upper()
    file = DicomBytesIO()
    write_file_meta_info(file, meta)
    return bytes(file.getvalue())


def _encoded(element: Any) -> bytes:
    file = DicomBytesIO()
    file.is_implicit_VR, file.is_little_endian = False, True
    write_data_element(file, element)
    return bytes(file.getvalue())


def _item(found: Dataset) -> bytes:
    """One item of a sequence (PS3.5, 7.5)."""
    content = b"".join(_encoded(element) for element in found)
    return _ITEM.pack(0xFFFE, 0xE000, len(content)) + content


def _sequence(tag: int, items: bytes) -> bytes:
    return _SEQUENCE.pack(tag >> 16, tag & 0xFFFF, b"SQ", 0, len(items)) + items


def _pixel_data(made: NDArray[Any], allocated: int) -> bytes:
    """Values of 8 allocated bits are padded to an even length (PS3.5, 8.1.1)."""
    wide = allocated == 16
    data = made.astype("<u2" if wide else np.uint8).tobytes()
    return (
        _SEQUENCE.pack(0x7FE0, 0x0010, b"OW" if wide else b"OB", 0, len(data) + len(data) % 2)
        + data
        + bytes(len(data) % 2)
    )
