"""Trains a restoration network from a recipe, then exports, measures and describes it.

    python -m training.restoration training/recipes/upscale_x2.yaml [--profile smoke] [--budget-seconds N] [--resume]

The run's checkpoint lies in `runs/<name>/`. The weights, their entry in `weights.toml` and the model card go to
`--output`, which is the run's own folder unless it is said to be `generators`. Read this file first: it tells the whole
story of a run, and each step of it is one module.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import torch
from spandrel.architectures.Compact import Compact

from training.card import write_card
from training.checkpoint import State
from training.corpora.photographs import MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.export import CARD, export
from training.harness.conduct import Following, conduct
from training.networks import build_compact
from training.patches import Picture
from training.restorers.compact import Enlarging, Recipe
from training.run import Run, parser_of, run_of
from training.warm_start import shipped_network, warm_start

_FITTED_BATCHES = 40


def run_training(
    run: Run[Recipe],
    pictures: Mapping[str, Picture],
    source: Compact | None = None,
    **following: Unpack[Following],
) -> State:
    """See `conduct`. source: the trained network to start from, None to start as bicubic enlargement."""
    recipe = run.recipe
    patches = recipe.patches(pictures)
    fresh = not following.get("resume")

    def network() -> Compact:
        made = build_compact(recipe.network, recipe.scale)
        if source is not None and fresh:
            warm_start(made, source, (patches.batch(step) for step in range(_FITTED_BATCHES)))
        return made

    return conduct(run, network, lambda state: Enlarging(recipe, patches, state), **following)


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
    state = run_training(
        run,
        pictures,
        source,
        resume=arguments.resume,
        report=lambda report: print(report.line(), flush=True),
    )

    output: Path = arguments.output or run.folder
    training = run.describe(arguments.recipe, arguments.manifest, len(pictures), state)
    unseen = load_split(arguments.cache, "test", arguments.manifest)
    rows = export(recipe.name, state.average, training, unseen, output / "weights")
    write_card(output / "weights", output / "cards" / CARD, arguments.manifest)
    for row in rows:
        print(f"{row.model:12} ×{row.scale}  {row.psnr_y:.2f} dB  SSIM {row.ssim_y:.4f}  {row.pictures} photographs")


if __name__ == "__main__":
    main()
