"""Writes what a run made: fp16 safetensors of at most 16 MiB a file, and how it came to be."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from training.checkpoint import State
from training.harness.plan import ScenePlan
from training.run import Run

LARGEST_FILE = "15MB"
"""Of one file of weights: more is written in several, with an index, as diffusers and transformers read it."""
MADE = "training.json"
AnyPlan = TypeVar("AnyPlan", bound=ScenePlan)


@dataclass(frozen=True, slots=True)
class Sources:
    """How a model came to be. Digests start with `sha256:`. seconds: wall clock of the run, of at most budget_seconds
    where the recipe or the command set that. threads: of torch.
    """

    recipe: str
    recipe_digest: str
    prior: str
    seed: int
    steps: int
    batch: int
    seconds: int
    budget_seconds: float
    threads: int
    device: str

    @classmethod
    def of(cls, run: Run[AnyPlan], recipe: Path, state: State) -> Sources:
        """Of a run that has ended. recipe: its file."""
        return cls(
            recipe=recipe.name,
            recipe_digest=run.digest,
            prior=run.recipe.prior,
            seed=run.recipe.seed,
            steps=state.step,
            batch=run.recipe.batch,
            seconds=round(state.elapsed),
            budget_seconds=run.recipe.budget_seconds,
            threads=torch.get_num_threads(),
            device=next(state.network.parameters()).device.type,
        )


def save_model(folder: Path, model: nn.Module, sources: Sources, measured: Mapping[str, float]) -> None:
    """Writes a diffusers or transformers model into `folder`, in place of what was there, with `training.json`."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    half = copy.deepcopy(model).to(device="cpu", dtype=torch.float16)
    half.save_pretrained(partial, max_shard_size=LARGEST_FILE)  # type: ignore[operator]
    _load_in_single(partial / "config.json")
    made = {"training": asdict(sources), "measured": dict(measured)}
    (partial / MADE).write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def _load_in_single(config: Path) -> None:
    """Has transformers load what is stored in half precision as diffusers does: in single, unless told otherwise."""
    said = json.loads(config.read_text(encoding="utf-8"))
    if "dtype" in said:
        config.write_text(json.dumps(said | {"dtype": "float32"}, indent=2) + "\n", encoding="utf-8")


def read_made(folder: Path) -> dict[str, dict[str, float | str]]:
    """What `training.json` in a model's folder says: tables "training" and "measured"."""
    made: dict[str, dict[str, float | str]] = json.loads((folder / MADE).read_text(encoding="utf-8"))
    return made
