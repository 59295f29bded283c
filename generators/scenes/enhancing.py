"""One scene under one method, from what the sandbox read to a file that is ready to be signed.

    survey → windows → conserve → write, and measure what was written

This module knows the order of these. The file is made of measured values: nobody weaves or draws into it afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from core.errors import LimitExceeded
from core.media import Frame, Media
from generators.base import IsCancelled, Output, Progress
from generators.scenes.method import Method
from generators.scenes.report import Measured
from generators.scenes.scene import Scene, scene_of
from generators.scenes.survey import pieces
from generators.scenes.windowing import Work
from generators.scenes.writing import MIME, write

MEASURED = "the file holds measured values, which a watermark would change"
MAX_PIXELS = 100_000_000
MAX_BYTES = 1 << 30
"""Of one output: pixels, and bytes of samples before they are compressed."""


def enhanced(media: Media, method: Method, progress: Progress, cancelled: IsCancelled) -> Output:
    """The enhanced scene in `media`, as measured values. Raises as `check` and `enhance` do."""
    return replace(enhance(check(media, method.scale), method, progress, cancelled), measured=MEASURED)


def check(media: Media, scale: int, max_pixels: int = MAX_PIXELS) -> Scene:
    """The scene, once it and its output are within bounds. Raises as `scene_of`, and LimitExceeded for the output."""
    scene = scene_of(media)
    pixels = media.width * media.height * scale**2
    size = pixels * scene.samples.shape[0] * scene.samples.dtype.itemsize
    for found, limit, unit in ((pixels, max_pixels, "pixels"), (size, MAX_BYTES, "bytes")):
        if found > limit:
            raise LimitExceeded(
                f"the enhanced scene has more {unit} than allowed",
                field="parameters.scale" if scale > 1 else "media",
                limit=f"{limit} {unit}",
                found=f"{found} {unit}",
            )
    return scene


def enhance(scene: Scene, method: Method, progress: Progress, cancelled: IsCancelled) -> Output:
    """The enhanced scene as a file, with its figures among the notes.

    The output's frame is a look at some of it, smaller than the scene: nothing is to be done to it.

    Raises InvalidInput for samples that are no numbers, Cancelled, and PreconditionFailed where a band's mean moved.
    """
    work = Work(scene, method)
    measured = Measured(scene, work.bands, method.scale)

    def tiles() -> Iterator[NDArray[Any]]:
        for window in work.windows(progress, cancelled):
            measured.add(window)
            yield window.samples

    height, width = (side * method.scale for side in scene.shape)
    placement = scene.placement.finer(method.scale)
    data = write(scene, placement, (height, width), work.side * method.scale, tiles())
    notes = measured.notes | ({"dropped": ", ".join(scene.dropped)} if scene.dropped else {})
    return Output(data, MIME, Frame(pieces(scene, scene.groups[0], work.bands)), notes)
