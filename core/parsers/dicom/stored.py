"""The stored values of a DICOM picture, decoded. Knows bits; does not know what the values mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder

from core.errors import CorruptMedia
from core.parsers.dicom.layout import Layout
from core.parsers.dicom.opening import SYNTAXES


def warm() -> None:
    """Finds every decoder, which imports what decodes."""
    for syntax in SYNTAXES:
        _ = get_decoder(syntax).is_available


def stored_values(found: pydicom.FileDataset, layout: Layout) -> NDArray[Any]:
    """int16 or uint16 (h, w), whatever the bits: those above the significant ones, where old files keep overlays, are
    left out. Raises CorruptMedia for a picture of another size than stated.
    """
    decoded, _ = get_decoder(found.file_meta.TransferSyntaxUID).as_array(found, raw=True, index=0)
    if decoded.shape != (layout.rows, layout.columns):
        raise CorruptMedia("the DICOM picture has another size than its header says", field="media")
    values = layout.values
    low = decoded.astype(np.uint16) & np.uint16((1 << values.bits) - 1)
    if not values.signed:
        return low
    sign = 1 << (values.bits - 1)
    return ((low.astype(np.int32) ^ sign) - sign).astype(np.int16)
