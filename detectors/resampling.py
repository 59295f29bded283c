"""The `resampling` detector: whether a picture was enlarged, or slightly reduced, by interpolation.

Pictures are scaled on their way all the time: the finding is information about the file's history, not guilt. The trace
is `detectors.interpolation`'s.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np

from core.media import Kind, Media, Pixels
from detectors.base import Evidence, Finding
from detectors.calibration import Logistic
from detectors.interpolation import Line, Settings, lines, strongest
from detectors.single import SingleDetector, version_of
from detectors.texture import LEAST, TOO_PLAIN, texture

LEAST_SIDE = 160
KNOWABLE_QUALITY = 85
_PLOT = (256, 640)  # pixels: height and width of the evidence
_TALLEST = 12.0  # times the median, at the plot's upper edge
# python -m training.evaluation.resampling
CALIBRATION = Logistic(weights=(4.017,), bias=-5.593, bound=2.0)
THRESHOLD = 5.135  # of the strength
MEASURED_FPR = 0.02  # without loss or at quality 85 and above; at 75 it would be four times that


def features(strength: float) -> tuple[float]:
    """What the calibration reads: the natural logarithm of the line's strength."""
    return (math.log(max(strength, 1e-3)),)


class ResamplingDetector(SingleDetector):
    """Looks for the periodic trace of interpolation along rows and columns."""

    name = "resampling"
    label = "resampled"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("jpeg",))
    summary = "Finds the periodic trace that enlarging by interpolation leaves in the pixels of a picture."
    limits = (
        "Sees enlargement best, slight reduction sometimes, and reduction by half or more, rotation and learned "
        "upscaling not at all; nothing is said of JPEG below quality 85, and factors such as 2 or 4/3 hide behind "
        "JPEG's blocks. Pictures are scaled in daily use: no sign of manipulation by itself."
    )

    def __init__(self, settings: Settings = Settings()) -> None:  # noqa: B008 - frozen
        self._settings = settings
        parameters = [asdict(settings), asdict(CALIBRATION), THRESHOLD, LEAST_SIDE, KNOWABLE_QUALITY]
        self.version = version_of(3, parameters)

    def examine(self, media: Media) -> Finding:
        """DETECTED from the threshold on; ABSTAINED on small and plain pictures and on coarse JPEGs, whose blocks have
        lines.
        """
        pixels = media.frames()[0].pixels
        if min(pixels.shape[:2]) < LEAST_SIDE:
            reason = f"The shorter side has {min(pixels.shape[:2])} pixels, {LEAST_SIDE} needed."
            return self.abstain(reason, ("picture.too_small",))
        quality = _quality(media)
        if quality is not None and quality < KNOWABLE_QUALITY:
            reason = f"A JPEG of quality {quality} erases most traces and leaves its own; {KNOWABLE_QUALITY} is needed."
            return self.abstain(reason, ("jpeg.coarse",))
        if texture(pixels) < LEAST:
            return self.abstain("Too plain: there is hardly any texture that interpolation could mark.", (TOO_PLAIN,))
        found = strongest(pixels, self._settings)
        if found.strength >= THRESHOLD:
            return self._detected(pixels, found)
        return self.not_detected("No periodic trace of interpolation.", **_measured(found))

    def _detected(self, pixels: Pixels, found: Line) -> Finding:
        return self.detected(
            f"Second differences repeat every {1 / found.frequency:.2f} pixels along rows and columns, as scaling by "
            "interpolation leaves them. Common, and no sign of manipulation by itself.",
            ("resampling.periodic",),
            (spectrum(pixels, self._settings),),
            **_measured(found),
        )


def spectrum(pixels: Pixels, settings: Settings) -> Evidence:
    """The spectra along rows (upper half) and columns, from 0 to 0.5 cycles a pixel, as a PNG for eyes."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = _PLOT
    half = height // 2
    plots = [_plotted(lines(each, settings), half, width) for each in (grey, grey.T)]
    _, png = cv2.imencode(".png", np.concatenate(plots))
    caption = "Periodicity of second differences along rows (above) and columns; for eyes only"
    return Evidence("picture", "image/png", png.tobytes(), caption)


def _plotted(values: np.typing.NDArray[np.float64], height: int, width: int) -> Pixels:
    """Bars from the lower edge, the strongest of each column's bins; (height, width)."""
    bars = values[: len(values) // width * width].reshape(width, -1).max(axis=1)
    tops = height - np.clip(bars / _TALLEST, 0, 1) * height
    return np.where(np.arange(height)[:, None] >= tops, 255, 0).astype(np.uint8)


def _measured(found: Line) -> dict[str, Any]:
    chance, ratio = CALIBRATION.judge(features(found.strength))
    measured = {"resampling.frequency": round(found.frequency, 4), "resampling.strength": round(found.strength, 3)}
    return {
        "probability": chance,
        "log10_lr": ratio,
        "fpr_at_threshold": MEASURED_FPR,
        "calibration": CALIBRATION.digest,
        "measurements": measured,
    }


def _quality(media: Media) -> int | None:
    """Of a JPEG whose tables could be read."""
    view = media.view("jpeg")
    return None if view.error else int(view.facts.get("quality", 0))
