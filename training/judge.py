"""Trains the judge: a small detector that says what a scene shows, for the evaluation of text to image.

    python -m training.judge training/recipes/scenes/judge.yaml [--profile smoke] [--resume] [--output training/weights]

It learns from scenes of every kind, held-out combinations too: it must be able to see what a generator is asked for.
It shares no weights with any other model. What it makes of composites is measured and written beside the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from torch import nn

from core.media import Pixels
from training.checkpoint import State
from training.harness.conduct import Following, conduct, opened
from training.harness.export import Sources
from training.harness.folder import pin_folder, save_folder
from training.harness.pictures import Ahead, as_tensor
from training.harness.plan import ScenePlan
from training.judging import judge as judging
from training.judging.ceiling import Truth, best_threshold, measured
from training.judging.judge import Judge, config_of
from training.judging.labels import Labels, Maps
from training.judging.loss import judging_loss
from training.judging.network import STRIDE, JudgeNetwork, JudgeSpec
from training.judging.targets import Targets, targets_of
from training.run import Run, parser_of
from training.scenes.soften import soften
from training.scenes.source import Source

_MEASURED = 1024
_ANY, _SOFTER = 11, 12  # streams of chance beside the source's own
_UNSEEN = 2**40  # indices from here on are not trained on


class JudgePlan(ScenePlan):
    """network: what is trained. measured: scenes that the threshold is chosen on, and as many the ceiling."""

    network: JudgeSpec
    measured: int = _MEASURED


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """pictures: float (n, 3, side, side), -1 to 1. targets: what is to be said of them."""

    pictures: torch.Tensor
    targets: Targets


def shown(source: Source, index: int) -> tuple[Pixels, Truth]:
    """The picture of any scene, of that index, and what it shows."""
    scene = source.grammar.any(np.random.default_rng((source.seed, _ANY, index)))
    picture, boxes = source.picture(scene, index)
    return picture, (scene, boxes)


class Judging:
    """Pictures → what they show."""

    def __init__(self, plan: JudgePlan, source: Source, labels: Labels) -> None:
        self._plan = plan
        self._source = source
        self._labels = labels
        self._batches = Ahead(self._batch)

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`. Figures: the share of things that are at their place, by their word."""
        batch = self._batches(step)
        device = next(network.parameters()).device
        maps = Maps.of(network(batch.pictures.to(device, memory_format=torch.channels_last)), self._labels)
        targets = Targets(*(getattr(batch.targets, name).to(device) for name in ("heat", "things", "geometry")))
        picture, row, column, word, *_ = targets.things.unbind(1)
        right = maps.heat.detach()[picture, :, row, column].argmax(dim=1).eq(word)
        return judging_loss(maps, targets), {"right": right.float().mean().item()}

    def _batch(self, step: int) -> Shown:
        pictures, truths = [], []
        for index in range(step * self._plan.batch, (step + 1) * self._plan.batch):
            picture, truth = shown(self._source, index)
            pictures.append(soften(picture, np.random.default_rng((self._source.seed, _SOFTER, index))))
            truths.append(truth)
        return Shown(as_tensor(np.stack(pictures)), targets_of(truths, self._labels, self._plan.side // STRIDE))


def run_training(
    run: Run[JudgePlan],
    source: Source,
    **following: Unpack[Following],
) -> State:
    """See `conduct`."""
    labels = Labels.of(source.grammar.vocabulary)
    return conduct(
        run,
        lambda: JudgeNetwork(run.recipe.network, labels.channels, len(labels.words)),
        lambda _: Judging(run.recipe, source, labels),
        **following,
    )


def export(folder: Path, run: Run[JudgePlan], source: Source, state: State, recipe: Path) -> dict[str, float]:
    """Chooses the threshold, measures, writes `folder` and pins it; what was measured."""
    # As it is loaded: a fresh network, for the trained one has hooks of its device.
    labels, plan = Labels.of(source.grammar.vocabulary), run.recipe
    network = JudgeNetwork(plan.network, labels.channels, len(labels.words))
    network.load_state_dict({name: value.half().float() for name, value in state.average.state_dict().items()})
    judge = Judge(network.eval().requires_grad_(False), labels, plan.side, 0.0)
    threshold = best_threshold(judge, *_scenes(source, 0, plan.measured))
    judge = Judge(judge.network, labels, plan.side, threshold)
    pictures, truths = _scenes(source, plan.measured, plan.measured)
    found = measured(judge.look(pictures), truths)
    config = config_of(plan.network, labels, plan.side, threshold)
    save_folder(folder, network, config, Sources.of(run, recipe, state), found)
    pin_folder(judging.NAME, folder)
    return found


def _scenes(source: Source, start: int, count: int) -> tuple[list[Pixels], Sequence[Truth]]:
    both = [shown(source, _UNSEEN + start + index) for index in range(count)]
    return [picture for picture, _ in both], [truth for _, truth in both]


def main() -> None:
    """Command line."""
    parser = parser_of("training.judge", __doc__)
    parser.add_argument("--output", type=Path, help="folder of weights that receives and pins it")
    arguments = parser.parse_args()
    run, source, following = opened(arguments, JudgePlan)
    state = run_training(run, source, **following)
    folder = (arguments.output or run.folder) / judging.NAME
    for name, value in export(folder, run, source, state, arguments.recipe).items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()
