"""One medical picture enhanced: eight answers of one method, their mean held to what was measured, and a new file.

    stored values → 0 to 1 → method, eight times → mean and spread → back → limit of noise → means held → DICOM

The steps from "back" on are what makes a method usable here: whatever it does, a region's mean stays what the scanner
measured. The module knows no method. Patient data pass through it encoded, and nothing of them is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from core.dicom.facts import MIME, Dicom, Values, dicom_of, is_dicom
from core.dicom.tags import Derivation
from core.dicom.window import grey
from core.dicom.writing import derived_file
from core.errors import InvalidInput, LimitExceeded
from core.media import Frame, Media
from generators.base import IsCancelled, Output, Parameter, Progress, Value, stop_if, version_of
from generators.medical import figures, noise
from generators.medical.consistency import CELL, Cells, Held, project
from generators.medical.ensemble import Method, ensemble

TOLERANCE = 0.5 + 1e-6
"""Stored values that a mean may be off: as much as writing whole numbers alone may cost."""
MOST_MOVED, MOST_DETAIL = 0.01, 0.5
"""Of the picture's range, and of its detail, on top of each other: a method whose answer has to be moved further, root
mean square, did not answer for this picture. Plain interpolation of pure noise is moved by 0.3 of its detail.
"""
FINEST = 2.0**-12
"""Stored values that one step of a map stands for at least: less than that is rounding in single precision."""
MOST_PIXELS = 32_000_000
"""Of an output. Its mean, spread and differences are held whole, in double precision: some 80 bytes a pixel."""
MOST_SIDE = 65_535
"""Rows and Columns have 16 bits (PS3.3 C.7.6.3)."""
UNMARKED = "its values are measurements: a watermark or a label would change them"
PICTURE, MAP = "picture", "map"
UNCERTAINTY = Parameter(
    "uncertainty",
    "string",
    PICTURE,
    "of a medical picture, what comes back: the picture, or a map of how far the method's eight answers differ",
    choices=(PICTURE, MAP),
)
"""What every method for medical pictures may be told."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done.

    method: what a σ of the noise asks for, in 8-bit steps of a plane of 0 to 1; enlargements are told 0. sigma: of the
    noise in rescaled units; 0 where it is to be estimated, None for enlargements. words: "denoised by nlm". settings:
    those that shaped it, for the output's identifiers.
    """

    method: Callable[[float], Method]
    sigma: float | None
    scale: int
    words: str
    model: str
    version: str
    settings: Mapping[str, Value]

    @property
    def gives(self) -> Literal["picture", "map"]:
        """What comes back."""
        return "map" if self.settings.get(UNCERTAINTY.name) == MAP else "picture"


def enhanced(source: Media, work: Work, progress: Progress, cancelled: IsCancelled) -> Output:
    """The output, which measures and so is not marked.

    Raises InvalidInput, with the figures found, where what the method made cannot be held to what was measured.
    """
    found = dicom_of(source)
    check(found, work.scale)
    measured = found.values.measured(found.stored)
    low, span = _range(found.stored, measured)
    sigma = _sigma(found, work)
    plane = _normalised(found.stored, measured, low, span)
    mean, spread = ensemble(work.method((sigma or 0.0) * 255.0 / span), plane, progress)
    stop_if(cancelled)
    held, made, rmse = _held(found, mean.astype(np.float64) * span + low, work.scale, sigma)
    _refuse_unfaithful(held, max(1.0, (MOST_MOVED + MOST_DETAIL * _detail(plane)) * span), found.values)
    deviation = np.where(_grown(measured, work.scale), spread * np.float32(span), np.float32(0.0))
    notes = figures.figures(found.stored, made, found.values, held, deviation, rmse)
    stop_if(cancelled)  # a large file takes seconds to write
    stored, values = (made, found.values) if work.gives == PICTURE else uncertainty_map(deviation, found.values)
    derivation = Derivation(_words(work), work.model, work.version, _job(work), work.scale)
    data = derived_file(found, derivation, stored, values)
    return Output(data, MIME, Frame(grey(stored, values)), notes, measured=UNMARKED)


def refuse_map(source: Media, settings: Mapping[str, Value]) -> None:
    """Raises InvalidInput where a map is asked for of a picture that is not medical: others are answered once."""
    if settings.get(UNCERTAINTY.name) == MAP and not is_dicom(source):
        raise InvalidInput(
            "there is a map of uncertainty for medical pictures alone",
            field=f"parameters.{UNCERTAINTY.name}",
            limit=MIME,
            found=source.mime,
        )


def check(found: Dicom, scale: int) -> None:
    """Raises InvalidInput for a picture that cannot be enhanced so that all its elements stay true, and LimitExceeded
    for an output that is too large.
    """
    height, width = (side * scale for side in found.stored.shape)
    if max(height, width) > MOST_SIDE or height * width > MOST_PIXELS:
        raise LimitExceeded(
            "the output of a medical picture would be too large",
            field="parameters.scale" if scale > 1 else "media",
            limit=f"{MOST_PIXELS} pixels, {MOST_SIDE} a side",
            found=f"{width}×{height}",
        )
    if not found.header.linear:
        raise InvalidInput(
            "the picture's values mean what a table says, and means of them nothing",
            field="media",
            limit="Rescale Slope and Intercept",
            found="Modality LUT Sequence",
        )
    if scale > 1 and found.header.counts_pixels:
        raise InvalidInput(
            "the picture has elements that give places in its pixels, which an enlargement would make wrong",
            field="media",
            limit="none of them",
            found=", ".join(found.header.counts_pixels),
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


def _range(stored: NDArray[Any], measured: NDArray[np.bool_]) -> tuple[float, float]:
    """Least measured value, and how far the others reach above it; never nothing."""
    counted = stored[measured]
    low, high = (float(counted.min()), float(counted.max())) if counted.size else (0.0, 0.0)
    return low, max(high - low, 1.0)


def _normalised(stored: NDArray[Any], measured: NDArray[np.bool_], low: float, span: float) -> NDArray[np.float32]:
    """0 to 1; padding is as the least value, so that no method sees an edge that is not in the picture."""
    return np.where(measured, (stored.astype(np.float64) - low) / span, 0.0).astype(np.float32)


def _sigma(found: Dicom, work: Work) -> float | None:
    """σ of the noise in stored values, told or estimated; None where none is to be taken away."""
    if work.sigma is None:
        return None
    return work.sigma / abs(found.values.slope) or noise.level(found.stored)


def _held(
    found: Dicom, answer: NDArray[np.float64], scale: int, sigma: float | None
) -> tuple[Held, NDArray[Any], float]:
    """The answer held to the source: how well, the stored values, and the error of the means that is left."""
    stored, values = found.stored.astype(np.float64), found.values
    measured = values.measured(found.stored)
    if not np.isfinite(answer).all():
        raise InvalidInput("the model made values that are no numbers", field="model", limit="finite", found="others")
    grown = _grown(measured, scale)
    cells = Cells(scale if scale > 1 else CELL, grown)
    wanted = stored if scale > 1 else cells.means(stored)
    near = answer if sigma is None else noise.limited(answer, stored, sigma)
    whole, held = project(answer, near, cells, wanted, (values.minimum, values.maximum))
    whole[~grown] = cells.flat(stored)[~grown] if scale > 1 else stored[~grown]
    errors = (cells.means(whole) - wanted)[cells.used()]
    rmse = float(np.sqrt(np.mean(np.square(errors)))) if errors.size else 0.0
    return held, whole.astype(values.dtype), rmse


def _grown(measured: NDArray[np.bool_], scale: int) -> NDArray[np.bool_]:
    return np.repeat(np.repeat(measured, scale, axis=0), scale, axis=1)


def _detail(plane: NDArray[np.float32]) -> float:
    """Root mean square of what a picture has beyond the mean of every nine pixels, in its own units."""
    beyond = plane - cv2.blur(plane, (3, 3), borderType=cv2.BORDER_REPLICATE)
    return float(np.sqrt(np.mean(np.square(beyond, dtype=np.float64))))


def _refuse_unfaithful(held: Held, most: float, values: Values) -> None:
    """most: that the answer may be moved, stored values."""
    step, unit = abs(values.slope), values.unit or "rescaled values"
    if held.after > TOLERANCE:
        raise InvalidInput(
            "what the model made, brought back to the input's size, is not the input",
            field="model",
            limit=f"off by at most {TOLERANCE * step:.3g} {unit}",
            found=f"off by {held.after * step:.3g} {unit}",
        )
    if held.moved > most:
        raise InvalidInput(
            "what the model made is not what was measured, and would have to be moved too far to be it",
            field="model",
            limit=f"moved by at most {most * step:.3g} {unit}, root mean square",
            found=f"moved by {held.moved * step:.3g} {unit}; means were off by up to {held.before * step:.3g}",
        )


def _words(work: Work) -> str:
    if work.gives == MAP:
        return f"Standard deviation of eight answers, {work.words}"
    return f"{work.words[:1].upper()}{work.words[1:]}, means held to the source"


def _job(work: Work) -> str:
    """Of all that slices of one series have in common, so that they stay one series."""
    settings = sorted((name, value) for name, value in work.settings.items())
    return version_of(work.model, work.version, settings)
