"""The training loop of the watermark: budgeted, resumable, deterministic for a given clock.

It knows batches, losses and the schedule. It does not know where the pictures come from or how a result is exported.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from training.checkpoint import State
from training.schedule import learning_rate, progress_of
from training.watermarking.data import Patches
from training.watermarking.distortions import distort
from training.watermarking.marker import SIDE, Marker, losses, turned, words
from training.watermarking.recipe import MarkRecipe

_WARM_UP_STEPS = 50
_LARGEST_GRADIENT = 1.0
_FASTER = 5.0  # logarithms have further to go than the weights of a convolution
_LATE = 0.05  # no averaging over the first steps of a run: its result would hold the start


@dataclass(frozen=True, slots=True)
class MarkReport:
    """What a step says of itself. accuracy: share of coded bits read right. visible: 1 is the mask's start."""

    step: int
    progress: float
    loss: float
    accuracy: float
    visible: float
    elapsed: float


def begin(recipe: MarkRecipe) -> State:
    """A run that has not started; uses the recipe's seed."""
    torch.manual_seed(recipe.seed)
    network = Marker(recipe.mask_features, recipe.features).to(memory_format=torch.channels_last)
    scales = [network.spectrum, network.weights]
    others = [value for value in network.parameters() if all(value is not scale for scale in scales)]
    groups = [{"params": others, "factor": 1.0}, {"params": scales, "factor": _FASTER}]
    optimizer = torch.optim.Adam(groups, lr=recipe.learning_rate, betas=(0.9, 0.99))
    return State(network=network, average=copy.deepcopy(network).requires_grad_(False), optimizer=optimizer)


def train(recipe: MarkRecipe, state: State, patches: Patches, clock: Callable[[], float]) -> Iterator[MarkReport]:
    """Trains until the steps or the budget of the recipe end, yielding after every step.

    clock: seconds, never decreasing. Time before a resume counts through `state.elapsed`.
    """
    last = clock()
    while (progress := progress_of(recipe, state)) < 1:
        for group in state.optimizer.param_groups:
            group["lr"] = group["factor"] * learning_rate(recipe, progress, state.step, _WARM_UP_STEPS)
        loss, accuracy, visible = _step(recipe, state, patches, progress)
        now = clock()
        state.elapsed += now - last
        last = now
        yield MarkReport(state.step, progress_of(recipe, state), loss, accuracy, visible, state.elapsed)


def _step(recipe: MarkRecipe, state: State, patches: Patches, progress: float) -> tuple[float, float, float]:
    random = np.random.default_rng([recipe.seed, state.step])
    network = state.network
    if not isinstance(network, Marker):
        raise TypeError("the state of another training")
    pictures = patches.batch(random, recipe.batch)
    coded, waves = words(random, recipe.batch)
    shift = turned(torch.from_numpy(random.uniform(0, SIDE, (recipe.batch, 2)).astype(np.float32)))
    error = 255**2 / 10 ** (random.uniform(*recipe.psnr) / 10)
    marked, visible = network.mark(pictures, waves * shift, error)
    received = distort(marked, random, min(1.0, 0.3 + progress / recipe.hardening))
    signs = network.soft(network.read(received) * shift.conj())
    bits = network.bits(signs)
    sent = (network.soft(waves) < 0).float()
    loss = losses(bits, coded) + recipe.signs * losses(signs, sent) + recipe.visibility * visible
    state.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
    state.optimizer.step()
    state.step += 1
    state.follow(0 if progress < _LATE else recipe.average)
    right = ((bits.detach() < 0) == (coded > 0.5)).float().mean().item()
    return loss.item(), right, visible.item()
