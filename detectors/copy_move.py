"""The `copy_move` detector: whether a part of the picture was copied to another place in it.

What may be a copy is found by `detectors.copies`. This module weighs it and draws the mask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Kind, Media
from detectors.base import BETWEEN, Evidence, Finding
from detectors.calibration import Logistic
from detectors.copies import CONSTANTS, Copies, Copy, Settings, search
from detectors.single import SingleDetector, version_of
from detectors.texture import TOO_PLAIN

LEAST_SIDE = 128
LEAST_KEYPOINTS = 50
# python -m training.evaluation.copy_move --every 2
CALIBRATION = Logistic(weights=(2.223, 19.908, 7.253), bias=-2.005, bound=1.77)
MEASURED_FPR = 0.016


def undecided(found: Copies) -> bool:
    """Whether no search reached its limit, and all that they saw still makes a copy more likely than none."""
    return not found.convincing and CALIBRATION.judge(found.strengths)[1] > 0


def readable(found: Copies) -> bool:
    """Whether the picture gave enough to search in, or to be sure without it."""
    return found.keypoints >= LEAST_KEYPOINTS or bool(found.convincing)


class CopyMoveDetector(SingleDetector):
    """Looks for a part of the picture that repeats elsewhere, turned or scaled or not."""

    name = "copy_move"
    label = "copy_move"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset[str]()
    summary = "Finds parts of a picture that were copied to another place in it, and draws both places."
    limits = (
        "Copies of smooth areas (sky, blur) are found by their noise as long as JPEG has left some, and mostly missed "
        "when turned or scaled; mirrored or strongly distorted ones and patches of a few dozen pixels are missed. "
        "Screenshots, text, logos and patterns repeat by design."
    )

    def __init__(self, settings: Settings = Settings()) -> None:  # noqa: B008 - frozen
        self._settings = settings
        parameters = [asdict(settings), CONSTANTS, asdict(CALIBRATION), LEAST_SIDE, LEAST_KEYPOINTS]
        self.version = version_of(3, parameters)

    def examine(self, media: Media) -> Finding:
        """DETECTED where pixels or noise agree over a part; ABSTAINED on pictures too small or too plain to search, and
        where what agrees is too little for a verdict: what is NOT_DETECTED has a probability of .5 at most.
        """
        pixels = media.frames()[0].pixels
        if min(pixels.shape[:2]) < LEAST_SIDE:
            reason = f"The shorter side has {min(pixels.shape[:2])} pixels, {LEAST_SIDE} needed."
            return self.abstain(reason, ("picture.too_small",))
        found = search(pixels, self._settings)
        if not readable(found):
            reason = f"Too plain to search: {found.keypoints} keypoints, {LEAST_KEYPOINTS} needed."
            return self.abstain(reason, (TOO_PLAIN,))
        if undecided(found):
            return self.abstain("Parts look alike, too much to be sure of none and too little for a copy.", (BETWEEN,))
        chance, ratio = CALIBRATION.judge(found.strengths)
        measured: dict[str, Any] = {
            "probability": chance,
            "log10_lr": ratio,
            "fpr_at_threshold": MEASURED_FPR,
            "calibration": CALIBRATION.digest,
        }
        if not found.convincing:
            return self.not_detected("No part of the picture repeats elsewhere pixel for pixel.", **measured)
        strongest = max(found.convincing, key=lambda copy: copy.strength)
        mask = _mask(found.convincing, (media.width, media.height))
        return self.detected(strongest.why, ("copy_move.region",), (mask,), **measured)


def marked(copies: Iterable[Copy], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Source and target of all, at a size (width, height): bool (h, w)."""
    marks = np.zeros(size[::-1], np.bool_)
    for copy in copies:
        both = (copy.source | copy.target).astype(np.uint8) * 255
        marks |= cv2.resize(both, size, interpolation=cv2.INTER_LINEAR) > 127
    return marks


def _mask(copies: Iterable[Copy], size: tuple[int, int]) -> Evidence:
    """A PNG of the media's size (width, height), white where something is there twice."""
    _, png = cv2.imencode(".png", marked(copies, size).astype(np.uint8) * 255)
    return Evidence("mask", "image/png", png.tobytes(), "The copied part and where it came from")
