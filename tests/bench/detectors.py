"""What each detector costs, and hash lookups in large lists; one thread.

python -m tests.bench.detectors
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console

from core.media import Media
from detectors.catalog import build
from detectors.hash_list import Entry, HashKind, HashList
from detectors.known_hash import MAX_DISTANCE
from detectors.pdq import words_of
from tests.detectors.making import PHOTOGRAPHS, coded, media

_SIZES = (100_000, 1_000_000)


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


def _look_up(known: HashList, queries: list[NDArray[np.uint64]]) -> None:
    for query in queries:
        known.near(query, MAX_DISTANCE)


def main() -> None:
    """Prints two small tables."""
    console = Console()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    known = HashList([Entry(HashKind.PDQ, rng.bytes(32).hex(), "bench")])
    pictures = [million_pixels(name) for name in ("stream", "dandelion", "colosseum")]
    for detector in build(known):
        cost = [milliseconds(partial(detector.detect, [item]), 5) for item in pictures]
        console.print(f"{detector.name}: {', '.join(f'{value:.0f}' for value in cost)} ms")
    for size in _SIZES:
        hashes = HashList(Entry(HashKind.PDQ, rng.bytes(32).hex(), "bench") for _ in range(size))
        queries = [words_of(int.from_bytes(rng.bytes(32), "big")) for _ in range(20)]
        each = milliseconds(partial(_look_up, hashes, queries), 5) / len(queries)
        console.print(f"{size} hashes: {1000 / each:.0f} lookups/s")


if __name__ == "__main__":
    main()
