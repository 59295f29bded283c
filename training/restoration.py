"""Trains a restoration network from a recipe, then exports, measures and describes it.

    python -m training.restoration training/recipes/upscale_x2.yaml [--profile smoke] [--budget-seconds N] [--resume]

The run's checkpoint lies in `runs/<name>/`. The weights, their entry in `weights.toml` and the model card go to
`--output`, which is the run's own folder unless it is said to be `generators`. Read this file first: it tells the whole
story of a run, and each step of it is one module.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from spandrel.architectures.Compact import Compact

from training.card import write_card
from training.checkpoint import State
from training.corpora.photographs import MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.export import CARD, export
from training.networks import build_compact
from training.patches import Patches, Picture
from training.recipe import Recipe
from training.run import Run, parser_of, run_of
from training.trainer import Report, begin, train
from training.warm_start import shipped_network, warm_start

_FITTED_BATCHES = 40


def run_training(
    run: Run[Recipe],
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
        run.resume(state)
    return run.follow(state, train(recipe, state, patches, clock), report)


def print_report(report: Report) -> None:
    """One line of progress."""
    print(
        f"{report.progress:6.1%}  step {report.step:6d}  loss {report.loss:.5f}  "
        f"rate {report.learning_rate:.2e}  {report.elapsed:7.0f} s",
        flush=True,
    )


def main() -> None:
    """Command line."""
    parser = parser_of("training.restoration", __doc__)
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS, help="where a warm start finds its model")
    parser.add_argument("--output", type=Path, help="folder that holds weights/ and cards/")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, Recipe)
    recipe = run.recipe
    pictures = load_split(arguments.cache, "train", arguments.manifest)
    source = shipped_network(recipe.warm_start, arguments.weights) if recipe.warm_start else None
    state = run_training(run, pictures, source=source, resume=arguments.resume, report=print_report)

    output: Path = arguments.output or run.folder
    training = run.describe(arguments.recipe, arguments.manifest, len(pictures), state)
    unseen = load_split(arguments.cache, "test", arguments.manifest)
    rows = export(recipe.name, state.average, training, unseen, output / "weights")
    write_card(output / "weights", output / "cards" / CARD, arguments.manifest)
    for row in rows:
        print(f"{row.model:12} ×{row.scale}  {row.psnr_y:.2f} dB  SSIM {row.ssim_y:.4f}  {row.pictures} photographs")


if __name__ == "__main__":
    main()
