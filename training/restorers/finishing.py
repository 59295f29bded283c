"""Ships the network that finishes merged bursts, where a merge is better with it than without: pinned, with its card.

    python -m training.restorers.finishing runs/burst [--output generators]

Measured on bursts of the test split: the merge alone, the merge with the network behind it, and what the network of one
picture makes of the first. It ships where it is nearer the photograph than both, beyond chance, of every kind of burst.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from core.errors import CountersignError, PreconditionFailed
from core.media import Frame
from core.weights import read_manifest
from generators import cards, catalog, restoration
from generators.burst.finishing import Finish, share
from generators.burst.generator import BurstMerger
from generators.deep import to_unit
from generators.probing import noise_level
from generators.tiling import Plan
from generators.upscale import Enlarger, Upscaler
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.evaluation.restoring import bursts, conditions, contest
from training.metrics import Picture, Score, score
from training.restorers.burst_card import CARD, write_card
from training.restorers.measuring import Measured, beside, pairs_of, scores
from training.restorers.merged import PRIOR, Pairs, merged_pairs
from training.restorers.recipe import Bursts
from training.restorers.shipping import TILE, read_run, write

FRAMES = 8
CONDITIONS = {
    f"{reduction}_{sigma}": conditions.burst(FRAMES, sigma, reduction)
    for reduction in bursts.REDUCTIONS
    for sigma in (2, 5)
}
"""As in docs/enhancement.md."""
FITTED = Bursts(crops=20, side=256, frames=(FRAMES, FRAMES), noise=(1, 6), area=0.5, jpeg=(95, 95), recoded=0)
"""Bursts of photographs that the network learned from, on which it is found how far it is heeded."""
_FITTED_SEED = 1
_DOUBTS = np.round(np.geomspace(0.1, 20, 47), 2)
_ALONE, _SINGLE = "the merge alone", "the first picture enlarged"


@dataclass(frozen=True, slots=True)
class Finished:
    """One kind of burst: the finished merge beside the merge alone, and beside the first picture enlarged."""

    merge: Measured
    single: Measured

    @property
    def worth_it(self) -> bool:
        """Whether it is better than both, beyond chance."""
        return self.merge.beaten and self.single.beaten


@dataclass(frozen=True, eq=False, slots=True)
class Merges:
    """Bursts of one kind: what each should become, what merging makes of it, the noise found in its first picture, and
    the scores of that one enlarged.
    """

    wanted: Sequence[Picture]
    merged: Sequence[Picture]
    noise: Sequence[float]
    single: Sequence[Score]


def merged_bursts(originals: Mapping[str, Picture]) -> Iterator[tuple[str, Merges]]:
    """By kind of burst: the long part, whatever is to ship. originals: RGB uint8, not learned from."""
    prior = restoration.load(read_manifest(DEFAULT_WEIGHTS)[PRIOR], "cpu")
    card = cards.shipped(CARD)
    alone, single = BurstMerger(prior, card), Upscaler("compact", [prior], card)
    for name, condition in CONDITIONS.items():
        pairs = list(pairs_of(condition, originals))
        merged = [contest.run(alone, contest.job_of(alone, pair)) for pair in pairs]
        noise = [noise_level(pair.spoiled) for pair in pairs]
        yield name, Merges([pair.wanted for pair in pairs], merged, noise, scores(single, pairs))


def measured(finish: Finish, merges: Iterable[tuple[str, Merges]]) -> dict[str, Finished]:
    """By kind of burst. What a request gets is `finish` of what is merged: tests/generators/burst holds it to that."""
    found = {}
    for name, each in merges:
        made = [
            finish(Frame(picture), noise, lambda _: None, lambda: False).pixels
            for picture, noise in zip(each.merged, each.noise, strict=True)
        ]
        own, alone = (_scored(pictures, each.wanted) for pictures in (made, each.merged))
        found[name] = Finished(beside(own, {_ALONE: alone}), beside(own, {_SINGLE: each.single}))
    return found


def ship(
    run: Path, output: Path, learned: Mapping[str, Picture], originals: Mapping[str, Picture]
) -> dict[str, Finished]:
    """Does all of it; what was measured. learned: the photographs that the run learned from.

    Raises PreconditionFailed where the network is not worth shipping.
    """
    ended = read_run(run)
    doubt = fitted_doubt(ended.network, merged_pairs(run / "fitting", learned, FITTED, _FITTED_SEED))
    found = measured(Finish(ended.network, Plan(TILE, ended.margin), doubt), merged_bursts(originals))
    refuse_idle(ended.name, found)
    figures = {name: _figures(each) for name, each in found.items()}
    write(ended, output, CARD, {"pictures": len(originals), "frames": FRAMES, **figures}, {"doubt": doubt})
    return found


def fitted_doubt(network: Enlarger, pairs: Pairs) -> float:
    """`Finish.doubt` by which bursts gain most, in dB, each counting the same. The test split MUST not choose it.

    pairs: of the training split. The network learned from those photographs, so that its gain there, and how far it is
    heeded, are optimistic. Nor is the test split clean: that there is a doubt at all followed from a failure on it.
    """
    errors = np.array([_sums(network, *pair) for pair in zip(pairs.merged, pairs.wanted, strict=True)])
    before, across, change = errors.T
    losses = []
    for doubt in _DOUBTS:
        heeded = np.array([share(noise, doubt) for noise in pairs.noise])
        losses.append(float(np.log(before - 2 * heeded * across + heeded**2 * change).mean()))
    return float(_DOUBTS[int(np.argmin(losses))])


def _sums(network: Enlarger, merged: Picture, wanted: Picture) -> tuple[float, float, float]:
    """Of squares: the merge's error; its product with the network's change; that change."""
    values = to_unit(merged)
    change, missing = network(values) - values, to_unit(wanted) - values
    return float(np.square(missing).sum()), float((missing * change).sum()), float(np.square(change).sum())


def refuse_idle(name: str, found: Mapping[str, Finished]) -> None:
    """Raises PreconditionFailed naming the kinds of burst that are not better with the network."""
    lost = [f"{kind}: {_line(each)}" for kind, each in found.items() if not each.worth_it]
    if lost:
        raise PreconditionFailed(f"{name} is not worth shipping: {'; '.join(lost)}")


def _scored(made: Sequence[Picture], wanted: Sequence[Picture]) -> list[Score]:
    return [score(*pair, bursts.SCALE) for pair in zip(made, wanted, strict=True)]


def _figures(each: Finished) -> dict[str, float | str]:
    kept = ("best_psnr_y", "gain", "gain_low", "gain_high")
    return asdict(each.merge) | {f"single_{key}": asdict(each.single)[key] for key in kept}


def _line(each: Finished) -> str:
    merge, single = each.merge, each.single
    return (
        f"{merge.psnr_y:.2f} dB, {merge.gain:+.2f} [{merge.gain_low:+.2f}, {merge.gain_high:+.2f}] to {_ALONE}, "
        f"{single.gain:+.2f} [{single.gain_low:+.2f}, {single.gain_high:+.2f}] to {_SINGLE}"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.restorers.finishing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a run that has ended")
    parser.add_argument("--output", type=Path, default=catalog.WEIGHTS.parent, help="holds weights/ and cards/")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        learned, unseen = (load_split(arguments.cache, split, arguments.manifest) for split in ("train", "test"))
        found = ship(arguments.run, arguments.output, learned, unseen)
    except CountersignError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    write_card(arguments.output, arguments.run.name, arguments.manifest)
    for kind, each in found.items():
        print(f"{kind:10} {_line(each)}")


if __name__ == "__main__":
    main()
