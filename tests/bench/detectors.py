"""What each detector costs; one thread.

python -m tests.bench.detectors
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import torch
from PIL import Image
from rich.console import Console

from core.media import Media
from detectors.catalog import build, tower_of
from detectors.hash_list import Entry, HashKind, HashList
from tests.detectors.making import PHOTOGRAPHS, coded, media


def million_pixels(name: str) -> Media:
    """A photograph of tests/media as a JPEG of one megapixel."""
    with Image.open(PHOTOGRAPHS / f"{name}.jpg") as picture:
        grow = (1_000_000 / (picture.width * picture.height)) ** 0.5
        sized = picture.resize((round(picture.width * grow), round(picture.height * grow)), Image.Resampling.LANCZOS)
        return media(coded(sized, "JPEG", quality=90))


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """Median processor time of one call; wall time would measure the neighbours too."""
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - began))
    return float(np.median(spent))


def main() -> None:
    """Prints a small table."""
    console = Console()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    known = HashList([Entry(HashKind.PDQ, rng.bytes(32).hex(), "bench")])
    pictures = [million_pixels(name) for name in ("stream", "dandelion", "colosseum")]
    for detector in build(known, tower=tower_of()):
        cost = [milliseconds(partial(detector.detect, [item]), 5) for item in pictures]
        console.print(f"{detector.name}: {', '.join(f'{value:.0f}' for value in cost)} ms")


if __name__ == "__main__":
    main()
