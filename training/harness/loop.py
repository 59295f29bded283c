"""The loop: budgeted, resumable, its batches a function of the step alone.

It knows optimisers, averages and clocks. What is learned, and from what, is a `Task`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import nn

from training.checkpoint import State
from training.harness.memory import arrange
from training.harness.plan import LoopPlan
from training.schedule import average_decay, learning_rate, progress_of


class Task(Protocol):
    """What a run teaches."""

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """The loss of batch `step`, a scalar, and figures for the log. MUST be a function of its arguments."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a step says of itself. progress: 0–1 through the run. elapsed: seconds. figures: of this step's batch."""

    step: int
    progress: float
    loss: float
    elapsed: float
    figures: Mapping[str, float] = field(default_factory=dict)

    def line(self) -> str:
        """For the terminal."""
        figures = "".join(f"  {name} {value:.4f}" for name, value in self.figures.items())
        return f"{self.progress:6.1%}  step {self.step:6d}  loss {self.loss:.5f}{figures}  {self.elapsed:7.0f} s"


def device_of(plan: LoopPlan) -> torch.device:
    """Where a run takes place; "auto" is a GPU where there is one."""
    if plan.device != "auto":
        return torch.device(plan.device)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def begin(plan: LoopPlan, network: nn.Module) -> State:
    """A run that has not started, on the plan's device."""
    network = arrange(network, device_of(plan))
    trained = [value for value in network.parameters() if value.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=plan.learning_rate, betas=(0.9, 0.99), weight_decay=plan.weight_decay, fused=True
    )
    return State(network=network, average=copy.deepcopy(network).requires_grad_(False).eval(), optimizer=optimizer)


def train(plan: LoopPlan, task: Task, state: State, clock: Callable[[], float]) -> Iterator[Report]:
    """Trains until the steps or the budget of the plan end, yielding after every step.

    clock: seconds, never decreasing. Time before a resume counts through `state.elapsed`. Every step seeds torch anew,
    so that a resumed run draws what an uninterrupted one would.
    """
    last = clock()
    compiled(plan, state.network)
    while (progress := progress_of(plan, state)) < 1:
        loss, figures = _step(plan, task, state, progress)
        now = clock()
        state.elapsed += now - last
        last = now
        yield Report(state.step, progress_of(plan, state), loss, state.elapsed, figures)


def compiled(plan: LoopPlan, network: nn.Module) -> None:
    """Has the network's calls compiled where the plan says so; its parameters keep their names."""
    backend = plan.compile
    if backend == "auto":
        backend = "inductor" if device_of(plan).type == "cuda" else "none"
    if backend != "none":
        network.compile(backend=backend)


def _step(plan: LoopPlan, task: Task, state: State, progress: float) -> tuple[float, Mapping[str, float]]:
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate(plan, progress, state.step, plan.warm_up)
    torch.manual_seed((plan.seed << 24) + state.step)
    kind = device_of(plan).type
    with torch.autocast(kind, torch.bfloat16, enabled=plan.precision == "bf16"):
        loss, figures = task.loss(state.network, state.step)
    state.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(state.network.parameters(), plan.largest_gradient)
    state.optimizer.step()
    state.step += 1
    state.follow(average_decay(plan, state.step))
    return loss.item(), figures
