"""One run of any recipe: where its checkpoint lies, when it is written, and what the command line asks of it.

Knows recipes, states and files. Does not know what is trained: `training.restoration` and `training.watermark` do.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from training import checkpoint
from training.checkpoint import State
from training.corpora.photographs import DEFAULT_CACHE
from training.export import Training
from training.recipe import Plan, file_digest, read_recipe


class Step(Protocol):
    """What every step of a training says of itself."""

    @property
    def step(self) -> int:
        """Batches seen."""
        ...

    @property
    def progress(self) -> float:
        """0 to 1 through the run."""
        ...


AnyPlan = TypeVar("AnyPlan", bound=Plan)
AnyStep = TypeVar("AnyStep", bound=Step)


@dataclass(frozen=True, slots=True)
class Run(Generic[AnyPlan]):
    """One run of a recipe. folder: where its checkpoint lies. digest: of the recipe's file."""

    recipe: AnyPlan
    digest: str
    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The file that a resumed run starts from."""
        return self.folder / "checkpoint.pt"

    def resume(self, state: State) -> None:
        """Loads the checkpoint into `state`.

        Raises FileNotFoundError when there is nothing to resume, ConfigurationError when it belongs to another recipe.
        """
        checkpoint.restore(self.checkpoint, state, self.digest)

    def follow(self, state: State, steps: Iterable[AnyStep], report: Callable[[AnyStep], None]) -> State:
        """Goes through all steps, keeping and telling what the recipe wants; the state at the end."""
        for each in steps:
            if each.step % self.recipe.checkpoint_every == 0 or each.progress >= 1:
                checkpoint.save(self.checkpoint, state, self.digest)
            if each.step % self.recipe.log_every == 0 or each.progress >= 1:
                report(each)
        return state

    def describe(self, recipe: Path, corpus: Path, photographs: int, state: State) -> Training:
        """What the card says of the run. recipe, corpus: the files that it was made from."""
        return Training(
            recipe=recipe.name,
            recipe_digest=self.digest,
            corpus=corpus.name,
            corpus_digest=file_digest(corpus),
            photographs=photographs,
            steps=state.step,
            seconds=round(state.elapsed),
        )


def parser_of(module: str, description: str | None) -> argparse.ArgumentParser:
    """The options that every training has."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--profile", help="a profile of the recipe, such as smoke")
    parser.add_argument("--budget-seconds", type=float, help="wall-clock seconds, instead of the recipe's")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--threads", type=int, default=2)
    return parser


def run_of(arguments: argparse.Namespace, kind: type[AnyPlan]) -> Run[AnyPlan]:
    """The run that the command line asks for."""
    recipe = read_recipe(arguments.recipe, kind, arguments.profile)
    if arguments.budget_seconds is not None:
        recipe = recipe.model_copy(update={"budget_seconds": arguments.budget_seconds})
    return Run(recipe, file_digest(arguments.recipe), arguments.runs / recipe.name)
