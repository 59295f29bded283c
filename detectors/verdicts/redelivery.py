"""A learned detector that looks again: at the picture as it might be delivered anew, smaller or compressed.

Platforms do this to pictures without anybody meaning harm, and a verdict that turns with it is worth nothing: where a
re-delivery has the opposite verdict, the finding abstains. The re-deliveries are made from decoded pixels, so no file
of a user's is parsed here. No detector knows of this.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import cv2
import numpy as np
from PIL import Image

from core.media import Frame, Kind, Media, Pixels, View, digest_of
from core.parsers import jpeg
from detectors.base import Finding, Verdict, abstention
from detectors.single import version_of
from detectors.verdicts.calibration import Judged
from detectors.verdicts.learned import LearnedDetector
from detectors.verdicts.names import FLIPS, SPREAD

UNSTABLE = "unstable"
_REVISION = 1  # of what DELIVERIES do under their names
_LARGEST = 16_383  # pixels of a side that WebP can hold
_OPPOSITE = {Verdict.DETECTED: Verdict.NOT_DETECTED, Verdict.NOT_DETECTED: Verdict.DETECTED}


def _scaled(pixels: Pixels, factor: float) -> Pixels:
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _halved(pixels: Pixels) -> Pixels:
    """Half of each side, and up again."""
    height, width = pixels.shape[:2]
    return np.asarray(cv2.resize(_scaled(pixels, 0.5), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _saved(pixels: Pixels, form: str, **options: int) -> Media:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    data = buffer.getvalue()
    with Image.open(io.BytesIO(data), formats=(form,)) as picture:
        seen = np.asarray(picture.convert("RGB"), np.uint8)
    views = {"jpeg": jpeg.read(data) if form == "JPEG" else View(error="not a JPEG")}
    height, width = seen.shape[:2]
    mime = f"image/{form.lower()}"
    return Media(data, Kind.IMAGE, mime, digest_of(data), width, height, 0.0, (Frame(seen),), views)


DELIVERIES: Mapping[str, Callable[[Pixels], Media]] = MappingProxyType(
    {
        "JPEG 85": lambda pixels: _saved(pixels, "JPEG", quality=85),
        "JPEG 60": lambda pixels: _saved(pixels, "JPEG", quality=60),
        "half the size and up again": lambda pixels: _saved(_halved(pixels), "PNG", compress_level=1),
        "three quarters of the size": lambda pixels: _saved(_scaled(pixels, 0.75), "PNG", compress_level=1),
        "WebP 75": lambda pixels: _saved(pixels, "WEBP", quality=75),
    }
)
"""How pictures are delivered anew, by what people call it. Each takes RGB, uint8, (h, w, 3)."""


@dataclass(slots=True)
class _Seen:
    """What became of one piece of media: its finding, what each delivery's probability is, and which have turned."""

    finding: Finding
    probabilities: list[float] = field(default_factory=list)
    turned: list[str] = field(default_factory=list)

    def note(self, delivery: str, judged: Judged | None) -> None:
        if judged is None:
            return
        self.probabilities.append(judged.probability)
        if judged.verdict is _OPPOSITE[self.finding.verdict]:
            self.turned.append(delivery)


class Redelivered:
    """A `base.Detector`: `inner`, whose verdicts hold over re-deliveries or are none.

    A verdict on a still has the measurements "spread" and "flips"; abstentions and films are as `inner` has them. A
    re-delivery on which it would abstain turns nothing.
    """

    def __init__(self, inner: LearnedDetector) -> None:
        self._inner = inner
        self.name, self.label, self.kinds, self.views = inner.name, inner.label, inner.kinds, inner.views
        self.summary, self.limits, self.measures = inner.summary, inner.limits, inner.measures
        self.licence, self.card = inner.licence, inner.card
        self.version = version_of(_REVISION, [inner.version, list(DELIVERIES)])

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One finding for each of `batch`, in order."""
        findings = (replace(finding, version=self.version) for finding in self._inner.detect(batch))
        return [
            self._tried(media, finding) if _to_be_tried(media, finding) else finding
            for media, finding in zip(batch, findings, strict=True)
        ]

    def _tried(self, media: Media, finding: Finding) -> Finding:
        """One delivery at a time: pictures may be large, and there are five of each."""
        seen = _Seen(finding)
        for name, deliver in DELIVERIES.items():
            made = deliver(media.frames()[0].pixels)
            if min(made.width, made.height) >= self._inner.least_side:
                (reading,) = self._inner.read([made])
                seen.note(name, self._inner.judge(reading))
        return self._concluded(seen)

    def _concluded(self, seen: _Seen) -> Finding:
        own = seen.finding.probability
        probabilities = [*seen.probabilities, *(() if own is None else (own,))]
        spread = round(max(probabilities) - min(probabilities), 4) if probabilities else 0.0
        measurements = {**dict(seen.finding.measurements), SPREAD: spread, FLIPS: float(len(seen.turned))}
        if not seen.turned:
            return replace(seen.finding, measurements=tuple(sorted(measurements.items())))
        why = f"The verdict would be the opposite, were the picture delivered anew: {', '.join(seen.turned)}."
        return abstention(self, why, (UNSTABLE,), measurements)


def _to_be_tried(media: Media, finding: Finding) -> bool:
    """A verdict on one still, of a size that every form can hold."""
    still = media.kind is Kind.IMAGE and len(media.frames()) == 1
    return still and finding.verdict is not Verdict.ABSTAINED and max(media.width, media.height) <= _LARGEST
