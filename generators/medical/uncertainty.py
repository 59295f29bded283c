"""How far a method's eight answers differ, as a picture of its own: a map that a viewer lays over the one it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.dicom.facts import MIME, is_dicom
from core.dicom.values import Values
from core.errors import InvalidInput
from core.media import Media
from generators.base import Parameter, Value

FINEST = 2.0**-12
"""Stored values that one step of a map stands for at least: less than that is rounding in single precision."""
PICTURE, MAP = "picture", "map"
UNCERTAINTY = Parameter(
    "uncertainty",
    "string",
    PICTURE,
    "of a medical picture, what comes back: the picture, or a map of how far the method's eight answers differ",
    choices=(PICTURE, MAP),
)
"""What every method for medical pictures may be told."""


def refuse_map(source: Media, settings: Mapping[str, Value]) -> None:
    """Raises InvalidInput where a map is asked for of a picture that is not medical: others are answered once."""
    if settings.get(UNCERTAINTY.name) == MAP and not is_dicom(source):
        raise InvalidInput(
            "there is a map of uncertainty for medical pictures alone",
            field=f"parameters.{UNCERTAINTY.name}",
            limit=MIME,
            found=source.mime,
        )


def uncertainty_map(deviation: NDArray[np.float32], values: Values) -> tuple[NDArray[Any], Values]:
    """Standard deviations, in stored values, as values to be stored and what those mean: rescaled, they are in the
    picture's own units. The steps are as fine as the bits allow.
    """
    most = float(deviation.max())
    step = max(most / values.maximum, FINEST)
    stored = np.rint(deviation / np.float32(step)).clip(0, values.maximum).astype(values.dtype)
    slope = step * abs(values.slope)
    top = slope * values.maximum
    window = (top / 2.0, max(top, 1.0))
    return stored, replace(values, slope=slope, intercept=0.0, padding=None, window=window)
