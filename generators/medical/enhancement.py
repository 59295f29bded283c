"""One medical picture enhanced: eight answers of one method, their mean held to what was measured, and a new file.

    stored values → 0 to 1 → method, eight times → mean and spread → back → limit of noise → means held → DICOM

The steps from "back" on are what makes a method usable here: whatever it does, a region's mean stays what the scanner
measured. The module knows no method. Patient data pass through it encoded, and nothing of them is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.dicom.facts import MIME, Dicom, dicom_of
from core.dicom.tags import Derivation
from core.dicom.window import grey
from core.dicom.writing import derived_file
from core.errors import InvalidInput
from core.media import Frame, Media
from generators.base import IsCancelled, Output, Progress, Value, stop_if, version_of
from generators.medical import figures, noise, refusals
from generators.medical.consistency import CELL, Cells, Held, project
from generators.medical.ensemble import Method, ensemble
from generators.medical.uncertainty import MAP, PICTURE, UNCERTAINTY, uncertainty_map

UNMARKED = "its values are measurements: a watermark or a label would change them"


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
    refusals.check(found, work.scale)
    measured = found.values.measured(found.stored)
    low, span = _range(found.stored, measured)
    sigma = _sigma(found, work)
    plane = _normalised(found.stored, measured, low, span)
    mean, spread = ensemble(work.method((sigma or 0.0) * 255.0 / span), plane, progress)
    stop_if(cancelled)
    held, made, rmse = _held(found, mean.astype(np.float64) * span + low, work.scale, sigma)
    most = max(1.0, (refusals.MOST_MOVED + refusals.MOST_DETAIL * refusals.detail(plane)) * span)
    refusals.refuse_unfaithful(held, most, found.values)
    deviation = np.where(_grown(measured, work.scale), spread * np.float32(span), np.float32(0.0))
    notes = figures.figures(found.stored, made, found.values, held, deviation, rmse)
    stop_if(cancelled)  # a large file takes seconds to write
    stored, values = (made, found.values) if work.gives == PICTURE else uncertainty_map(deviation, found.values)
    derivation = Derivation(_words(work), work.model, work.version, _job(work), work.scale)
    data = derived_file(found, derivation, stored, values)
    return Output(data, MIME, Frame(grey(stored, values)), notes, measured=UNMARKED)


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


def _words(work: Work) -> str:
    if work.gives == MAP:
        return f"Standard deviation of eight answers, {work.words}"
    return f"{work.words[:1].upper()}{work.words[1:]}, means held to the source"


def _job(work: Work) -> str:
    """Of all that slices of one series have in common, so that they stay one series."""
    settings = sorted((name, value) for name, value in work.settings.items())
    return version_of(work.model, work.version, settings)
