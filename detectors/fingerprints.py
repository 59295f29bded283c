"""What a picture is recognised by once its credentials are gone: two perceptual codes, and the digest of its pixels.

A signed picture is remembered as it is. One that is looked up may have been turned, mirrored or tilted since, so it is
asked about in every way that undoes that: no memory is spent on ways that nobody takes. A crop cannot be undone, and
the codes do not find it (figures: docs/provenance.md); a watermark does, with `detectors.sketch` as the second witness.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from core.media import Frame, Pixels
from detectors.iscc import image_code
from detectors.pdq import pdq

LEAST_QUALITY = 50
"""PDQ's own measure; pictures below it are so plain that strangers share their codes."""
NEAR = 31
"""Differing bits of 256 up to which two codes are of one picture. Different pictures come as near as 58."""
TILTS = (-5.0, -3.5, -2.0, 2.0, 3.5, 5.0)
"""Degrees by which a picture is turned back; each reaches about 1.5° to either side."""
_WORKING = 128  # pixels of the longer side at which a picture is turned: finer ones cost more and are found no better


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Two codes of one picture, of 256 bits each: PDQ, and the ISCC image code."""

    pdq: int
    iscc: int


def fingerprint(frame: Frame) -> Fingerprint | None:
    """The codes of a picture; None where it is too plain to have any."""
    found = pdq(frame.pixels)
    return Fingerprint(found.value, image_code(frame)) if found.quality >= LEAST_QUALITY else None


def ways(frame: Frame) -> tuple[Fingerprint, ...]:
    """The codes of a picture in every way it may have been before: as it is first, then turned, mirrored, tilted.

    Empty where it is too plain.
    """
    if (first := fingerprint(frame)) is None:
        return ()
    others = (fingerprint(Frame(each)) for each in undone(frame.pixels))
    return (first, *(each for each in others if each is not None))


def pixels_digest(frames: Iterable[Frame]) -> bytes:
    """SHA-256 over sizes, pixels and alpha: the same for a file whose metadata alone were taken away."""
    state = hashlib.sha256()
    for frame in frames:
        height, width = frame.pixels.shape[:2]
        state.update(b"%d %d %d\n" % (height, width, frame.alpha is not None))
        state.update(np.ascontiguousarray(frame.pixels).data)
        if frame.alpha is not None:
            state.update(np.ascontiguousarray(frame.alpha).data)
    return state.digest()


def undone(pixels: Pixels) -> Iterator[Pixels]:
    """A picture in the seven other orientations, and tilted back a little; reduced, which the codes hardly notice."""
    small = _reduced(pixels)
    for turns in range(4):
        turned = np.rot90(small, turns)
        if turns:
            yield np.ascontiguousarray(turned)
        yield np.ascontiguousarray(turned[:, ::-1])
    height, width = small.shape[:2]
    for tilt in TILTS:
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), tilt, 1.0)
        yield np.asarray(cv2.warpAffine(small, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _reduced(pixels: Pixels) -> Pixels:
    factor = _WORKING / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
