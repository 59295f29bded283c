"""Near duplicates at scale: how fast codes are looked up, and whether copies are still found among so many strangers.

    python -m tests.bench.near                       a hundred thousand
    python -m tests.bench.near --sizes 1000000       a million: 2 GB of memory, some minutes

Nobody has a million photographs with a licence: the strangers are drawn so that their codes spread as those of the
train split's photographs do, by their principal components and noise. The copies are of the test split's. One thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.near.description import ASKED, Describer, turned, vlad
from detectors.near.detector import shipped
from detectors.near.index import FaissIndex, Index
from detectors.near.keypoints import Floats, points_of
from detectors.near.near_list import CANDIDATES
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.near_copies import props_of
from training.near.copies import copy_of

_COMPONENTS = 64
_PART = 5000
_PROBES = 32  # cells that are read
_TAUGHT_BY = 39  # codes a cell: of fewer FAISS warns
_KINDS = ("crop_60", "stickers", "caption", "screen", "collage", "mirror_edited")


class Cells:
    """What does not ship: FAISS's index that sorts codes into cells, and reads those that are nearest."""

    def __init__(self, codes: Pixels) -> None:
        import faiss

        bits, cells = 8 * codes.shape[1], round(sqrt(len(codes)) / 2)
        self._quantiser = faiss.IndexBinaryFlat(bits)  # FAISS keeps no reference of its own
        self._index = faiss.IndexBinaryIVF(self._quantiser, bits, cells)
        self._index.nprobe = _PROBES
        self._index.cp.niter = 4
        taught = np.random.default_rng(0).choice(len(codes), _TAUGHT_BY * cells, replace=False)
        self._index.train(np.ascontiguousarray(codes[np.sort(taught)]))
        self._index.add(codes)

    def nearest(self, asked: Pixels, count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """See `Index`."""
        far, rows = self._index.search(asked, count)
        return far, rows


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """How vectors lie before their signs are taken. axes: float32 (components, bits). rest: float32 (bits,), what is
    left of the deviation beside them.
    """

    axes: Floats
    rest: Floats

    def codes(self, count: int) -> Pixels:
        """So many of nobody's."""
        rng = np.random.default_rng(0)
        parts = []
        for start in range(0, count, _PART):
            rows = min(_PART, count - start)
            drawn = rng.standard_normal((rows, self.rest.size), np.float32) * self.rest
            drawn += rng.standard_normal((rows, len(self.axes)), np.float32) @ self.axes
            parts.append(np.packbits(drawn > 0, axis=1))
        return np.concatenate(parts)


def spread_of(describer: Describer, pictures: Sequence[Pixels]) -> Spread:
    """Of some photographs."""
    rows = []
    for pixels in pictures:
        seen = (points_of(pixels, ASKED).seen - describer.mean) @ describer.basis
        whole = vlad(seen / np.linalg.norm(seen, axis=1, keepdims=True), describer.words) - describer.centre
        for flips in describer.flips:
            whole = turned(whole * flips)
        rows.append(whole[: describer.bits])
    vectors = np.stack(rows)
    _, sizes, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    kept = (sizes[:_COMPONENTS, None] * axes[:_COMPONENTS]) / np.sqrt(len(vectors))
    rest = np.sqrt(np.maximum(vectors.var(axis=0) - (kept**2).sum(axis=0), 0))
    return Spread(kept.astype(np.float32), rest.astype(np.float32))


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of one call, and what it made; wall time would measure the neighbours too."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def copies_of(describer: Describer, pictures: Sequence[Pixels], cache: Path, others: Sequence[Pixels]) -> list[Pixels]:
    """The two codes of every copy, uint8 (2, bytes), in the order of the pictures."""
    props, rng = props_of(cache, others), np.random.default_rng(1)
    made = [copy_of(pixels, kind, rng, props) for pixels in pictures for kind in _KINDS]
    return [np.stack([way.code for way in describer.asked(copy)]) for copy in made]


def looked_up(index: Index, copies: Sequence[Pixels]) -> list[NDArray[np.int64]]:
    """The candidates of every copy."""
    return [index.nearest(two, CANDIDATES)[1] for two in copies]


def bench(codes: Pixels, real: Pixels, copies: Sequence[Pixels]) -> None:
    """Prints what so many cost. codes: of strangers. real: of the pictures that were copied; they are listed first."""
    rows = np.concatenate([real, codes])
    print(f"{len(rows)} codes of {rows.shape[1]} bytes; FAISS holds them once more")
    ways: dict[str, Callable[[Pixels], Index]] = {"all are read": FaissIndex, f"{_PROBES} cells are read": Cells}
    for name, way in ways.items():
        spent, index = seconds(partial(way, rows))
        looking, answers = seconds(partial(looked_up, index, copies))
        found = sum(at // len(_KINDS) in rows for at, rows in enumerate(answers))
        share = f"{found}/{len(copies)} copies have theirs among {CANDIDATES}"
        print(f"  {name}: made in {spent:.1f} s, {len(copies) / looking:.0f} look-ups/s; {share}", flush=True)


def main() -> None:
    """Runs the chosen sizes."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.near", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    describer = shipped()
    train, test = (list(load_split(arguments.cache, split).values()) for split in ("train", "test"))
    spread = spread_of(describer, train)
    spent, described = seconds(lambda: [describer.asked(pixels) for pixels in test])
    print(f"a picture is described in {1000 * spent / len(test):.0f} ms")
    real = np.stack([ways[0].code for ways in described])
    copies = copies_of(describer, test, arguments.cache, train)
    beside = spread.codes(2000)
    for name, others in (("one another", real), ("the strangers drawn", beside)):
        alike = [
            np.bitwise_count(one ^ other).sum() for one in real for other in others if not np.array_equal(one, other)
        ]
        cosines = np.cos(np.pi * np.array(alike) / describer.bits)
        print(f"  likeness of photographs to {name}: {cosines.mean():.3f} ± {cosines.std():.3f}")
    for size in arguments.sizes:
        bench(spread.codes(size), real, copies)


if __name__ == "__main__":
    main()
