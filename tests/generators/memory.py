"""`python -m tests.generators.memory MODEL MEGAPIXELS BITS`: the memory that one enhancement takes, in bytes, as JSON.

Run as a process of its own, because only that has a peak of its own. The picture is made in memory; reading and signing
the file are the sandbox's, which has limits of its own.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from generators import cards
from generators.base import Generator
from generators.classical import interpolation
from generators.classical.filtering import Filtered
from generators.classical.table import FILTERS
from generators.upscale import Upscaler
from tests.generators.pictures import job, media

STATUS, REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # proc(5), clear_refs


def measure(name: str, megapixels: float, bits: int) -> dict[str, int]:
    """pixels: of the picture. before: resident with the picture. peak: the most while it was enhanced and written.

    arrays: the bytes of the picture and of the output, of every depth that they are held in.
    """
    generator = model(name)
    side = math.isqrt(round(megapixels * 1e6))
    tile = np.random.default_rng(0).integers(60, 200, (16, 16, 3), dtype=np.uint8)
    times = -(-side // 16)
    pixels = np.tile(tile, (times, times, 1))[:side, :side].copy()
    source = media(pixels)
    if bits == 16:
        deep = pixels.astype(np.uint16) * np.uint16(257)
        source = replace(source, pictures=(replace(source.pictures[0], deep=deep),))
    source = replace(source, data=b"")
    before = resident("VmRSS")
    REFERENCES.write_text(RESET_PEAK)
    (output,) = generator.generate([job(generator, source)], lambda _: None, lambda: False)
    held = [array for frame in (*source.pictures, output.frame) for array in (frame.pixels, frame.deep)]
    arrays = sum(array.nbytes for array in held if array is not None)
    return {"pixels": side * side, "before": before, "peak": resident("VmHWM"), "arrays": arrays}


def model(name: str) -> Generator:
    """A filter or an interpolator; others come out of the catalog, with the hundreds of megabytes that torch takes."""
    card = cards.shipped("interpolation.md")
    if name in interpolation.METHODS:
        return Upscaler(name, interpolation.enlargers(name), card)
    for each in FILTERS:
        if each.name == name:
            return Filtered(each, card)
    from generators import catalog

    return catalog.build(catalog.WEIGHTS, "cpu").get(name)


def resident(line: str) -> int:
    """Bytes of a line of the process's status."""
    found = next(each for each in STATUS.read_text().splitlines() if each.startswith(f"{line}:"))
    return int(found.split()[1]) * 1024


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201 - that is what it is for
