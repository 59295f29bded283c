"""Trains the localiser of manipulations on scripted ones, whose masks are known.

    python -m training.manipulation training/recipes/detectors/manipulation.yaml [--profile smoke] [--resume]

The run's checkpoint lies in `runs/<name>/`. `python -m training.evaluation.manipulation` measures what it made, fits
its calibration, and writes weights and card.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Unpack

import numpy as np
import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from torch import nn
from torch.nn import functional

from detectors.manipulation.network import STRIDE, ManipulationNetwork, Shape
from training.checkpoint import State
from training.forensics.scripted.loss import localising_loss
from training.forensics.scripted.operations import OPERATIONS
from training.forensics.scripted.samples import Pairs
from training.forensics.scripted.sources import open_pairs
from training.harness.conduct import Following, conduct
from training.harness.pictures import Ahead, as_tensor
from training.harness.plan import LoopPlan
from training.run import Run, parser_of, run_of

COARSEST = 32
"""Pixels of the encoder's coarsest cell: sides are multiples of it."""


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(names) - set(OPERATIONS))
    if unknown or not names:
        raise ValueError(f"operations are some of {sorted(OPERATIONS)}, not {unknown}")
    return names


class NetworkPlan(BaseModel):
    """See `detectors.manipulation.network.Shape`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layers: tuple[int, int, int, int]
    channels: tuple[int, int, int, int]
    width: int = Field(gt=0)

    def shape(self) -> Shape:
        """As the detector's package knows it."""
        return Shape(self.layers, self.channels, self.width)


class ManipulationPlan(LoopPlan):
    """side: of the squares, pixels. operations: of `training.forensics.scripted`; the others are held out."""

    network: NetworkPlan
    side: int = Field(gt=0, multiple_of=COARSEST)
    operations: Annotated[tuple[str, ...], AfterValidator(_known)] = tuple(OPERATIONS)


class Localising:
    """Squares, every other one untouched → which of their cells were manipulated."""

    def __init__(self, plan: ManipulationPlan, pairs: Pairs) -> None:
        self._plan = plan
        self._pairs = pairs
        self._batches = Ahead(self._batch)

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task` and `localising_loss`."""
        pictures, cells = self._batches(step)
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


def run_training(run: Run[ManipulationPlan], pairs: Pairs, **following: Unpack[Following]) -> State:
    """See `conduct`."""
    plan = run.recipe
    return conduct(
        run, lambda: ManipulationNetwork(plan.network.shape()), lambda _: Localising(plan, pairs), **following
    )


def main() -> None:
    """Command line."""
    arguments = parser_of("training.manipulation", __doc__).parse_args()
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, ManipulationPlan)
    plan = run.recipe
    pairs = open_pairs(arguments.cache, "train", plan.side, plan.seed, plan.operations)
    state = run_training(run, pairs, resume=arguments.resume, report=lambda report: print(report.line(), flush=True))
    print(f"{run.checkpoint} after {state.step} steps")


if __name__ == "__main__":
    main()
