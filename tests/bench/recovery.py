"""Look-ups among what was signed: the index against a look at every code, and pictures that are found again.

Random codes stand for the millions; the photographs of tests/media lie among them and are looked for after attacks.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import default_rng
from PIL import Image
from rich.console import Console
from rich.table import Table

from core.media import Frame
from detectors.fingerprints import fingerprint, ways
from server.recovery.index import CodeIndex, as_items
from server.recovery.segment import RADIUS, Codes, distances_to, words_of
from training.evaluation.attacks import ATTACKS

SIZES = (100_000, 1_000_000)
PAGE = 10_000
LOOK_UPS = 400
SCANS = 20
HEADINGS = ("codes", "look-ups/s", "p50 ms", "p99 ms", "every code: /s", "gain", "recall", "bytes/code", "built in s")
SURVIVED = ("jpeg_50", "resize_0.5", "two_hops", "screenshot", "rotate_5", "mirror")


@dataclass(frozen=True, slots=True)
class Needles:
    """codes: of the signed photographs. seen: of each attacked copy its place among those, and its codes in every way.

    seconds: to compute these.
    """

    codes: Codes
    seen: Sequence[tuple[int, Codes]]
    seconds: float


def bench(console: Console, media: Path) -> None:
    """Prints one table, a row a size."""
    cv2.setNumThreads(1)
    needles = needles_of(sorted(media.glob("*.jpg")))
    table = Table(title="Look-ups of 256-bit codes within 31 bits, one thread", title_justify="left")
    headings = (
        "codes",
        "look-ups/s",
        "p50 ms",
        "p99 ms",
        "every code: /s",
        "gain",
        "recall",
        "bytes/code",
        "built in s",
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    for size in SIZES:
        table.add_row(*row(size, needles))
    console.print(table)
    console.print(
        f"recall: {len(needles.seen)} copies of {len(needles.codes)} photographs after {', '.join(SURVIVED)}. All "
        f"{len(needles.seen[0][1])} ways to see one picture take {needles.seconds * 1000:.0f} ms to compute."
    )


def row(size: int, needles: Needles) -> tuple[str, ...]:
    """One size."""
    rng = default_rng(size)
    codes = rng.integers(0, 2**64, (size, 4), dtype=np.uint64)
    places = rng.choice(size, len(needles.codes), replace=False)
    codes[places] = needles.codes
    started = time.perf_counter()
    index = grown(codes)
    built = time.perf_counter() - started
    strange = rng.integers(0, 2**64, (LOOK_UPS, 4), dtype=np.uint64)
    took = sorted(timed(index, code) for code in strange)
    rate, scan = 1 / statistics.mean(took), scans(codes, strange[:SCANS])
    hits = sum(found(index, seen, places[place]) for place, seen in needles.seen)
    return (
        f"{size:,}",
        f"{rate:,.0f}",
        f"{took[len(took) // 2] * 1000:.2f}",
        f"{took[len(took) * 99 // 100] * 1000:.2f}",
        f"{scan:,.0f}",
        f"{rate / scan:.0f}×",
        f"{hits}/{len(needles.seen)}",
        f"{index.nbytes / size:.0f}",
        f"{built:.1f}",
    )


def found(index: CodeIndex, seen: Codes, place: int) -> bool:
    """Whether any way to see a copy leads to its original."""
    return any(near.item == place for code in seen for near in index.near(code, 8))


def grown(codes: Codes) -> CodeIndex:
    """The index as it comes to be: page by page."""
    index = CodeIndex()
    for start in range(0, len(codes), PAGE):
        page = codes[start : start + PAGE]
        index = index.with_codes(page, as_items(range(start, start + len(page))))
    return index


def timed(index: CodeIndex, code: Codes) -> float:
    """Seconds of one look-up."""
    started = time.perf_counter()
    index.near(code, 8)
    return time.perf_counter() - started


def scans(codes: Codes, wanted: Codes) -> float:
    """Looks at every code, a second: what there is without an index."""
    started = time.perf_counter()
    for code in wanted:
        np.flatnonzero(distances_to(codes, code) <= RADIUS)
    return len(wanted) / (time.perf_counter() - started)


def needles_of(files: Sequence[Path]) -> Needles:
    """The photographs' PDQ codes, and those of their copies. Photographs without codes are left out."""
    codes: list[bytes] = []
    seen: list[tuple[int, Codes]] = []
    seconds: list[float] = []
    for file in files:
        pixels = np.asarray(Image.open(io.BytesIO(file.read_bytes())).convert("RGB"))
        if (own := fingerprint(Frame(pixels))) is None:
            continue
        for attack in SURVIVED:
            copy = Frame(ATTACKS[attack](pixels, default_rng(len(seen))))
            started = time.perf_counter()
            found = ways(copy)
            seconds.append(time.perf_counter() - started)
            seen.append((len(codes), words_of([way.pdq.to_bytes(32, "big") for way in found])))
        codes.append(own.pdq.to_bytes(32, "big"))
    return Needles(words_of(codes), seen, statistics.median(seconds))
