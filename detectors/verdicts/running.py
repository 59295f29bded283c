"""Runs networks on what a detector's batch gives: where, in which precision, how many pictures a call.

A finding MUST NOT depend on its neighbours in a batch, and the last digits of a network's outputs do, as kernels are
chosen by the size of a call. So a processor gets one picture a call, which costs it nothing, and a GPU gets calls of
one size, filled up where pictures are lacking: rows of one call do not see each other. Knows no network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import torch
from torch import nn

from core.devices import pick_device

Outputs: TypeAlias = tuple[torch.Tensor, ...]
Net = TypeVar("Net", bound=nn.Module)
GPU_BATCH = 16
"""Pictures a call on a GPU: as many as the engine hands a detector at most (`server.engine.batcher`)."""


@dataclass(frozen=True, slots=True)
class Runner:
    """device: where. half: matrices are multiplied in bfloat16, whose products have 8 bits (autocast keeps sums and
    norms in float32). batch: pictures a call, which every call has.
    """

    device: torch.device
    half: bool = False
    batch: int = 1

    def place(self, network: Net) -> Net:
        """The network on the device, frozen and ready; channels last where a GPU's convolutions are faster so."""
        network.to(self.device, torch.float32).eval().requires_grad_(False)
        if self.device.type == "cuda":
            network.to(memory_format=torch.channels_last)
        return network

    def run(self, network: Callable[[torch.Tensor], Outputs], inputs: Iterable[torch.Tensor]) -> list[Outputs]:
        """For each of `inputs` its rows of what the network gives, float32 on the CPU, in order.

        inputs: float32 (c, h, w), of one shape or several; what has one shape shares calls. They are taken as calls
        fill, so that a generator needs memory for `batch` of them a shape. network: (n, c, h, w) → tensors whose first
        axis is n.
        """
        made: dict[int, Outputs] = {}
        for numbers, call in self._calls(inputs):
            made.update(zip(numbers, self._call(network, call), strict=True))
        return [made[number] for number in range(len(made))]

    def _calls(self, inputs: Iterable[torch.Tensor]) -> Iterator[tuple[list[int], list[torch.Tensor]]]:
        """Inputs that go together, with their numbers: those of a shape as soon as they fill a call, then the rest."""
        waiting: defaultdict[tuple[int, ...], list[tuple[int, torch.Tensor]]] = defaultdict(list)
        for number, each in enumerate(inputs):
            alike = waiting[tuple(each.shape)]
            alike.append((number, each))
            if len(alike) == self.batch:
                yield _apart(waiting.pop(tuple(each.shape)))
        yield from map(_apart, waiting.values())

    def _call(self, network: Callable[[torch.Tensor], Outputs], inputs: list[torch.Tensor]) -> list[Outputs]:
        filled = inputs + [inputs[-1]] * (self.batch - len(inputs))
        stacked = torch.stack(filled).to(self.device)
        if self.device.type == "cuda":
            stacked = stacked.contiguous(memory_format=torch.channels_last)
        precision = torch.autocast(self.device.type, torch.bfloat16) if self.half else nullcontext()
        with torch.inference_mode(), precision:
            outputs = [each.float().cpu() for each in network(stacked)]
        return [tuple(each[row] for each in outputs) for row in range(len(inputs))]


def _apart(pairs: list[tuple[int, torch.Tensor]]) -> tuple[list[int], list[torch.Tensor]]:
    return [number for number, _ in pairs], [each for _, each in pairs]


def runner_for(device: str = "auto") -> Runner:
    """On that device, see `core.devices.pick_device`, which raises ConfigurationError: a GPU works in bfloat16 and in
    calls of `GPU_BATCH`, a processor in float32 and one by one.
    """
    target = pick_device(device)
    on_gpu = target.type == "cuda"
    return Runner(target, half=on_gpu, batch=GPU_BATCH if on_gpu else 1)
