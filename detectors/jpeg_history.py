"""The `jpeg_history` detector: whether a JPEG was compressed before, at a lower quality, on the same grid.

Uploads are often compressed twice on their way: the finding is information about the file's history, not guilt. The
trace is `detectors.double_quantisation`'s; the error-level picture is for eyes and decides nothing.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Kind, Media, Pixels, View
from detectors.base import Evidence, Finding
from detectors.calibration import Logistic
from detectors.double_quantisation import Settings, Trace, trace
from detectors.single import SingleDetector, version_of

LEAST_BLOCKS = 400  # 160 × 160 pixels
_KNOWABLE_QUALITY = 70
_ELA_QUALITY = 90
_ELA_SIDE = 1024
# python -m training.evaluation.jpeg_history
CALIBRATION = Logistic(weights=(2.087,), bias=4.527, bound=2.0)
THRESHOLD = 0.181
MEASURED_FPR = 0.021


def features(found: Trace) -> tuple[float]:
    """What the calibration reads: the natural logarithm of the gain."""
    return (math.log(max(found.gain, 0.0) + 1e-3),)


class JpegHistoryDetector(SingleDetector):
    """Looks for the trace of an earlier, coarser quantisation in a JPEG's coefficients."""

    name = "jpeg_history"
    label = "double_jpeg"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("jpeg",))
    summary = "Finds the trace that an earlier, coarser JPEG compression leaves in the coefficients of a JPEG."
    limits = (
        "Sees only an earlier compression of lower quality on the same 8×8 grid, with standard tables: cropping, "
        "scaling or an earlier compression of equal or higher quality leave nothing to see. Being compressed twice is "
        "common and no sign of manipulation by itself."
    )

    def __init__(self, settings: Settings = Settings()) -> None:  # noqa: B008 - frozen
        self._settings = settings
        parameters = [repr(settings), repr(CALIBRATION), THRESHOLD, LEAST_BLOCKS, _KNOWABLE_QUALITY]
        self.version = version_of(3, parameters)

    def examine(self, media: Media) -> Finding:
        """DETECTED above the threshold; ABSTAINED where no trace could be left, or nothing could be read."""
        view = media.view("jpeg")
        planes = _planes(view)
        if planes is None:
            return self.abstain("Not a JPEG with a readable luma plane.", ("jpeg.none",))
        found = trace(*planes, self._settings)
        if found.blocks < LEAST_BLOCKS:
            reason = f"Too small: {found.blocks} usable 8×8 blocks, {LEAST_BLOCKS} needed."
            return self.abstain(reason, ("jpeg.too_small",))
        quality = int(view.facts.get("quality", 0))
        if found.gain >= THRESHOLD:
            return self._detected(media, found, quality)
        if quality < _KNOWABLE_QUALITY:
            reason = f"No trace, but at quality {quality} the last compression would have erased most traces."
            return self.abstain(reason, ("jpeg.coarse",))
        chance, ratio = CALIBRATION.judge(features(found))
        return self.not_detected(
            f"No trace of an earlier compression at a quality below {quality}.",
            probability=chance,
            log10_lr=ratio,
            fpr_at_threshold=MEASURED_FPR,
            calibration=CALIBRATION.digest,
        )

    def _detected(self, media: Media, found: Trace, quality: int) -> Finding:
        chance, ratio = CALIBRATION.judge(features(found))
        return self.detected(
            f"Compressed at about quality {found.quality}, later again at about {quality}. Common, and no sign of "
            "manipulation by itself.",
            ("jpeg.double",),
            (error_levels(media.frames()[0].pixels),),
            probability=chance,
            log10_lr=ratio,
            fpr_at_threshold=MEASURED_FPR,
            calibration=CALIBRATION.digest,
        )


def error_levels(pixels: Pixels) -> Evidence:
    """What one more compression changes, brightened, as a PNG of at most 1024 pixels a side."""
    shrink = min(1.0, _ELA_SIDE / max(pixels.shape[:2]))
    _, coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _ELA_QUALITY])
    again = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)
    levels = np.abs(pixels[..., ::-1].astype(np.int16) - again).max(axis=2)
    bright = np.clip(levels.astype(np.float32) * (255.0 / max(1, int(levels.max()))), 0, 255).astype(np.uint8)
    small = cv2.resize(bright, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else bright
    _, png = cv2.imencode(".png", small)
    return Evidence("picture", "image/png", png.tobytes(), f"Error levels at quality {_ELA_QUALITY}; for eyes only")


def _planes(view: View) -> tuple[Pixels, NDArray[np.uint16]] | None:
    """Luma and its table, if the view has them in the form that the parser promises."""
    luma, tables = view.arrays.get("luma"), view.arrays.get("tables")
    if view.error or luma is None or tables is None:
        return None
    sound = luma.dtype == np.uint8 and luma.ndim == 2 and tables.ndim == 3 and tables.shape[1:] == (8, 8)
    return (luma, tables[0].astype(np.uint16)) if sound and len(tables) and tables[0].min() > 0 else None
