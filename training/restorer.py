"""Trains a restoration network of any architecture from a recipe.

    python -m training.restorer training/recipes/restoration/denoise.yaml [--profile smoke] [--resume]

The run's checkpoint lies in `runs/<name>/`, and so do its weights and what they were made from once it has ended;
`training.restorers.shipping` measures and pins them. `training.restoration`, on the same loop, is the command of
the two Compact networks. Read this file first: each step of a run is one module of `training.restorers`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Unpack

import torch
from safetensors.torch import load_file
from torch import nn

from training.checkpoint import State
from training.corpora.photographs import MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.export import to_safetensors
from training.harness.conduct import Following, conduct
from training.harness.export import MADE
from training.patches import Picture
from training.restorers.architectures import build, last_convolution, learns_folded
from training.restorers.folding import fold, folded_tensors, start_passing, unfold
from training.restorers.growing import grow
from training.restorers.learning import Batches, Restoring
from training.restorers.merged import Merged, merged_pairs
from training.restorers.pleasing import Critic, Judged, Pleased, without_critic
from training.restorers.recipe import RestorerRecipe
from training.restorers.spoiling import Spoiled
from training.restorers.start import inherit, solve_last
from training.run import Run, parser_of, run_of
from training.schedule import progress_of


def run_training(
    run: Run[RestorerRecipe],
    pictures: Mapping[str, Picture],
    source: Mapping[str, torch.Tensor] | None = None,
    **following: Unpack[Following],
) -> State:
    """See `conduct`. source: the tensors that a warm start takes over, None for a fresh network."""
    patches = patches_of(run, pictures)
    restoring = Restoring(patches, run.recipe.frequency_weight)
    pleasing = run.recipe.pleasing
    if pleasing is None:
        return conduct(run, lambda: _started(run.recipe, patches, source), lambda _: restoring, **following)
    return conduct(
        run,
        lambda: Judged(_started(run.recipe, patches, source), Critic(pleasing.critic)),
        lambda state: Pleased(restoring, pleasing, lambda: progress_of(run.recipe, state)),
        **following,
    )


def patches_of(run: Run[RestorerRecipe], pictures: Mapping[str, Picture]) -> Batches:
    """What the run learns from. Bursts are merged before the first step, and kept in the run's folder."""
    if run.recipe.bursts is None:
        return Spoiled(pictures, run.recipe)
    return Merged(merged_pairs(run.folder, pictures, run.recipe.bursts, run.recipe.seed), run.recipe)


def _started(recipe: RestorerRecipe, patches: Batches, source: Mapping[str, torch.Tensor] | None) -> nn.Module:
    network = build(recipe.architecture, recipe.network, recipe.scale)
    if learns_folded(recipe.architecture):
        fold(network)
        if source is None:
            start_passing(network, patches.batch(0)[0])
        else:
            source = folded_tensors(source)
    last = last_convolution(recipe.architecture, network)
    if source is not None and recipe.grown:
        grow(network, source)
    elif source is not None:
        inherit(network, last, source)
    solve_last(network, last, (patches.batch(step) for step in range(recipe.fitted_batches)))
    return network


def served(recipe: RestorerRecipe, network: nn.Module) -> nn.Module:
    """What learned, as it is loaded from its file."""
    network = without_critic(network)
    if not learns_folded(recipe.architecture):
        return network
    return unfold(network, build(recipe.architecture, recipe.network, recipe.scale))


def _weights_of(name: str, runs: Path) -> Path:
    """Of a finished run, or of what ships under that name."""
    made = runs / name / f"{name}.safetensors"
    return made if made.exists() else DEFAULT_WEIGHTS.parent / f"{name}.safetensors"


def main() -> None:
    """Command line."""
    parser = parser_of("training.restorer", __doc__)
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, RestorerRecipe)
    pictures = load_split(arguments.cache, "train", arguments.manifest)
    before = run.recipe.warm_start
    source = load_file(_weights_of(before, arguments.runs)) if before else None
    state = run_training(
        run,
        pictures,
        source,
        resume=arguments.resume,
        report=lambda report: print(report.line(), flush=True),
    )
    made = run.describe(arguments.recipe, arguments.manifest, len(pictures), state)
    (run.folder / f"{run.recipe.name}.safetensors").write_bytes(to_safetensors(served(run.recipe, state.average)))
    (run.folder / MADE).write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
