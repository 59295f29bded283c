"""Trains a restoration network from a recipe, then exports, measures and describes it.

    python -m training.restoration training/recipes/upscale_x2.yaml [--profile smoke] [--budget-seconds N] [--resume]

The run's checkpoint lies in `runs/<name>/`. The weights, their entry in `weights.toml` and the model card go to
`--output`, which is the run's own folder unless it is said to be `generators`. Read this file first: it tells the whole
story of a run, and each step of it is one module.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from spandrel.architectures.Compact import Compact

from training import checkpoint
from training.card import write_card
from training.checkpoint import State
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.export import CARD, Training, export
from training.networks import build_compact
from training.patches import Patches, Picture
from training.recipe import Recipe, file_digest, read_recipe
from training.trainer import Report, begin, train
from training.warm_start import shipped_network, warm_start

_FITTED_BATCHES = 40


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
    pictures: Mapping[str, Picture],
    *,
    source: Compact | None = None,
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
    report: Callable[[Report], None] = lambda _: None,
) -> State:
    """Trains to the end of the recipe; the result is the state's averaged network.

    source: the trained network to start from, None to start as bicubic enlargement.
    Raises FileNotFoundError when there is nothing to resume, ConfigurationError when it belongs to another recipe.
    """
    recipe = run.recipe
    torch.manual_seed(recipe.seed)
    network = build_compact(recipe.network, recipe.scale)
    patches = Patches(pictures, recipe.scale, recipe.patch, recipe.batch, recipe.seed)
    if source is not None and not resume:
        warm_start(network, source, recipe.scale, (patches.batch(step) for step in range(_FITTED_BATCHES)))
    state = begin(recipe, network.to(memory_format=torch.channels_last))
    if resume:
        checkpoint.restore(run.checkpoint, state, run.digest)
    for each in train(recipe, state, patches, clock):
        if each.step % recipe.checkpoint_every == 0 or each.progress >= 1:
            checkpoint.save(run.checkpoint, state, run.digest)
        if each.step % recipe.log_every == 0 or each.progress >= 1:
            report(each)
    return state


def print_report(report: Report) -> None:
    """One line of progress."""
    print(
        f"{report.progress:6.1%}  step {report.step:6d}  loss {report.loss:.5f}  "
        f"rate {report.learning_rate:.2e}  {report.elapsed:7.0f} s",
        flush=True,
    )


def describe(run: Run, recipe: Path, corpus: Path, photographs: int, state: State) -> Training:
    """What the card says of the run. recipe, corpus: the files that it was made from."""
    return Training(
        recipe=recipe.name,
        recipe_digest=run.digest,
        corpus=corpus.name,
        corpus_digest=file_digest(corpus),
        photographs=photographs,
        steps=state.step,
        seconds=round(state.elapsed),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.restoration", description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--profile", help="a profile of the recipe, such as smoke")
    parser.add_argument("--budget-seconds", type=float, help="wall-clock seconds, instead of the recipe's")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora.photographs built")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS, help="where a warm start finds its model")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--output", type=Path, help="folder that holds weights/ and cards/")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> None:
    """Command line."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    recipe = read_recipe(arguments.recipe, arguments.profile)
    if arguments.budget_seconds is not None:
        recipe = recipe.model_copy(update={"budget_seconds": arguments.budget_seconds})
    run = Run(recipe, file_digest(arguments.recipe), arguments.runs / recipe.name)
    pictures = load_split(arguments.cache, "train", arguments.manifest)
    source = shipped_network(recipe.warm_start, arguments.weights) if recipe.warm_start else None
    state = run_training(run, pictures, source=source, resume=arguments.resume, report=print_report)

    output: Path = arguments.output or run.folder
    training = describe(run, arguments.recipe, arguments.manifest, len(pictures), state)
    unseen = load_split(arguments.cache, "test", arguments.manifest)
    rows = export(recipe.name, state.average, training, unseen, output / "weights")
    write_card(output / "weights", output / "cards" / CARD, arguments.manifest)
    for row in rows:
        print(f"{row.model:12} ×{row.scale}  {row.psnr_y:.2f} dB  SSIM {row.ssim_y:.4f}  {row.pictures} photographs")


if __name__ == "__main__":
    main()
