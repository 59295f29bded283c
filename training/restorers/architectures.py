"""The architectures that can be trained, from spandrel's own classes: what is trained here loads as any user's model.

A class comes with what its constructor calls the factor, and with the last convolution, for which a start is solved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from spandrel.architectures.Compact import Compact
from spandrel.architectures.NAFNet import NAFNet
from spandrel.architectures.SAFMN import SAFMN
from spandrel.architectures.SPAN import SPAN
from spandrel.architectures.SwinIR import SwinIR
from torch import nn

from core.errors import ConfigurationError
from training.restorers.norm import in_one_pass


@dataclass(frozen=True, slots=True)
class Architecture:
    """One of spandrel's classes.

    build: the network with torch's seed, from its configuration. factor: what the configuration calls the scale, ""
    where it can only be 1. last: finds the last convolution, behind which nothing but a pixel shuffle follows. fixed:
    what no recipe may choose. folded: whether it learns in the form in which it serves, see
    `training.restorers.folding`.
    """

    build: Callable[..., nn.Module]
    factor: str
    last: Callable[[Any], nn.Module]
    fixed: tuple[tuple[str, Any], ...] = ()
    folded: bool = False


_RGB = (("num_in_ch", 3), ("num_out_ch", 3))
ARCHITECTURES: Mapping[str, Architecture] = {
    "Compact": Architecture(Compact, "upscale", lambda network: network.body[-1]),
    "NAFNet": Architecture(NAFNet, "", lambda network: network.ending),
    "SAFMN": Architecture(SAFMN, "upscaling_factor", lambda network: network.to_img[0]),
    "SPAN": Architecture(SPAN, "upscale", lambda network: network.upsampler[0], _RGB, folded=True),
    # In spandrel's default configuration, "", SwinIR ends as a denoiser does; the light enlargers end in one step.
    "SwinIR": Architecture(SwinIR, "upscale", lambda network: network.conv_last),
    "SwinIR light": Architecture(
        SwinIR, "upscale", lambda network: network.upsample[0], (("upsampler", "pixelshuffledirect"),)
    ),
}


def build(name: str, configuration: Mapping[str, Any], scale: int) -> nn.Module:
    """A network of that architecture, its weights drawn with torch's seed.

    Raises ConfigurationError for an unknown architecture, for a configuration that its class does not take, and for a
    scale above 1 where it cannot enlarge.
    """
    kind = _kind(name)
    if not kind.factor and scale != 1:
        raise ConfigurationError(f"{name} does not enlarge, and the recipe's scale is {scale}")
    factor = {kind.factor: scale} if kind.factor else {}
    try:
        network = kind.build(**dict(kind.fixed), **configuration, **factor)
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise ConfigurationError(f"{name} cannot be built from {dict(configuration)}: {error}") from error
    _look_near(network)
    in_one_pass(network)
    return network


def last_convolution(name: str, network: nn.Module) -> nn.Conv2d:
    """The convolution that a network of that architecture ends in."""
    last = _kind(name).last(network)
    if not isinstance(last, nn.Conv2d) or last.bias is None:
        raise ConfigurationError(f"{name} does not end in a convolution with bias")
    return last


def learns_folded(name: str) -> bool:
    """Whether a network of that architecture is folded before it learns."""
    return _kind(name).folded


def _kind(name: str) -> Architecture:
    if name not in ARCHITECTURES:
        raise ConfigurationError(f"there is no architecture {name!r}; there are: {', '.join(ARCHITECTURES)}")
    return ARCHITECTURES[name]


def _look_near(network: nn.Module) -> None:
    """Takes NAFNet's mean over the whole picture out of its gates, and keeps the gates.

    With it, a pixel would depend on all others, and a picture worked on in tiles would be another one than the whole
    (X. Chu et al., "Improving image restoration by revisiting global information aggregation", ECCV 2022).
    """
    for module in network.modules():
        gate = getattr(module, "sca", None)
        if isinstance(gate, nn.Sequential) and isinstance(gate[1], nn.Conv2d) and gate[1].bias is not None:
            with torch.no_grad():
                gate[1].weight.zero_().requires_grad_(False)
                gate[1].bias.fill_(1.0)
