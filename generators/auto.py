"""The task "auto": looks at a picture, chooses what to do about it, and says why.

At most one thing is done, by another generator: noise or the traces of JPEG are removed, or slight blur is sharpened,
or the picture is left as it is. What is a matter of taste (contrast) or of purpose (size) is never chosen. The module
knows limits and their reasons; it does not know how noise is removed or edges are sharpened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version

import cv2
import numpy as np
from skimage.measure import blur_effect

from core.media import Media, Pixels
from generators import parameters
from generators.base import (
    Card,
    Generator,
    IsCancelled,
    Job,
    Output,
    Parameter,
    Progress,
    Value,
    stop_if,
    version_of,
)
from generators.enhancer import Enhancer
from generators.fidelity import reported
from generators.probing import noise_level, pieces
from generators.profiles import PROFILE
from generators.still import encode_like, source_of

PLAN = "plan"
"""The note that says what was chosen, and why."""
LEAST_NOISE = 10.0
"""σ in 8-bit steps: above what texture alone comes to in clean photographs."""
LEAST_BLUR = 0.45
"""Of the sharpest piece: what hardly any sharp photograph reaches."""
LEAST_QUALITY = 60
"""Of a JPEG: below it sharpening brings the edges of blocks forward."""
_MAX_SIGMA = 100.0
_LEAST_SIDE = 16  # of a piece that tells anything about its sharpness, pixels


@dataclass(frozen=True, slots=True)
class Look:
    """What was found. noise: σ in 8-bit steps. blur: of the sharpest piece, 0 to 1. quality: of a JPEG, else None."""

    noise: float
    blur: float
    quality: int | None

    @property
    def words(self) -> str:
        """The figures, for people."""
        jpeg = "no JPEG" if self.quality is None else f"JPEG quality {self.quality}"
        return f"noise {self.noise:.1f}, blur {self.blur:.2f}, {jpeg}"


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do: by which task, "" for nothing, with which settings, and why."""

    task: str
    why: str
    settings: tuple[tuple[str, Value], ...] = ()


class Auto(Enhancer):
    """The generator "auto". denoise, sharpen: to whom the work is given.

    repairs_jpeg: whether the denoiser does better than nothing on strongly compressed pictures, as was measured.
    """

    name = "auto"
    task = "auto"
    parameters: tuple[Parameter, ...] = (PROFILE,)

    def __init__(self, denoise: Generator, sharpen: Generator, card: Card, *, repairs_jpeg: bool = False) -> None:
        self._chosen_from = {"denoise": denoise, "sharpen": sharpen}
        self.card = card
        limits = (LEAST_NOISE, LEAST_BLUR, LEAST_QUALITY, version("scikit-image"))
        self._repairs_jpeg = repairs_jpeg
        self.version = version_of(self.name, *limits, repairs_jpeg, denoise.version, sharpen.version)

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`. Alpha is kept as it is."""
        source = source_of(job)
        found = look(source)
        choice = choose(found, repairs_jpeg=self._repairs_jpeg)
        if choice.task:
            model = self._chosen_from[choice.task]
            known = {parameter.name for parameter in model.parameters}
            told = {name: value for name, value in choice.settings if name in known}
            settings = parameters.complete(model.parameters, told)
            (output,) = model.generate([replace(job, parameters=settings)], progress, cancelled)
            said = f"{choice.task} by {model.name}: {choice.why}"
        else:
            output = _untouched(source, progress, cancelled)
            said = f"nothing: {choice.why}"
        return replace(output, notes={**output.notes, PLAN: f"{said} ({found.words})"})


def look(source: Media) -> Look:
    """What can be told of a picture from a few pieces of it, and of a JPEG from its tables."""
    pixels = source.frames()[0].pixels
    quality = source.view("jpeg").facts.get("quality")
    return Look(noise_level(pixels), blur(pixels), quality if isinstance(quality, int) else None)


def choose(found: Look, *, repairs_jpeg: bool = False) -> Choice:
    """What to do about it. Noise comes first: it hides blur, and sharpening would raise it, and a JPEG's blocks too."""
    blocks = found.quality is not None and found.quality < LEAST_QUALITY
    if found.noise >= LEAST_NOISE:
        sigma = min(found.noise, _MAX_SIGMA)
        return Choice("denoise", f"noise is at least {LEAST_NOISE:g}", (("sigma", sigma),))
    if blocks and repairs_jpeg:
        return Choice("denoise", f"the quality of the JPEG is below {LEAST_QUALITY}")
    if found.blur < LEAST_BLUR:
        return Choice("", f"noise is below {LEAST_NOISE:g}, and some part is sharper than blur {LEAST_BLUR:g}")
    if blocks:
        return Choice("", f"blurred, but sharpening would bring out JPEG blocks below quality {LEAST_QUALITY}")
    return Choice("sharpen", f"even the sharpest part has a blur of at least {LEAST_BLUR:g}")


def blur(pixels: Pixels) -> float:
    """How blurred the sharpest of a few pieces of a picture, RGB uint8 (h, w, 3), is, 0 to 1; 0 where nothing tells.

    F. Crete et al., "The blur effect: perception and estimation with a new no-reference perceptual blur metric", SPIE
    2007. The sharpest, because a photograph with a soft background is not blurred. Sides under 16 px and pieces of one
    colour say nothing.
    """
    if min(pixels.shape[:2]) < _LEAST_SIDE:
        return 0.0
    lumas = (cv2.cvtColor(np.ascontiguousarray(piece), cv2.COLOR_RGB2GRAY) for piece in pieces(pixels))
    found = (blur_effect(luma) for luma in lumas if np.ptp(luma))  # type: ignore[no-untyped-call]
    return min((float(value) for value in found), default=0.0)


def _untouched(source: Media, progress: Progress, cancelled: IsCancelled) -> Output:
    """The picture as it came, written anew."""
    frame = source.frames()[0]
    progress(1.0)
    stop_if(cancelled)
    return reported(frame.pixels, encode_like(source, replace(frame, pixels=frame.pixels.copy())))
