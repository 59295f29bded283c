"""Near duplicates at scale: how fast codes are looked up, and whether copies are still found among so many strangers.

    python -m tests.bench.near                       a hundred thousand
    python -m tests.bench.near --sizes 1000000       a million: 2 GB of memory, some minutes
    python -m tests.bench.near --collection DIR      all copies of `training.evaluation.near_copies`, not the hard ones

Nobody has a million photographs with a licence: the strangers are drawn so that their codes spread as those of the
train split's photographs do, by their principal components and noise. With `--mixed` they are of the points of those
photographs instead, of three at a time: they have the look of photographs, and share points with one another. The
copies are of the test split's. What ships stands beside every code read whole, and beside cells. One thread.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.near.detector import shipped
from detectors.near.index import FaissIndex
from detectors.near.keypoints import Floats
from detectors.near.near_list import CANDIDATES
from tests.bench.near_questions import BESIDE, Questions, hard, of_all
from tests.bench.near_strangers import Mixture, spread_of
from training.corpora.photographs import DEFAULT_CACHE, load_split

_PROBES = 32  # cells that are read
_TAUGHT_BY = 39  # codes a cell: of fewer FAISS warns


Answers = tuple[NDArray[np.int32], NDArray[np.int64]]


class Lookup(Protocol):
    """What is measured. See `detectors.near.index.Index`."""

    def nearest(self, asked: Floats, count: int) -> Answers: ...


class Whole:
    """What shipped before: FAISS's index that reads every code whole."""

    def __init__(self, codes: Pixels) -> None:
        import faiss

        self._index = faiss.IndexBinaryFlat(8 * codes.shape[1])
        self._index.add(codes)

    def nearest(self, asked: Floats, count: int) -> Answers:
        """See `Lookup`."""
        far, rows = self._index.search(np.packbits(asked > 0, axis=1), count)
        return far, rows


class Cells:
    """What never shipped: FAISS's index that sorts codes into cells, and reads those that are nearest."""

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

    def nearest(self, asked: Floats, count: int) -> Answers:
        """See `Lookup`."""
        far, rows = self._index.search(np.packbits(asked > 0, axis=1), count)
        return far, rows


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of one call, and what it made; wall time would measure the neighbours too."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def looked_up(index: Lookup, copies: Sequence[Floats]) -> list[NDArray[np.int64]]:
    """The candidates of every copy."""
    return [index.nearest(two, CANDIDATES)[1] for two in copies]


def bench(codes: Pixels, questions: Questions) -> None:
    """Prints what so many cost. codes: of strangers, which stand behind the real ones."""
    import faiss

    faiss.omp_set_num_threads(1)
    copies, rows = questions.copies, np.concatenate([questions.listed, codes])
    print(f"{len(rows)} codes of {rows.shape[1]} bytes")
    ways: dict[str, Callable[[Pixels], Lookup]] = {
        "every code whole": Whole,
        "what ships": FaissIndex,
        f"{_PROBES} cells": Cells,
    }
    first = 0.0
    for name, way in ways.items():
        spent, index = seconds(partial(way, rows))
        looking, answers = seconds(partial(looked_up, index, copies))
        found = sum(own in candidates for own, candidates in zip(questions.own, answers, strict=True))
        first = first or looking
        share = f"{found}/{len(copies)} copies have theirs among {CANDIDATES}"
        rate = f"{len(copies) / looking:.0f} look-ups/s, {first / looking:.1f} times the first"
        print(f"  {name}: made in {spent:.1f} s, {rate}; {share}", flush=True)


def main() -> None:
    """Runs the chosen sizes."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.near", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--collection", type=Path, help="folder with manifest.tsv: the questions of the card")
    parser.add_argument(
        "--mixed", action="store_true", help="strangers of real points: a minute or more a hundred thousand"
    )
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    describer = shipped()
    train, test = (list(load_split(arguments.cache, split).values()) for split in ("train", "test"))
    spread = Mixture.of(describer, train[BESIDE:]) if arguments.mixed else spread_of(describer, train)
    spent, described = seconds(lambda: [describer.asked(pixels) for pixels in test])
    print(f"a picture is described in {1000 * spent / len(test):.0f} ms")
    real = np.stack([ways[0].code for ways in described])
    if arguments.collection is not None:
        questions = of_all(describer, arguments.cache, arguments.collection)
    else:
        questions = hard(describer, real, test, arguments.cache, train[:BESIDE] if arguments.mixed else train)
    beside = spread.codes(2000)
    for name, others in (("one another", real), ("the strangers drawn", beside)):
        alike = [
            np.bitwise_count(one ^ other).sum() for one in real for other in others if not np.array_equal(one, other)
        ]
        cosines = np.cos(np.pi * np.array(alike) / describer.bits)
        print(f"  likeness of photographs to {name}: {cosines.mean():.3f} ± {cosines.std():.3f}")
    for size in arguments.sizes:
        bench(spread.codes(size), questions)


if __name__ == "__main__":
    main()
