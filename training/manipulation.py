"""Trains the localiser of manipulations on scripted ones, whose masks are known.

    python -m training.manipulation training/recipes/detectors/manipulation.yaml [--profile smoke] [--resume]

        [--output detectors/weights | --leave-out OPERATION]

The run's checkpoint lies in `runs/<name>/`. Weights, calibration and their entry in `weights.toml` go to `--output`,
which is the run's own folder unless said otherwise. Then `python -m training.evaluation.manipulation --json FILE`
measures them on photographs of the test split, and `python -m training.forensics.scripted.card FILE` writes the card.

With `--leave-out` neither the network nor its calibration sees one operation; the run is called after it, and never
ships. `python -m training.evaluation.manipulation --weights runs/<name>_without_<operation> --json FILE` then says how
far what was learned carries over to that operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Unpack

import numpy as np
import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from core.errors import ConfigurationError
from detectors.manipulation.detector import NAME
from detectors.manipulation.localiser import Localiser
from detectors.manipulation.network import ManipulationNetwork
from detectors.manipulation.tiles import COARSEST
from detectors.manipulation.traces import STRIDE
from training.checkpoint import State
from training.corpora.photographs import MANIFEST
from training.export import Training
from training.forensics.plans import LevelsPlan, averaged, some_of
from training.forensics.scripted.export import fitted, samples
from training.forensics.scripted.loss import localising_loss
from training.forensics.scripted.operations import OPERATIONS
from training.forensics.scripted.samples import Pairs
from training.forensics.scripted.sources import open_pairs
from training.forensics.shipping import export
from training.harness.conduct import Following, conduct
from training.harness.pictures import Ahead, as_tensor
from training.harness.plan import LoopPlan
from training.run import Run, parser_of, run_of

MEASURED_SIDE = 224
"""Pixels of the squares that the calibration and every figure are taken from."""
CALIBRATION_SEED = 20261130


class ManipulationPlan(LoopPlan):
    """side: of the squares, pixels. operations: of `training.forensics.scripted`; the others are held out.

    repeats: steps that a batch is used in, turned and mirrored anew: making it costs as much as learning from it.
    rounds: pairs an operation and photograph that the calibration is fitted on.
    """

    network: LevelsPlan
    side: int = Field(gt=0, multiple_of=COARSEST)
    operations: Annotated[tuple[str, ...], some_of(OPERATIONS, "operations")] = tuple(OPERATIONS)
    repeats: int = Field(default=1, gt=0)
    rounds: int = Field(default=1, gt=0)


class Localising:
    """Squares, every other one untouched → which of their cells were manipulated."""

    def __init__(self, plan: ManipulationPlan, pairs: Pairs) -> None:
        self._plan = plan
        self._pairs = pairs
        self._batches = Ahead(self._batch)

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task` and `localising_loss`."""
        pictures, cells = turned(*self._batches(step // self._plan.repeats), step)
        device = next(network.parameters()).device
        maps = network(pictures.to(device, memory_format=torch.channels_last))
        return localising_loss(maps.float(), cells.to(device))

    def _batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures (n, 3, side, side), -1 to 1, and the share of each cell that is manipulated, (n, h, w)."""
        half = self._plan.batch // 2
        made = [self._pairs.pair(index) for index in range(step * half, (step + 1) * half)]
        pictures = as_tensor(np.stack([square for each in made for square in (each.manipulated, each.untouched)]))
        masks = np.stack([mask for each in made for mask in (each.mask, np.zeros_like(each.mask))])
        return pictures, functional.avg_pool2d(torch.from_numpy(masks)[:, None], STRIDE)[:, 0]


def turned(pictures: torch.Tensor, cells: torch.Tensor, step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch as it is shown in a step: turned by a multiple of 90° and mirrored, which moves no JPEG block."""
    made = [torch.rot90(each, step % 4, dims=(-2, -1)) for each in (pictures, cells)]
    return tuple(each.flip(-1) if step // 4 % 2 else each for each in made)  # type: ignore[return-value]


def run_training(run: Run[ManipulationPlan], pairs: Pairs, **following: Unpack[Following]) -> State:
    """See `conduct`."""
    plan = run.recipe
    return conduct(
        run, lambda: ManipulationNetwork(plan.network.shape()), lambda _: Localising(plan, pairs), **following
    )


def without(run: Run[ManipulationPlan], operation: str) -> Run[ManipulationPlan]:
    """The same run without an operation, under a name of its own beside it. Raises ConfigurationError where the recipe
    has no such operation, or no other.
    """
    plan = run.recipe
    kept = tuple(each for each in plan.operations if each != operation)
    if not kept or kept == plan.operations:
        raise ConfigurationError(f"{operation} cannot be left out of {', '.join(plan.operations)}")
    name = f"{plan.name}_without_{operation}"
    return replace(
        run, recipe=plan.model_copy(update={"name": name, "operations": kept}), folder=run.folder.parent / name
    )


def served(plan: ManipulationPlan, state: State) -> ManipulationNetwork:
    """The network as it is loaded: see `averaged`."""
    return averaged(ManipulationNetwork(plan.network.shape()), state)


def ship(plan: ManipulationPlan, state: State, training: Training, pairs: Pairs, folder: Path) -> Path:
    """Fits the calibration on `pairs`, of photographs that were not trained on, and writes all that ships."""
    network = served(plan, state)
    found = fitted(list(samples(Localiser(network, torch.device("cpu")), pairs, plan.rounds)))
    return export(NAME, folder, network, plan.network.shape(), training, found)


def main() -> None:
    """Command line."""
    parser = parser_of("training.manipulation", __doc__)
    parser.add_argument("--output", type=Path, help="folder of weights that receives and pins them")
    parser.add_argument("--leave-out", metavar="OPERATION", help="train without it, to measure on what was never seen")
    arguments = parser.parse_args()
    if arguments.leave_out and arguments.output:
        parser.error("a network that never saw an operation does not ship: --leave-out goes without --output")
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, ManipulationPlan)
    run = without(run, arguments.leave_out) if arguments.leave_out else run
    plan = run.recipe
    pairs = open_pairs(arguments.cache, "train", plan.side, plan.seed, plan.operations)
    state = run_training(run, pairs, resume=arguments.resume, report=lambda report: print(report.line(), flush=True))
    training = run.describe(arguments.recipe, MANIFEST, len(pairs.hosts), state)
    unseen = open_pairs(arguments.cache, "calibration", MEASURED_SIDE, CALIBRATION_SEED, plan.operations)
    print(f"{ship(plan, state, training, unseen, arguments.output or run.folder)} after {state.step} steps")


if __name__ == "__main__":
    main()
