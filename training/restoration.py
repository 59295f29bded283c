"""Trains a restoration network from a recipe, then exports, measures and describes it.

    python -m training.restoration training/recipes/upscale_x2.yaml [--profile smoke] [--budget-seconds N] [--resume]

The run's checkpoint lies in `runs/<name>/`; the weights, their manifest and card go to `--weights`. Read this file
first: it tells the whole story of a run, and each step of it is one module.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from training import checkpoint
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.networks import build_compact
from training.patches import Patches, Picture
from training.recipe import Recipe, read_recipe, recipe_digest
from training.trainer import Report, begin, train


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a recipe. folder: where its checkpoint lies. digest: of the recipe's file."""

    recipe: Recipe
    digest: str
    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The file that a resumed run starts from."""
        return self.folder / "checkpoint.pt"


def run_training(
    run: Run,
    network: nn.Module,
    pictures: dict[str, Picture],
    *,
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
    report: Callable[[Report], None] = lambda _: None,
) -> nn.Module:
    """Trains to the end of the recipe and returns the network with its weights averaged over the run.

    Raises FileNotFoundError when there is nothing to resume, ConfigurationError when it belongs to another recipe.
    """
    recipe = run.recipe
    state = begin(recipe, network.to(memory_format=torch.channels_last))
    if resume:
        checkpoint.restore(run.checkpoint, state, run.digest)
    patches = Patches(pictures, recipe.scale, recipe.patch, recipe.batch, recipe.seed)
    for each in train(recipe, state, patches, clock):
        if each.step % recipe.checkpoint_every == 0 or each.progress >= 1:
            checkpoint.save(run.checkpoint, state, run.digest)
        if each.step % recipe.log_every == 0 or each.progress >= 1:
            report(each)
    return state.average.eval()


def print_report(report: Report) -> None:
    """One line of progress."""
    print(
        f"{report.progress:6.1%}  step {report.step:6d}  loss {report.loss:.5f}  "
        f"rate {report.learning_rate:.2e}  {report.elapsed:7.0f} s",
        flush=True,
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.restoration", description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--profile")
    parser.add_argument("--budget-seconds", type=float)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    recipe = read_recipe(arguments.recipe, arguments.profile)
    if arguments.budget_seconds is not None:
        recipe = recipe.model_copy(update={"budget_seconds": arguments.budget_seconds})
    run = Run(recipe, recipe_digest(arguments.recipe), arguments.runs / recipe.name)
    torch.manual_seed(recipe.seed)
    network = build_compact(recipe.network, recipe.scale)
    run_training(run, network, load_split(arguments.cache, "train"), resume=arguments.resume, report=print_report)


if __name__ == "__main__":
    main()
