"""Trains the invisible watermark: where it hides, how its waves are weighed, and the network that sees it again.

    python -m training.watermark training/recipes/watermark.yaml [--profile smoke] [--resume] [--output FOLDER]

The run's checkpoint lies in `runs/<name>/`. The weights and their entry in `weights.toml` go to `--output`, which is
the run's own folder unless it is said to be `core/watermark/weights`. Then `python -m training.evaluation.watermark
--json measured.json` measures them, and `python -m training.watermarking.card measured.json` writes what it found into
entry and model card.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from core.media import Pixels
from training.checkpoint import State
from training.corpora.photographs import MANIFEST, load_split
from training.run import Run, parser_of, run_of
from training.watermarking.data import Patches
from training.watermarking.export import export
from training.watermarking.loop import MarkReport, begin, train
from training.watermarking.marker import SIDE, Marker
from training.watermarking.recipe import MarkRecipe


def run_training(
    run: Run[MarkRecipe],
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
        run.resume(state)
    return run.follow(state, train(recipe, state, Patches(pictures, recipe.tiles * SIDE), clock), report)


def print_report(report: MarkReport) -> None:
    """One line of progress."""
    print(
        f"{report.progress:6.1%}  step {report.step:6d}  loss {report.loss:.4f}  bits {report.accuracy:.4f}  "
        f"visible {report.visible:.3f}  {report.elapsed:7.0f} s",
        flush=True,
    )


def trained(state: State) -> Marker:
    """The averaged network of a run."""
    if not isinstance(state.average, Marker):
        raise TypeError("the state of another training")
    return state.average


def main() -> None:
    """Command line."""
    parser = parser_of("training.watermark", __doc__)
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--output", type=Path, help="folder for the weights and weights.toml")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, MarkRecipe)
    pictures = load_split(arguments.cache, "train", arguments.manifest)
    state = run_training(run, pictures, resume=arguments.resume, report=print_report)
    training = run.describe(arguments.recipe, arguments.manifest, len(pictures), state)
    path = export(run.recipe, trained(state), training, arguments.output or run.folder)
    print(f"{path} after {state.step} steps")


if __name__ == "__main__":
    main()
