"""Trains the network that sees decoders' traces, on pairs of a photograph and its reconstruction.

    python -m training.decoders training/recipes/detectors/decoders.yaml               # once: the reconstructions
    python -m training.artefact training/recipes/detectors/generated_artefact.yaml --output detectors/weights
    python -m training.evaluation.artefact --reconstructions DIR --json FILE           # then training.forensics.card

The two pictures of a pair are delivered alike (`training.forensics.delivery`), so that neither size nor format nor blur
tells them apart. It learns from photographs and nothing else: what generators draw is not its business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn
from torch.nn import functional

from detectors.generated.artefact import NAME
from detectors.generated.network import STRIDE, ArtefactNetwork, ArtefactSpec, pooled
from training.checkpoint import State
from training.corpora.photographs import MANIFEST
from training.export import LICENCE, pin, to_safetensors
from training.forensics.pairs import Pairs
from training.forensics.reconstruct import ORIGINAL, stored
from training.harness.conduct import conduct
from training.harness.pictures import Ahead
from training.harness.plan import LoopPlan
from training.run import Run, parser_of, run_of

CARD = f"{NAME}.md"
RECONSTRUCTIONS = Path("decoders") / "reconstructions"
"""Below the folder of runs, where `training.decoders` puts them."""


class NetworkPlan(BaseModel):
    """See `ArtefactSpec`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[int, int, int]
    blocks: tuple[int, int, int]
    groups: int = Field(gt=0)

    def spec(self) -> ArtefactSpec:
        """As the detector builds it."""
        return ArtefactSpec(self.channels, self.blocks, self.groups)


class ArtefactPlan(LoopPlan):
    """batch: pairs. side: of crops, pixels. left_out: families that are not learned from. cells: weight of the map."""

    network: NetworkPlan
    side: int = Field(ge=4 * STRIDE, multiple_of=STRIDE)
    left_out: tuple[str, ...] = ()
    cells: float = Field(ge=0)


class Telling:
    """Crops → which of them went through a decoder."""

    def __init__(self, plan: ArtefactPlan, pairs: Pairs) -> None:
        self._plan, self._pairs = plan, pairs
        self._batches = Ahead(self._batch)

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`. Figure: the share of pairs whose reconstruction scores higher."""
        pictures = self._batches(step).to(next(network.parameters()).device)
        cells = network(pictures).float().flatten(1)
        truth = torch.arange(len(cells), device=cells.device).ge(len(cells) // 2).float()
        scores = pooled(cells)
        loss = functional.binary_cross_entropy_with_logits(scores, truth)
        each = functional.binary_cross_entropy_with_logits(cells, truth[:, None].expand_as(cells))
        real, made = scores.detach().chunk(2)
        return loss + self._plan.cells * each, {"told": made.gt(real).float().mean().item()}

    def _batch(self, step: int) -> torch.Tensor:
        pairs = self._pairs.batch(step, self._plan.batch)
        stack = np.stack([pair.real for pair in pairs] + [pair.made for pair in pairs])
        return torch.from_numpy(stack).permute(0, 3, 1, 2).float().contiguous()


def export(folder: Path, run: Run[ArtefactPlan], pairs: Pairs, photographs: int, state: State, recipe: Path) -> Path:
    """Writes `generated_artefact.safetensors` into `folder` and pins it there; the manifest."""
    data = to_safetensors(state.average)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.safetensors").write_bytes(data)
    training = run.describe(recipe, MANIFEST, photographs, state)
    entry = {
        "file": f"{NAME}.safetensors",
        "sha256": hashlib.sha256(data).hexdigest(),
        "architecture": "ArtefactNetwork",
        "card": CARD,
        "licence": LICENCE,
        "parameters": {key: list(value) if key != "groups" else value for key, value in asdict(_spec(run)).items()},
        "training": asdict(training) | {"families": list(pairs.families), "left_out": list(run.recipe.left_out)},
    }
    pin(folder / "weights.toml", NAME, entry)
    return folder / "weights.toml"


def _spec(run: Run[ArtefactPlan]) -> ArtefactSpec:
    return run.recipe.network.spec()


def main() -> None:
    """Command line."""
    parser = parser_of("training.artefact", __doc__)
    parser.add_argument("--reconstructions", type=Path, help="what training.decoders wrote, if not below --runs")
    parser.add_argument("--output", type=Path, help="folder of weights that receives and pins it")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, ArtefactPlan)
    families = stored(arguments.reconstructions or arguments.runs / RECONSTRUCTIONS, "train")
    pairs = Pairs(families, run.recipe.side, run.recipe.seed, run.recipe.left_out)
    state = conduct(
        run,
        lambda: ArtefactNetwork(_spec(run)),
        lambda _: Telling(run.recipe, pairs),
        resume=arguments.resume,
        report=lambda report: print(report.line(), flush=True),
    )
    folder = arguments.output or run.folder
    print(f"pinned in {export(folder, run, pairs, len(families[ORIGINAL]), state, arguments.recipe)}")


if __name__ == "__main__":
    main()
