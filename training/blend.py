"""Trains the network that sees blends, on pictures blended with altered copies of themselves.

    python -m training.blend training/recipes/detectors/blend.yaml [--profile smoke] [--resume]
        [--output detectors/weights]
    python -m training.blend training/recipes/detectors/blend_faces.yaml --faces FOLDER

The run's checkpoint lies in `runs/<name>/`. Weights, calibration and their entry in `weights.toml` go to `--output`,
which is the run's own folder unless said otherwise. Then `python -m training.evaluation.blend --json FILE` measures
them on photographs of the test split, and `python -m training.forensics.blended.card FILE` writes the card.

With `--faces`, it learns blends within the faces of photographs that you have the right to use so, and makes a file for
`[[server.classifiers]]`; the lines for the configuration are printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Unpack

import numpy as np
import torch
from pydantic import Field
from torch import nn

from core.errors import ConfigurationError
from core.weights import read_manifest
from detectors.blends.looker import Looker
from detectors.blends.network import BORDER, BlendNetwork
from detectors.blends.weights import NAME
from detectors.faces.finder import FaceFinder
from detectors.manipulation import detector as manipulation
from detectors.manipulation.tiles import COARSEST
from detectors.verdicts.running import runner_for
from training.checkpoint import State
from training.corpora.photographs import MANIFEST
from training.export import Training
from training.forensics.blended.blends import BLENDS, TRAINED
from training.forensics.blended.checkpoint import write_checkpoint
from training.forensics.blended.export import fitted, wholes
from training.forensics.blended.faces import open_faces
from training.forensics.blended.loss import blend_loss, truth_of
from training.forensics.blended.pairs import Pairs
from training.forensics.blended.sources import open_pairs
from training.forensics.plans import LevelsPlan, averaged, some_of
from training.forensics.shipping import export
from training.harness.conduct import Following, conduct
from training.harness.pictures import Ahead, as_tensor
from training.harness.plan import LoopPlan
from training.manipulation import turned
from training.run import Run, parser_of, run_of

CALIBRATION_SEED = 20261130


class BlendPlan(LoopPlan):
    """side: of the squares, pixels. kinds: of `training.forensics.blended.blends`; the others are held out. warm_start:
    whether it begins with what the shipped localiser of manipulations learned, of the same photographs.

    repeats: steps that a batch is used in, turned and mirrored anew: making it costs as much as learning from it.
    """

    network: LevelsPlan
    side: int = Field(gt=0, multiple_of=COARSEST)
    warm_start: bool = False
    kinds: Annotated[tuple[str, ...], some_of(BLENDS, "kinds")] = tuple(TRAINED)
    repeats: int = Field(default=1, gt=0)


class Seeing:
    """Squares, every other one not blended → in which of their cells another picture is, and where its border runs."""

    def __init__(self, plan: BlendPlan, pairs: Pairs) -> None:
        self._plan, self._pairs = plan, pairs
        self._batches = Ahead(self._batch)

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task` and `blend_loss`."""
        pictures, truth = turned(*self._batches(step // self._plan.repeats), step)
        device = next(network.parameters()).device
        scores, maps, _ = network(pictures.to(device, memory_format=torch.channels_last))
        return blend_loss(scores.float(), maps.float(), truth.to(device))

    def _batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures (n, 3, side, side), -1 to 1, and what is true of their cells, (n, 2, h, w)."""
        half = self._plan.batch // 2
        made = [self._pairs.pair(index) for index in range(step * half, (step + 1) * half)]
        pictures = as_tensor(np.stack([square for each in made for square in (each.blended, each.untouched)]))
        shares = np.stack([share for each in made for share in (each.share, np.zeros_like(each.share))])
        return pictures, truth_of(shares)


def run_training(run: Run[BlendPlan], pairs: Pairs, **following: Unpack[Following]) -> State:
    """See `conduct`."""
    plan = run.recipe
    return conduct(run, lambda: begun(plan), lambda _: Seeing(plan, pairs), **following)


def begun(plan: BlendPlan) -> BlendNetwork:
    """The network before its first step. Its border is new: what the localiser's second map says is its confidence.

    Raises ConfigurationError for a warm start with another shape than the localiser's.
    """
    network = BlendNetwork(plan.network.shape())
    if plan.warm_start:
        known, _ = manipulation.read(read_manifest(manipulation.MANIFEST)[manipulation.NAME])
        tensors, fresh = known.unet.state_dict(), network.unet.state_dict()
        for name in ("conv_out.weight", "conv_out.bias"):
            tensors[name][BORDER] = fresh[name][BORDER]
        if {name: each.shape for name, each in tensors.items()} != {name: each.shape for name, each in fresh.items()}:
            raise ConfigurationError("warm_start: the network is not shaped as the localiser of manipulations is")
        network.unet.load_state_dict(tensors)
    return network


def served(plan: BlendPlan, state: State) -> BlendNetwork:
    """The network as it is loaded: see `averaged`."""
    return averaged(BlendNetwork(plan.network.shape()), state)


def ship(plan: BlendPlan, state: State, training: Training, pairs: Pairs, folder: Path) -> Path:
    """Fits the calibration on `pairs`, of photographs that were not trained on, and writes all that ships."""
    network = served(plan, state)
    found = fitted(list(wholes(Looker(network, runner_for("cpu")), pairs, plan.kinds)))
    return export(NAME, folder, network, plan.network.shape(), training, found)


def train_on_faces(run: Run[BlendPlan], faces: Path, folder: Path | None, **following: Unpack[Following]) -> str:
    """Trains on a folder of photographs; the lines for a server's configuration. Raises as `open_faces`."""
    plan = run.recipe
    parts = open_faces(faces, FaceFinder.load(), plan.side, plan.seed, plan.kinds)
    state = run_training(run, parts["train"], **following)
    shape = plan.network.shape()
    return write_checkpoint(folder or run.folder, served(plan, state), shape, plan.side, parts["calibration"])


def _followed(arguments: argparse.Namespace) -> Following:
    return Following(resume=arguments.resume, report=lambda report: print(report.line(), flush=True))


def main() -> None:
    """Command line."""
    parser = parser_of("training.blend", __doc__)
    parser.add_argument("--output", type=Path, help="folder of weights that receives and pins them")
    parser.add_argument("--faces", type=Path, help="photographs of faces to learn from, in place of the corpus")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, BlendPlan)
    if arguments.faces:
        print(train_on_faces(run, arguments.faces, arguments.output, **_followed(arguments)))
        return
    plan = run.recipe
    pairs = open_pairs(arguments.cache, "train", plan.side, plan.seed, plan.kinds, drawn=True)
    state = run_training(run, pairs, **_followed(arguments))
    training = run.describe(arguments.recipe, MANIFEST, len(pairs.hosts), state)
    unseen = open_pairs(arguments.cache, "calibration", plan.side, CALIBRATION_SEED)
    print(f"{ship(plan, state, training, unseen, arguments.output or run.folder)} after {state.step} steps")


if __name__ == "__main__":
    main()
