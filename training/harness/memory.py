"""How tensors lie in memory while a network learns. It changes speed and nothing else."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def arrange(network: nn.Module, device: torch.device) -> nn.Module:
    """The network on a device, channels last, ready to be trained.

    On a CPU, torch's backward of GroupNorm takes eighteen times as long channels last as it does contiguous (seen with
    2.14, bf16), more than all convolutions together, so its input is turned before and its output after.
    """
    network = network.to(device).to(memory_format=torch.channels_last).train()
    if device.type == "cpu":
        for module in network.modules():
            if isinstance(module, nn.GroupNorm):
                module.register_forward_pre_hook(_before)
                module.register_forward_hook(_after)
    return network


def _before(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return (inputs[0].contiguous(), *inputs[1:])


def _after(_: nn.Module, __: Any, output: torch.Tensor) -> torch.Tensor:
    pictures = 4
    return output.contiguous(memory_format=torch.channels_last) if output.dim() == pictures else output
