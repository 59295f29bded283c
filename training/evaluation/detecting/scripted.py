"""A set that anybody can make again: photographs of the test split, as they are and with a part copied elsewhere.

    python -m training.evaluation.detecting.scripted --output DIR [--cache DIR] [--seed N]

Writes the pictures, their masks and `list.tsv` for `python -m training.evaluate detectors --data DIR/list.tsv`. Every
photograph comes once as it is and once plainly copied and once turned and scaled, each as JPEG of one quality, 75–95,
drawn for the photograph; files of one photograph are not independent, and the list says so.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from core.media import Pixels
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.attacks import fitted
from training.evaluation.detecting.deliveries import file_of
from training.evaluation.detecting.listing import Label, write_listing
from training.evaluation.forgeries import draw, forge, to_jpeg

LONGEST = 1024
_QUALITY = (75, 95)
_TRIES = 5
LIST = "list.tsv"


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """A file of the set. name: with its ending. mask: bool (h, w), of what is not real."""

    name: str
    photograph: str
    data: bytes
    mask: NDArray[np.bool_] | None = None


def files(photographs: Mapping[str, Pixels], seed: int) -> Iterator[Made]:
    """Every photograph and its forgeries; where a patch finds no place, as in narrow pictures, there is none."""
    for name in sorted(photographs):
        rng = default_rng([seed, *name.encode()])
        pixels, quality = fitted(photographs[name], LONGEST), int(rng.integers(*_QUALITY, endpoint=True))
        yield Made(f"{name}.jpg", name, to_jpeg(pixels, quality))
        for kind in ("copied", "turned"):
            if (forged := _forged(pixels, kind == "turned", rng)) is not None:
                yield Made(f"{name}-{kind}.jpg", name, to_jpeg(forged[0], quality), forged[1])


def write(folder: Path, made: Iterator[Made]) -> Path:
    """Writes them into the folder, which is made, and the list last. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for each in made:
        (folder / each.name).write_bytes(each.data)
        row = {"file": each.name, "label": Label.REAL.value, "photograph": each.photograph}
        if each.mask is not None:
            row |= {"label": Label.MANIPULATED.value, "mask": f"{Path(each.name).stem}-mask.png"}
            (folder / row["mask"]).write_bytes(file_of(each.mask.astype(np.uint8) * 255))
        rows.append(row)
    write_listing(folder / LIST, rows)
    return folder / LIST


def _forged(pixels: Pixels, turned: bool, rng: Generator) -> tuple[Pixels, NDArray[np.bool_]] | None:
    for _ in range(_TRIES):
        try:
            return forge(pixels, draw(rng, transformed=turned), rng)
        except ValueError:
            continue
    return None


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.detecting.scripted", description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(write(arguments.output, files(load_split(arguments.cache, "test"), arguments.seed)))


if __name__ == "__main__":
    main()
