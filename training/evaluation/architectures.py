"""Which architecture learns most from little computing: `python -m training.evaluation.architectures`.

Trains each candidate on the corpus for the same processor time with the recipe of the shipped ×2 network, and measures
all on the test split. Processor time, because the machines of CI are shared. Knows candidates, not how training works.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from spandrel.architectures.SAFMN import SAFMN
from spandrel.architectures.SPAN import SPAN
from torch import nn

from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.harness.loop import begin, train
from training.measure import Enlarger, average, bicubic, measure, to_picture, to_tensor
from training.metrics import Picture
from training.networks import build_compact
from training.recipe import read_recipe
from training.restorers.compact import Enlarging, Recipe

RECIPE = Path(__file__).parents[1] / "recipes/upscale_x2.yaml"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An architecture at the size that its authors or our research propose for CPUs, with its usual learning rate."""

    name: str
    build: Callable[[Recipe], nn.Module]
    learning_rate: float


CANDIDATES = (
    Candidate("Compact 32×10, starts as bicubic", lambda recipe: build_compact(recipe.network, recipe.scale), 2e-3),
    Candidate("SAFMN 36×8", lambda recipe: SAFMN(dim=36, n_blocks=8, upscaling_factor=recipe.scale), 1e-3),
    Candidate(
        "SPAN 24",
        lambda recipe: SPAN(
            num_in_ch=3, num_out_ch=3, feature_channels=24, upscale=recipe.scale, norm=False, img_range=1.0
        ),
        5e-4,
    ),
)


def enlarger(network: nn.Module) -> Enlarger:
    """The network as a function of pictures."""
    network.eval()

    def enlarge(small: Picture) -> Picture:
        with torch.inference_mode():
            return to_picture(network(to_tensor(small)))

    return enlarge


def learn(candidate: Candidate, recipe: Recipe, pictures: Mapping[str, Picture]) -> tuple[nn.Module, int]:
    """The candidate after the recipe's budget of processor time, and the steps that it came to."""
    torch.manual_seed(recipe.seed)
    recipe = recipe.model_copy(
        update={"learning_rate": candidate.learning_rate, "final_learning_rate": candidate.learning_rate / 100}
    )
    state = begin(recipe, candidate.build(recipe))
    for _ in train(recipe, Enlarging(recipe, recipe.patches(pictures), state), state, time.process_time):
        pass
    return state.average, state.step


def main() -> None:
    """Prints one line a candidate."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.architectures", description=__doc__)
    parser.add_argument("--cpu-seconds", type=float, default=600)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = read_recipe(RECIPE, Recipe).model_copy(update={"budget_seconds": arguments.cpu_seconds})
    learned_from = load_split(arguments.cache, "train")
    unseen = load_split(arguments.cache, "test")
    score = average(measure(bicubic(recipe.scale), recipe.scale, unseen))
    print(f"bicubic: {score.psnr_y:.2f} dB", flush=True)
    for candidate in CANDIDATES:
        network, steps = learn(candidate, recipe, learned_from)
        weights = sum(each.numel() for each in network.parameters())
        started = time.process_time()
        score = average(measure(enlarger(network), recipe.scale, unseen))
        seconds = time.process_time() - started
        print(
            f"{candidate.name}: {score.psnr_y:.2f} dB after {steps} steps, {weights:,} weights, "
            f"{seconds:.0f} s to enlarge the {len(unseen)} pictures of the test split",
            flush=True,
        )


if __name__ == "__main__":
    main()
