"""Pictures brought to one form, and delivered anew as a server tries its verdicts: what the probes are measured on.

The form is that of `python -m training.evaluate detectors --normalise`; both classes have it. No figure is read here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.media import Pixels
from detectors.generated.tower import Tower
from detectors.verdicts.redelivery import DELIVERIES
from training.evaluation.detecting.deliveries import AS_IS
from training.evaluation.detecting.normal import normal
from training.generated import material
from training.generated.features import Figures, colours, read, take_as
from training.generated.material import Picture


def arrived(pixels: Pixels, step: str) -> Pixels:
    """RGB uint8 in and out: normalised, then delivered by that step's name."""
    with Image.open(io.BytesIO(normal(pixels)), formats=("JPEG",)) as picture:
        normalised = np.asarray(picture.convert("RGB"), np.uint8)
    if step == AS_IS:
        return normalised
    return DELIVERIES[step](normalised).frames()[0].pixels


def arrivals(
    step: str, cache: Path, collection: Path, tower: Tower | None, folder: Path
) -> tuple[Figures, NDArray[np.float32]]:
    """Figures and mean colours of the collection and all photographs after a step; taken once, and found again in the
    folder.
    """
    path = folder / f"arrived-{step.replace(' ', '-')}.safetensors"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        take_as(_pictures(cache, collection), tower, lambda each: (arrived(each.pixels, step), step), path)
    return read([path]), colours(path)


def _pictures(cache: Path, collection: Path) -> Iterator[Picture]:
    yield from material.collected(collection)
    yield from material.photographs(cache, "train")
    yield from material.photographs(cache, "test")
