"""Trains the invisible watermark: where it hides, how its waves are weighed, and the network that sees it again.

    python -m training.watermark training/recipes/watermark.yaml [--profile smoke] [--resume] [--output FOLDER]

The run's checkpoint lies in `runs/<name>/`. The weights and their entry in `weights.toml` go to `--output`, which is
the run's own folder unless it is said to be `core/watermark/weights`. Then `python -m training.evaluation.watermark
--record` measures them, chooses nothing, and writes what it found into entry and model card.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from core.media import Pixels
from training import checkpoint
from training.checkpoint import State
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST, load_split
from training.export import Training
from training.recipe import file_digest
from training.watermarking.data import Patches
from training.watermarking.export import export
from training.watermarking.loop import MarkReport, begin, train
from training.watermarking.marker import SIDE, Marker
from training.watermarking.recipe import MarkRecipe, read_recipe


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a recipe. folder: where its checkpoint lies. digest: of the recipe's file."""

    recipe: MarkRecipe
    digest: str
    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The file that a resumed run starts from."""
        return self.folder / "checkpoint.pt"


def run_training(
    run: Run,
    pictures: Mapping[str, Pixels],
    *,
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
    report: Callable[[MarkReport], None] = lambda _: None,
) -> State:
    """Trains to the end of the recipe; the result is the state's averaged network.

    Raises FileNotFoundError when there is nothing to resume, ConfigurationError when it belongs to another recipe.
    """
    recipe = run.recipe
    state = begin(recipe)
    if resume:
        checkpoint.restore(run.checkpoint, state, run.digest)
    for each in train(recipe, state, Patches(pictures, recipe.tiles * SIDE), clock):
        if each.step % recipe.checkpoint_every == 0 or each.progress >= 1:
            checkpoint.save(run.checkpoint, state, run.digest)
        if each.step % recipe.log_every == 0 or each.progress >= 1:
            report(each)
    return state


def print_report(report: MarkReport) -> None:
    """One line of progress."""
    print(
        f"{report.progress:6.1%}  step {report.step:6d}  loss {report.loss:.4f}  bits {report.accuracy:.4f}  "
        f"visible {report.visible:.3f}  {report.elapsed:7.0f} s",
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


def trained(state: State) -> Marker:
    """The averaged network of a run."""
    if not isinstance(state.average, Marker):
        raise TypeError("the state of another training")
    return state.average


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.watermark", description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--profile", help="a profile of the recipe, such as smoke")
    parser.add_argument("--budget-seconds", type=float, help="wall-clock seconds, instead of the recipe's")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora.photographs built")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--output", type=Path, help="folder for the weights and weights.toml")
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
    state = run_training(run, pictures, resume=arguments.resume, report=print_report)
    training = describe(run, arguments.recipe, arguments.manifest, len(pictures), state)
    path = export(recipe, trained(state), training, arguments.output or run.folder)
    print(f"{path} after {state.step} steps")


if __name__ == "__main__":
    main()
