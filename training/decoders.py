"""Trains decoders of many kinds on photographs, and reconstructs every photograph by each of them.

    python -m training.decoders training/recipes/detectors/decoders.yaml [--profile smoke] [--resume] [--output DIR]

Beside our own, the shipped autoencoder and upscalers reconstruct too. Nothing of it ships: `training.artefact` learns
from the pictures. With --resume, families that are stored already are left as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import Field
from torch import nn

from core.media import Pixels
from training.corpora.manifest import Split
from training.corpora.photographs import MANIFEST, load_split
from training.forensics.families import FamilySpec, family_of
from training.forensics.reconstruct import (
    GRID,
    ORIGINAL,
    Reconstruct,
    by_coder,
    by_family,
    by_upscaler,
    cut,
    store,
)
from training.harness.conduct import conduct
from training.harness.loop import Report
from training.harness.pictures import Ahead
from training.harness.plan import LoopPlan
from training.patches import Patches
from training.run import Run, parser_of, run_of

SPLITS: tuple[Split, ...] = ("train", "test")
CODER = Path("training") / "weights" / "autoencoder"
UPSCALERS = Path("generators") / "weights" / "weights.toml"
SHIPPED = ("kl", "upscale_x2", "upscale_x4")


class DecodersPlan(LoopPlan):
    """side: of the crops that families learn from. largest: side of what is reconstructed of a photograph, pixels."""

    side: int = Field(gt=0, multiple_of=8)
    largest: int = Field(ge=GRID)
    families: Mapping[str, FamilySpec]


class Reconstructing:
    """Crops of photographs → themselves."""

    def __init__(self, plan: DecodersPlan, photographs: Mapping[str, Pixels]) -> None:
        patches = Patches(photographs, 2, plan.side // 2, plan.batch, plan.seed)
        self._batches = Ahead(lambda step: patches.batch(step)[1])

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`. The log has no figures besides."""
        batch = self._batches(step).to(next(network.parameters()).device, memory_format=torch.channels_last)
        loss: torch.Tensor = network.loss(batch)  # type: ignore[operator]
        return loss, {}


def learn(run: Run[DecodersPlan], family: str, photographs: Mapping[str, Pixels]) -> Reconstruct:
    """One family, trained from nothing."""
    plan = run.recipe
    mine = Run(plan.model_copy(update={"name": family}), run.digest, run.folder / family)
    print(f"{family}:", flush=True)
    state = conduct(
        mine,
        lambda: family_of(plan.families[family]),
        lambda _: Reconstructing(plan, photographs),
        report=_tell,
    )
    network = family_of(plan.families[family])  # a fresh one, for the trained one has hooks of its device
    network.load_state_dict(state.average.state_dict())
    return by_family(network, plan.seed)


def shipped(name: str) -> Reconstruct:
    """One of `SHIPPED`, with the weights of this repository."""
    return by_coder(CODER) if name == "kl" else by_upscaler(name, UPSCALERS)


def _tell(report: Report) -> None:
    print(report.line(), flush=True)


def main() -> None:
    """Command line."""
    parser = parser_of("training.decoders", __doc__)
    parser.add_argument("--output", type=Path, help="folder of the reconstructions")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="of the photographs")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, DecodersPlan)
    folder: Path = arguments.output or run.folder / "reconstructions"
    photographs = {split: load_split(arguments.cache, split, arguments.manifest) for split in SPLITS}
    cuts = {
        split: {name: cut(each, run.recipe.largest) for name, each in photographs[split].items()} for split in SPLITS
    }
    for split in SPLITS:
        store(folder, ORIGINAL, split, cuts[split])
    for family in (*SHIPPED, *run.recipe.families):
        if arguments.resume and (folder / family / SPLITS[-1]).is_dir():
            continue
        own = family in run.recipe.families
        reconstruct = learn(run, family, photographs["train"]) if own else shipped(family)
        for split in SPLITS:
            store(folder, family, split, {name: reconstruct(each) for name, each in cuts[split].items()})
        print(f"{family}: {sum(map(len, cuts.values()))} photographs reconstructed", flush=True)


if __name__ == "__main__":
    main()
