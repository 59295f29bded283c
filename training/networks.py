"""Builds restoration networks from spandrel's own classes, so that what is trained here loads as any user's model does.

The network starts as bicubic enlargement: 27 channels carry each pixel's 3×3 neighbourhood unchanged through the
network, and the last convolution holds the bicubic kernel. Training then spends its time only on what bicubic lacks.
"""

from __future__ import annotations

import torch
from spandrel.architectures.Compact import Compact
from torch import nn

from training.degrade import enlarge_bicubic
from training.restorers.compact import Network

CARRIED = 27  # nine neighbours of three colours
_NOISE = 0.02  # of the usual initial spread, for weights that would disturb what is carried


def build_compact(network: Network, scale: int) -> Compact:
    """A Compact (SRVGGNet) whose first output is bicubic enlargement plus a little noise. Uses torch's seed."""
    model = Compact(num_feat=network.features, num_conv=network.blocks, upscale=scale)
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    with torch.no_grad():
        _carry_neighbours(convolutions[0])
        for hidden in convolutions[1:-1]:
            _carry_through(hidden)
        _end_in_bicubic(convolutions[-1], scale)
    return model


def _carry_neighbours(first: nn.Conv2d) -> None:
    """Channel 9·colour + 3·row + column becomes the neighbour at (row − 1, column − 1) of that colour."""
    first.weight[:CARRIED] = 0
    for channel in range(CARRIED):
        colour, row, column = channel // 9, channel // 3 % 3, channel % 3
        first.weight[channel, colour, row, column] = 1
    _clear_bias(first)


def _carry_through(hidden: nn.Conv2d) -> None:
    hidden.weight[:CARRIED] *= _NOISE  # carried values are positive, so the PReLU leaves them as they are
    for channel in range(CARRIED):
        hidden.weight[channel, channel, 1, 1] += 1
    _clear_bias(hidden)


def _end_in_bicubic(last: nn.Conv2d, scale: int) -> None:
    last.weight *= _NOISE
    last.weight[:, :CARRIED] = _bicubic_minus_nearest(scale)
    _clear_bias(last)


def _clear_bias(layer: nn.Conv2d) -> None:
    if layer.bias is not None:
        layer.bias.zero_()


def _bicubic_minus_nearest(scale: int) -> torch.Tensor:
    """(3·scale², 27, 3, 3): the kernel, split over carried neighbours; Compact itself adds the nearest pixel."""
    taps = _bicubic_taps(scale)
    taps[:, 2, 2] -= 1
    kernel = torch.zeros(3, scale * scale, CARRIED, 3, 3)
    for colour in range(3):
        for row in range(5):
            for column in range(5):
                # A 5×5 reach is a 3×3 convolution over 3×3 neighbourhoods: as little as possible by the neighbour.
                outer_row, outer_column = min(max(row - 1, 0), 2), min(max(column - 1, 0), 2)
                channel = 9 * colour + 3 * (row - outer_row) + (column - outer_column)
                kernel[colour, :, channel, outer_row, outer_column] = taps[:, row, column]
    return kernel.reshape(3 * scale * scale, CARRIED, 3, 3)


def _bicubic_taps(scale: int) -> torch.Tensor:
    """(scale², 5, 5): weight of each small pixel around the centre in each of its scale² enlarged pixels."""
    reach = 4
    impulses = torch.eye(25).reshape(25, 1, 5, 5)
    small = nn.functional.pad(impulses, [reach - 2] * 4)
    # Enlarging is linear, but clamps: the impulses sit on grey, small enough for no value to leave 0–1.
    large = enlarge_bicubic(0.5 + small / 4, scale).sub(0.5).mul(4)
    centre = large[:, 0, reach * scale : (reach + 1) * scale, reach * scale : (reach + 1) * scale]
    return centre.reshape(25, scale * scale).T.reshape(scale * scale, 5, 5).contiguous()
