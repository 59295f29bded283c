"""The picture of a DICOM file in the form that `core.sandbox.assembly` describes, for `core.parsers.pixels`."""

from __future__ import annotations

import numpy as np

from core.dicom.values import Values
from core.dicom.window import grey
from core.media import View
from core.parsers.dicom import opening, stored
from core.parsers.dicom.layout import layout_of
from core.sandbox.contract import Request


def parse(request: Request) -> View:
    """The picture as its window shows it. Raises UnsupportedMedia, CorruptMedia or LimitExceeded."""
    with opening.damage_told():
        found = opening.opened(request.blobs[0])
        layout = layout_of(found, request.limits)
        pixels = grey(stored.stored_values(found, layout), layout.values)
    facts = {
        "format": "DICOM",
        "mode": "L",
        "has_alpha": False,
        "n_frames": 1,
        "bits": layout.values.bits,
        "width": layout.columns,
        "height": layout.rows,
        "duration": 0.0,
    }
    return View(facts, {"pixels": pixels[np.newaxis], "times": np.zeros(1)})


def warm() -> None:
    """Loads what is loaded at first use."""
    opening.warm()
    stored.warm()
    grey(np.arange(4, dtype=np.uint16).reshape(2, 2), Values(bits=16, signed=False))  # NumPy's percentiles
