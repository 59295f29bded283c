"""The `copy_move` detector: whether a part of the picture was copied to another place in it.

Repeating keypoints propose (`detectors.self_similarity`), agreement of the pixels between them decides
(`detectors.correlation`). This module weighs the two and draws the mask.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Kind, Media, Pixels
from detectors import correlation, self_similarity
from detectors.base import Evidence, Finding
from detectors.calibration import Logistic
from detectors.correlation import Overlap
from detectors.single import SingleDetector, version_of
from detectors.texture import TOO_PLAIN

WORK_AREA = 400_000  # pixels; larger pictures are reduced before the search
LEAST_SIDE = 128
LEAST_KEYPOINTS = 50
# Median correlation: arches and balconies that were built alike reach .92, copies after JPEG and scaling exceed .97.
_LOOK_ALIKE, _COPY = 0.92, 0.97
_WHOLE_SHARE = 0.01  # of the area; smaller repetitions (hooks, letters) weigh less
# python -m training.evaluation.copy_move
CALIBRATION = Logistic(weights=(2.403,), bias=-1.478, bound=2.0)
THRESHOLD = 1.4  # of the strength
MEASURED_FPR = 0.009
_CONSTANTS = (WORK_AREA, LEAST_SIDE, LEAST_KEYPOINTS, _LOOK_ALIKE, _COPY, _WHOLE_SHARE, THRESHOLD)


def search(pixels: Pixels) -> tuple[int, list[Overlap]]:
    """How many keypoints the RGB picture, uint8 (h, w, 3), gave, and its repetitions, on a reduced copy."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    shrink = math.sqrt(WORK_AREA / grey.size)
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    work = np.asarray(grey, dtype=np.uint8)
    points = self_similarity.keypoints(work, self_similarity.Settings())
    pairs = self_similarity.match(points, self_similarity.Settings())
    groups = self_similarity.repetitions(points, pairs, self_similarity.Settings())
    return len(points.positions), [correlation.overlap(work, group, correlation.Settings()) for group in groups]


def strength(found: Overlap) -> float:
    """How much a repetition looks like a copy, from 0: matches inside it, logarithmic, by the share of pixels between
    them that agree, by how far these correlate beyond what look-alikes do, by size up to one percent of the area.
    """
    alike = min(1.0, max(0.0, (found.correlation - _LOOK_ALIKE) / (_COPY - _LOOK_ALIKE)))
    return math.log1p(found.members) * found.filled * alike * min(1.0, found.share / _WHOLE_SHARE)


class CopyMoveDetector(SingleDetector):
    """Looks for a part of the picture that repeats elsewhere, turned or scaled or not."""

    name = "copy_move"
    label = "copy_move"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset[str]()
    summary = "Finds parts of a picture that were copied to another place in it, and draws both places."
    limits = (
        "Copies of smooth areas (sky, blur) give no keypoints and are missed, as are mirrored or strongly distorted "
        "ones and patches of a few dozen pixels. Screenshots, text, logos and patterns repeat by design."
    )

    def __init__(self) -> None:
        parameters = [asdict(self_similarity.Settings()), asdict(correlation.Settings()), asdict(CALIBRATION)]
        self.version = version_of(1, [*parameters, *_CONSTANTS])

    def examine(self, media: Media) -> Finding:
        """DETECTED where pixels agree over a repetition; ABSTAINED on pictures too small or too plain to search."""
        pixels = media.frames()[0].pixels
        if min(pixels.shape[:2]) < LEAST_SIDE:
            reason = f"The shorter side has {min(pixels.shape[:2])} pixels, {LEAST_SIDE} needed."
            return self.abstain(reason, ("picture.too_small",))
        keypoints, overlaps = search(pixels)
        if keypoints < LEAST_KEYPOINTS:
            reason = f"Too plain to search: {keypoints} keypoints, {LEAST_KEYPOINTS} needed."
            return self.abstain(reason, (TOO_PLAIN,))
        convincing = [found for found in overlaps if strength(found) >= THRESHOLD]
        chance, ratio = CALIBRATION.judge((max(map(strength, overlaps), default=0.0),))
        measured: dict[str, Any] = {
            "probability": chance,
            "log10_lr": ratio,
            "fpr_at_threshold": MEASURED_FPR,
            "calibration": CALIBRATION.digest,
        }
        if not convincing:
            return self.not_detected("No part of the picture repeats elsewhere pixel for pixel.", **measured)
        members = sum(found.members for found in convincing)
        return self.detected(
            f"{members} keypoints repeat elsewhere in the picture, and the pixels between them agree.",
            ("copy_move.region",),
            (_mask(convincing, (media.width, media.height)),),
            **measured,
        )


def _mask(overlaps: list[Overlap], size: tuple[int, int]) -> Evidence:
    """Source and target, white, as a PNG of the media's size (width, height)."""
    shape = overlaps[0].source.shape
    white: NDArray[np.bool_] = np.zeros(shape, bool)
    for found in overlaps:
        white |= found.source | found.target
    full = cv2.resize(white.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
    _, png = cv2.imencode(".png", np.where(full > 127, 255, 0).astype(np.uint8))
    return Evidence("mask", "image/png", png.tobytes(), "The copied part and where it came from")
