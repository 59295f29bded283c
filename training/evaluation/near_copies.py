"""Measures how well copies of pictures are found among others: by `near_duplicate`, by PDQ, and by CLIP's tower.

    python -m training.evaluation.near_copies [--cache DIR] [--collection DIR] [--looks near pdq clip] [--json FILE]

All photographs are listed, and those of a collection beside them, whose `manifest.tsv` says what each is. Copies of the
test split and of the collection's photographs are asked for, and what their strangers answer is what no list must. The
calibration is fitted on copies of the train split, from which the words were learned as well. What PDQ and
`near_duplicate` say they found is by their own thresholds; CLIP has none, so it is given the best that lets no stranger
through.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.media import Pixels
from detectors.generated.tower import Tower
from detectors.hashes.tables import RADIUS
from detectors.near.detector import AGREEING, shipped
from training.corpora import sprites
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.attacks import fitted
from training.generated.material import collected
from training.near.copies import COPIES, LONGEST, Props, copy_of
from training.near.figures import Answer, calibration, held, table
from training.near.looks import CLIP_LAYERS, ByClip, ByPdq, Look, Near, Seen

_STICKERS = 60
_BESIDE = 30
"""Photographs of the train split that stand beside others in collages, and for that are not listed."""
_SOME = 4  # kinds of copies of each picture that is not of the test split


@dataclass(frozen=True, eq=False, slots=True)
class Listed:
    """One listed picture. part: "train", "test", "people" or "made", of the collection."""

    part: str
    pixels: Pixels


def listed(cache: Path, collection: Path | None) -> list[Listed]:
    """Every picture, at most `LONGEST` pixels long."""
    rows = [Listed("train", pixels) for pixels in list(load_split(cache, "train").values())[_BESIDE:]]
    rows += [Listed("test", pixels) for pixels in load_split(cache, "test").values()]
    if collection is not None:
        rows += [Listed("made" if each.made else "people", each.pixels) for each in collected(collection)]
    return [Listed(row.part, fitted(row.pixels, LONGEST)) for row in rows]


def asked(rows: Sequence[Listed], parts: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Which picture is asked for after which copying: all of the test split, four of others, of what is made one."""
    for at, row in enumerate(rows):
        if row.part not in parts:
            continue
        names = ["sent"] if row.part == "made" else list(COPIES)
        if row.part in ("train", "people"):
            names = list(np.random.default_rng([2, at]).permutation(names)[:_SOME])
        yield from ((at, str(name)) for name in names)


def answers(looks: Sequence[Look], rows: Sequence[Listed], parts: Sequence[str], props: Props) -> Iterator[Answer]:
    """What every look says of every copy."""
    kinds = list(COPIES)
    for at, name in asked(rows, parts):
        made = copy_of(rows[at].pixels, name, np.random.default_rng([1, at, kinds.index(name)]), props)
        for look in looks:
            alike = look.ask(made, at)
            yield Answer(look.name, rows[at].part, at, name, alike.own, alike.other)


def looks_of(names: Sequence[str], pictures: Sequence[Pixels]) -> list[Look]:
    """The looks by the names of the command line."""
    looks: list[Look] = []
    if "near" in names:
        looks.append(Near(shipped(), pictures, AGREEING))
    if "pdq" in names:
        looks.append(ByPdq(pictures, RADIUS))
    if "clip" in names:
        seen = Seen(Tower.load(CLIP_LAYERS))
        known = [seen.layers(pixels) for pixels in pictures]
        looks += [ByClip(seen, layer, known) for layer in range(len(CLIP_LAYERS))]
    return looks


def props_of(cache: Path, others: Sequence[Pixels]) -> Props:
    """Stickers out of the sprites. others: what stands beside in collages."""
    drawn = [each for each in sprites.read(cache) if each.style != "clipart"]
    chosen = np.random.default_rng(7).choice(len(drawn), min(_STICKERS, len(drawn)), replace=False)
    return Props([sprites.pixels(cache, drawn[at]) for at in chosen], others)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.near_copies", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--collection", type=Path, help="folder with manifest.tsv")
    parser.add_argument("--looks", nargs="+", choices=("near", "pdq", "clip"), default=["near", "pdq"])
    parser.add_argument("--fit", action="store_true", help="copies of the train split as well, and the calibration")
    parser.add_argument("--json", type=Path, help="every answer")
    arguments = parser.parse_args()
    rows = listed(arguments.cache, arguments.collection)
    looks = looks_of(arguments.looks, [row.pixels for row in rows])
    props = props_of(arguments.cache, list(load_split(arguments.cache, "train").values())[:_BESIDE])
    parts = ("train",) * arguments.fit + ("test", "people", "made")
    found = list(answers(looks, rows, parts, props))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(each) for each in found]), encoding="utf-8")
    print(f"{len(rows)} listed; {len(held(found)) // len(looks)} copies asked for")
    print("  copy           the nearest is right           found, by the limit")
    for look in looks:
        print(look.name, *table([each for each in held(found) if each.look == look.name], look.threshold), sep="\n")
    if arguments.fit:
        near = [each for each in found if each.look == Near.name]
        print(calibration([each for each in near if each.part == "train"], held(near)))


if __name__ == "__main__":
    main()
