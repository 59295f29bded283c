"""Ships a network that was trained to please, where it does and stays true to its input: pinned, with its card.

    python -m training.restorers.pleasing_shipping runs/perceptual_x4 [--output generators]

It ships where, under each condition, its outputs look more like the originals than all else could make them, beyond
chance, and where they, reduced again, are no further off than may be. See `training.restorers.liking`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch

from core.errors import CountersignError, PreconditionFailed
from core.weights import PinnedWeights, read_manifest
from detectors.generated.tower import Tower
from generators import catalog
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.metrics import Picture
from training.restorers.liking import LAYERS, Liked, See, measured, seen_by
from training.restorers.liking_card import CARD, write_card
from training.restorers.shipping import read_run, write


def ship(
    run: Path, output: Path, shipped: Mapping[str, PinnedWeights], see: See, originals: Mapping[str, Picture]
) -> dict[str, Liked]:
    """Does all of it but the card; what was measured. Raises PreconditionFailed where it is not worth shipping."""
    ended = read_run(run)
    found = measured(ended.network, shipped, see, originals)
    refuse_disliked(ended.name, found)
    figures = {name: asdict(each) for name, each in found.items()}
    write(ended, output, CARD, {"pictures": len(originals), **figures})
    return found


def refuse_disliked(name: str, found: Mapping[str, Liked]) -> None:
    """Raises PreconditionFailed naming the conditions under which it is not liked better, or strays from its input."""
    lost = [f"{condition}: {each.line()}" for condition, each in found.items() if not each.worth_it]
    if lost:
        raise PreconditionFailed(f"{name} is not worth shipping: {'; '.join(lost)}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.restorers.pleasing_shipping",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a run that has ended")
    parser.add_argument("--output", type=Path, default=catalog.WEIGHTS.parent, help="holds weights/ and cards/")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--measure-only", action="store_true", help="print the figures and write nothing")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        originals = load_split(arguments.cache, "test", arguments.manifest)
        shipped, see = read_manifest(DEFAULT_WEIGHTS), seen_by(Tower.load(LAYERS))
        if arguments.measure_only:
            found = measured(read_run(arguments.run).network, shipped, see, originals)
        else:
            found = ship(arguments.run, arguments.output, shipped, see, originals)
            write_card(arguments.output, arguments.run.name, arguments.manifest)
    except CountersignError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    for condition, each in found.items():
        print(f"{condition:10} {each.line()}")


if __name__ == "__main__":
    main()
