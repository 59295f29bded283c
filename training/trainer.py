"""The training loop of restoration networks: budgeted, resumable, deterministic for a given clock.

It knows batches, losses and the schedule. It does not know where the pictures come from, what the recipe's file is
called, or how a result is exported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from training.checkpoint import State
from training.loss import frequency_loss, pixel_loss
from training.patches import Patches
from training.recipe import Recipe
from training.schedule import average_decay, learning_rate, progress_of

_WARM_UP_STEPS = 30
_LARGEST_GRADIENT = 0.5


@dataclass(frozen=True, slots=True)
class Report:
    """What a step says of itself. progress: 0–1 through the run. loss: of this step's batch. elapsed: seconds."""

    step: int
    progress: float
    loss: float
    learning_rate: float
    elapsed: float


def begin(recipe: Recipe, network: nn.Module) -> State:
    """A run that has not started."""
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))
    average = copy.deepcopy(network).requires_grad_(False)
    return State(network=network, average=average, optimizer=optimizer)


def train(recipe: Recipe, state: State, patches: Patches, clock: Callable[[], float]) -> Iterator[Report]:
    """Trains until the steps or the budget of the recipe end, yielding after every step.

    clock: seconds, never decreasing. Time before a resume counts through `state.elapsed`, so the schedule goes on
    where it stopped. With equal clock readings, a resumed run equals an uninterrupted one bit for bit.
    """
    last = clock()
    while (progress := progress_of(recipe, state)) < 1:
        rate = learning_rate(recipe, progress, state.step, _WARM_UP_STEPS)
        loss = _step(recipe, state, patches, rate, progress)
        now = clock()
        state.elapsed += now - last
        last = now
        yield Report(state.step, progress_of(recipe, state), loss, rate, state.elapsed)


def _step(recipe: Recipe, state: State, patches: Patches, rate: float, progress: float) -> float:
    for group in state.optimizer.param_groups:
        group["lr"] = rate
    small, large = patches.batch(state.step)
    made = state.network(small.contiguous(memory_format=torch.channels_last))
    loss = pixel_loss(made, large)
    reported = loss.item()
    if recipe.frequency_weight and progress >= recipe.frequency_from:
        loss = loss + recipe.frequency_weight * frequency_loss(made, large)
    state.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.network.parameters(), _LARGEST_GRADIENT)
    state.optimizer.step()
    state.step += 1
    state.follow(average_decay(recipe, state.step))
    return reported
