"""What evidence shows of a picture that nobody should have to see. Knows no detector."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np

from core.media import Frame, Pixels
from detectors.base import Evidence

COVERED = "evidence.covered"
"""The code of a finding whose pictures are shown only to whoever asks for them."""
_FINEST = 12  # squares across the longer side of a blurred picture: shapes of a scene, and nobody in it
_SHOWN = 192  # pixels of the longer side of evidence


class Shown(StrEnum):
    """What evidence shows of a picture: a blur that cannot be undone, nothing, or the picture itself, small."""

    BLURRED = "blurred"
    NOTHING = "nothing"
    PLAIN = "plain"


def covered(frame: Frame, shown: Shown) -> tuple[Evidence, ...]:
    """The picture as evidence. The blur is of a few squares, so that nothing can be had back from it."""
    if shown is Shown.NOTHING:
        return ()
    small = _fitted(frame.pixels, _FINEST if shown is Shown.BLURRED else _SHOWN, cv2.INTER_AREA)
    if shown is Shown.BLURRED:
        small = _fitted(small, _SHOWN, cv2.INTER_CUBIC)
    _, png = cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    caption = "The picture that scores highest" + (", blurred" if shown is Shown.BLURRED else "")
    return (Evidence("picture", "image/png", png.tobytes(), caption),)


def _fitted(pixels: Pixels, longest: int, interpolation: int) -> Pixels:
    factor = longest / max(pixels.shape[:2])
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=interpolation), np.uint8)
