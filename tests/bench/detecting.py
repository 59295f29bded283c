"""One process that measures detectors: it is asked line by line on its input, in JSON, and answers likewise.

Asked: {"detector": name, "pixels": of one picture, "batch": pictures a call, "threads": of PyTorch and OpenCV}; without
a detector, the whole line-up as the server runs it, for one picture after another. Answered: {"wall": seconds a call,
"processor": the same of processor time, "peak": MiB that a call needed more than there were}. It knows nothing of what
it is compared with: `tests.bench.detectors` runs it on two checkouts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from core.media import Media
from core.registry import Registry
from detectors.base import Detector
from detectors.catalog import build, tower_of
from detectors.hash_list import Entry, HashKind, HashList
from server.engine.local import LocalEngine
from server.metrics import Metrics
from tests.detectors.making import PHOTOGRAPHS, coded, media

NAMES = ("stream", "dandelion", "colosseum")
_STATUS, _FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Cost:
    """wall, processor: seconds a call. peak: MiB."""

    wall: float
    processor: float
    peak: float


@cache
def picture(pixels: int, number: int) -> Media:
    """A photograph of tests/media as a JPEG of so many pixels."""
    with Image.open(PHOTOGRAPHS / f"{NAMES[number % len(NAMES)]}.jpg") as opened:
        grow = (pixels / (opened.width * opened.height)) ** 0.5
        size = (round(opened.width * grow), round(opened.height * grow))
        return media(coded(opened.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=90))


@cache
def line_up() -> Registry[Detector]:
    """Those of the default line-up, with one listed hash."""
    known = HashList([Entry(HashKind.PDQ, np.random.default_rng(0).bytes(32).hex(), "bench")])
    return build(known, tower=tower_of())


def cost_of(work: Callable[[], object]) -> Cost:
    """Of one call; what was used before it counts as given."""
    _FORGET.write_text("5")
    before = _peak()
    wall, processor = time.perf_counter(), time.process_time()
    work()
    spent = time.perf_counter() - wall, time.process_time() - processor
    return Cost(*spent, _peak() - before)


def detector_cost(name: str, pixels: int, batch: int, threads: int) -> Cost:
    """See the module."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    pictures = [picture(pixels, number) for number in range(batch)]
    return cost_of(lambda: line_up().get(name).detect(pictures))


def line_up_cost(pixels: int, threads: int) -> Cost:
    """Of one picture after another, the first of which is not counted: networks are made with it."""
    cv2.setNumThreads(1)

    async def screened() -> list[Cost]:
        engine = LocalEngine(line_up(), Metrics(), threads=threads)
        costs = []
        for number in range(len(NAMES) + 1):
            wall, processor = time.perf_counter(), time.process_time()
            await engine.detect(picture(pixels, number))
            costs.append(Cost(time.perf_counter() - wall, time.process_time() - processor, 0.0))
        await engine.close()
        return costs[1:]

    costs = asyncio.run(screened())
    return Cost(*(float(np.median([getattr(each, part) for each in costs])) for part in ("wall", "processor", "peak")))


def answer(asked: dict[str, object]) -> Cost:
    """What one line asks for."""
    name, (pixels, batch, threads) = (
        str(asked["detector"]),
        (int(str(asked[key])) for key in ("pixels", "batch", "threads")),
    )
    return detector_cost(name, pixels, batch, threads) if name else line_up_cost(pixels, threads)


def _peak() -> float:
    """MiB of the largest resident set since it was last forgotten."""
    (line,) = (each for each in _STATUS.read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Until its input ends."""
    for line in sys.stdin:
        print(json.dumps(asdict(answer(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
