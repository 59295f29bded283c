"""How a model is trained from a recipe, whatever it is: begun or resumed, followed to its end, told of.

Each training says what its network is and what it learns; everything else about a run is here.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypedDict, TypeVar

import torch
from torch import nn

from training.checkpoint import State
from training.harness.loop import Report, Task, begin, train
from training.harness.plan import LoopPlan, ScenePlan
from training.run import Run, run_of
from training.scenes.source import Source, open_source

AnyLoop = TypeVar("AnyLoop", bound=LoopPlan)
AnyScenes = TypeVar("AnyScenes", bound=ScenePlan)


class Following(TypedDict, total=False):
    """How a run is followed. resume: go on from its checkpoint. clock: seconds. report: told what the recipe wants."""

    resume: bool
    clock: Callable[[], float]
    report: Callable[[Report], None]


def conduct(
    run: Run[AnyLoop],
    network: Callable[[], nn.Module],
    task: Callable[[State], Task],
    *,
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
    report: Callable[[Report], None] = lambda _: None,
) -> State:
    """Trains to the end of the plan; the result is the state's averaged network.

    network: builds what learns, with torch seeded by the plan. task: what it learns, given the state to go on from.
    Raises FileNotFoundError when there is nothing to resume, ConfigurationError when it belongs to another recipe.
    """
    torch.manual_seed(run.recipe.seed)
    state = begin(run.recipe, network())
    if resume:
        run.resume(state)
    return run.follow(state, train(run.recipe, task(state), state, clock), report)


def opened(arguments: argparse.Namespace, kind: type[AnyScenes]) -> tuple[Run[AnyScenes], Source, Following]:
    """The run that a command line asks for, the scenes that it learns from, and how it is followed: on the terminal."""
    torch.set_num_threads(arguments.threads)
    run = run_of(arguments, kind)
    source = open_source(arguments.cache, run.recipe.prior, run.recipe.seed, run.recipe.side)
    return run, source, Following(resume=arguments.resume, report=lambda report: print(report.line(), flush=True))
