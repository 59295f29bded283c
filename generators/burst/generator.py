"""The generator of the task "misr": multi-image super-resolution of a burst of photographs.

The upload is the first picture, which says how the result lies and what it shows; the others of its burst add samples.
This module knows jobs. It does not know how pictures are laid on each other, nor how they are merged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib.metadata import version

import cv2
import numpy as np

from core.errors import ConfigurationError, InvalidInput, LimitExceeded
from core.media import Frame, Media
from generators import parameters
from generators.base import (
    BURST,
    SOURCE,
    Card,
    IsCancelled,
    Job,
    Output,
    Parameter,
    Progress,
    Value,
    share,
    stop_if,
    version_of,
)
from generators.burst import merging, registration
from generators.burst.finishing import Finish
from generators.burst.merging import SCALE, Unit
from generators.burst.registration import Alignment, Plane
from generators.burst.windows import count, unit, windows
from generators.deep import MAXIMUM
from generators.enhancer import Enhancer
from generators.fidelity import reported
from generators.probing import noise_level
from generators.profiles import PROFILE, refuse_unfit
from generators.still import encode_like, is_neutral, single, source_of
from generators.upscale import MAX_PIXELS, Enlarger

LEAST, MOST = 2, 16
"""Pictures of a burst, the first among them."""
SMOOTHING = Parameter(
    "smoothing",
    "float",
    1.0,
    "how far the result is drawn to the network's enlargement of the mean, beyond what the noise asks for",
    minimum=0.0,
    maximum=100.0,
)
_LOOKS = (registration.LEAST_CORRELATION, registration.LEAST_OVERLAP)
_ALIGNING, _MERGED = 0.2, 0.85  # of the work, at the end of each


class BurstMerger(Enhancer):
    """`Enhancer` of bursts. enlarger: of factor 2; its picture of the mean is what is refined. finish: what is done to
    the merged picture, nothing where there is None.

    Raises ConfigurationError for one of another factor.
    """

    name = "burst"
    task = "misr"
    inputs = frozenset({SOURCE, BURST})
    parameters: tuple[Parameter, ...] = (SMOOTHING, PROFILE)

    def __init__(
        self, enlarger: Enlarger, card: Card, *, finish: Finish | None = None, max_pixels: int = MAX_PIXELS
    ) -> None:
        if enlarger.scale != SCALE:
            raise ConfigurationError(f"bursts are merged on a grid {SCALE} times as fine, not {enlarger.scale}")
        self.card = card
        self._enlarger = enlarger
        self._finish = finish
        self._max_pixels = max_pixels
        made_of = (
            merging.ROUNDS,
            merging.MOMENTUM,
            merging.DETAIL,
            merging.KERNEL,
            merging.TOLERANCE,
            merging.TEXTURE,
            *_LOOKS,
        )
        learned = (enlarger.digest, *((finish.digest,) if finish else ()))
        self.version = version_of(self.name, *made_of, *learned, version("opencv-python-headless"))

    def source_type_of(self, _inputs: Collection[str], /) -> str:
        """See `generators.base.Generator`."""
        return self.source_type

    def check(self, job: Job) -> None:
        """Raises InvalidInput for a burst of too few, too many or unlike pictures, naming the one that is at fault, and
        LimitExceeded for an output of more pixels than allowed.
        """
        super().check(job)
        source = source_of(job)
        _refuse_number(job.burst)
        for number, media in enumerate(job.burst):
            refuse_unfit(self.name, self.card, media)
            _refuse_unlike(source, single(media, f"burst[{number}]", "can be merged"), number)
        if (found := source.width * source.height * SCALE**2) > self._max_pixels:
            message = f"{source.width}×{source.height} enlarged ×{SCALE} has more pixels than allowed"
            raise LimitExceeded(message, field="media", limit=f"{self._max_pixels} pixels", found=f"{found} pixels")

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`. Raises InvalidInput for a picture that does not lie on the first."""
        source, smoothing = source_of(job), float(parameters.complete(self.parameters, job.parameters)["smoothing"])
        frames = [media.frames()[0] for media in (source, *job.burst)]
        alignments = _aligned(frames, _part(progress, 0.0, _ALIGNING), cancelled)
        registration.refuse_strangers(alignments)
        merging_to = 1.0 if self._finish is None else _MERGED
        merged = _part(progress, _ALIGNING, merging_to)
        made, agreeing = self._merged(frames, alignments, smoothing, merged, cancelled)
        if self._finish is not None:
            made = self._finish(made, noise_level(frames[0].pixels), _part(progress, _MERGED, 1.0), cancelled)
        stop_if(cancelled)  # a large file takes seconds to write
        output = reported(frames[0].pixels, encode_like(source, made))
        return replace(output, notes={**output.notes, **_notes(alignments, agreeing)})

    def _merged(
        self,
        frames: Sequence[Frame],
        alignments: Sequence[Alignment],
        smoothing: float,
        progress: Progress,
        cancelled: IsCancelled,
    ) -> tuple[Frame, float]:
        """The new picture, and the mean share of samples that agreed with the first."""
        height, width = frames[0].pixels.shape[:2]
        pixels = np.empty((height * SCALE, width * SCALE, 3), np.uint8)
        deep = None if frames[0].deep is None else np.empty(pixels.shape, np.uint16)
        noise = noise_level(frames[0].pixels) / 255
        grey = all(is_neutral(frame.pixels) for frame in frames)
        shares, total = [], count(height, width)
        for done, window in enumerate(windows(frames, [each.matrix for each in alignments]), start=1):
            stop_if(cancelled)
            made, agreeing = merging.merge(window.pieces, noise, self._enlarged, smoothing)
            kept = made[window.rows.kept(SCALE), window.columns.kept(SCALE)]
            kept = np.broadcast_to(kept.mean(axis=2, keepdims=True), kept.shape) if grey else kept
            place = tuple(slice(span.start * SCALE, span.stop * SCALE) for span in (window.rows, window.columns))
            pixels[place] = np.rint(kept * 255)
            if deep is not None:
                deep[place] = np.rint(kept * MAXIMUM)
            shares.append(agreeing)
            progress(done / total)
        return Frame(pixels, deep=deep), float(np.mean(shares))

    def _enlarged(self, mean: Unit) -> Unit:
        made: Unit = self._enlarger(mean)
        return made


def _aligned(frames: Sequence[Frame], progress: Progress, cancelled: IsCancelled) -> list[Alignment]:
    first, found = _luma(frames[0]), []
    for index, frame in enumerate(frames[1:]):
        stop_if(cancelled)
        found.append(registration.align(first, _luma(frame)))
        share(progress, index, len(frames) - 1)(1.0)
    return found


def _part(progress: Progress, start: float, end: float) -> Progress:
    """Of one step, which leads from `start` to `end` of the whole."""
    return lambda fraction: progress(start + (end - start) * fraction)


def _luma(frame: Frame) -> Plane:
    whole = slice(None)
    return np.asarray(cv2.cvtColor(unit(frame, whole, whole), cv2.COLOR_RGB2GRAY), np.float32)


def _refuse_number(others: Sequence[Media]) -> None:
    found = 1 + len(others)
    if not LEAST <= found <= MOST:
        message = f"a burst has {LEAST} to {MOST} pictures, the first among them"
        raise InvalidInput(message, field="burst", limit=f"{LEAST} to {MOST} pictures", found=str(found))


def _refuse_unlike(first: Media, other: Media, number: int) -> None:
    """number: of the other picture in the request's field, from 0."""
    field = f"burst[{number}]"
    sizes = tuple(f"{media.width}×{media.height}" for media in (first, other))
    if sizes[0] != sizes[1]:
        message = f"the pictures of a burst have one size, and picture {number + 2} has another"
        raise InvalidInput(message, field=field, limit=sizes[0], found=sizes[1])
    for media, named in ((first, "media"), (other, field)):
        if media.frames()[0].alpha is not None:
            message = "pictures of a burst are opaque: nobody knows what is behind them"
            raise InvalidInput(message, field=named, limit="no transparency", found="alpha")


def _notes(alignments: Sequence[Alignment], agreeing: float) -> dict[str, Value]:
    return {
        "burst_pictures": 1 + len(alignments),
        "burst_correlation_least": round(min(each.correlation for each in alignments), 3),
        "burst_overlap_least": round(min(each.overlap for each in alignments), 3),
        "burst_agreement": round(agreeing, 3),
    }
