"""What a network learns that is to please: to look like photographs, as near the original as that allows.

A critic that sees patches learns beside it to tell its outputs from photographs (I. Goodfellow et al., NIPS 2014; over
patches, P. Isola et al., CVPR 2017; with spectral norms, T. Miyato et al., ICLR 2018). There is no network of ours that
knows what people see, so texture is compared by its local contrast in bands, as X. Wang et al. (ESRGAN, ECCVW 2018)
compare features. Both networks are one module, so that a run is kept, resumed and averaged as any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from training.loss import frequency_loss, pixel_loss
from training.restorers.learning import Restoring
from training.restorers.recipe import Pleasing

_BANDS = 3  # octaves, from the finest
_NEAR = 8  # side of the places over which contrast is taken, pixels
_LEAST = 1e-6  # variance, so that a flat place has a slope


class Critic(nn.Module):
    """(n, 3, h, w) → (n, 1, h/4, w/4): above 0 where a place looks like a photograph's."""

    def __init__(self, features: int) -> None:
        super().__init__()
        widths = (3, features, 2 * features)
        layers: list[nn.Module] = []
        for seen, made in pairwise(widths):
            layers += [spectral_norm(nn.Conv2d(seen, made, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
        layers += [spectral_norm(nn.Conv2d(widths[-1], widths[-1], 3, padding=1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Floats from 0 to 1."""
        judged: torch.Tensor = self.layers(pictures)
        return judged


class Judged(nn.Module):
    """A restorer and its critic. What ships of them is `served`."""

    def __init__(self, restorer: nn.Module, critic: Critic) -> None:
        super().__init__()
        self.restorer = restorer
        self.critic = critic

    def forward(self, spoiled: torch.Tensor) -> torch.Tensor:
        """What the restorer makes of it."""
        made: torch.Tensor = self.restorer(spoiled)
        return made


def served(network: nn.Module) -> nn.Module:
    """What is left of a trained network where it is used."""
    return network.restorer if isinstance(network, Judged) else network


@dataclass(frozen=True, slots=True)
class Pleased:
    """A task of the loop, whose network is `Judged`. restoring: the patches, and the weight of their spectra."""

    restoring: Restoring
    weights: Pleasing

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `training.harness.loop.Task`. Figures: how far the critic tells photographs from outputs, and texture."""
        if not isinstance(network, Judged):
            raise TypeError("what is to please has a critic")
        device = next(network.parameters()).device
        spoiled, wanted = (part.to(device) for part in self.restoring.patches.batch(step))
        made = network(spoiled.contiguous(memory_format=torch.channels_last)).float()
        texture = texture_loss(made, wanted)
        restorer = pixel_loss(made, wanted) + self.weights.texture * texture
        restorer = restorer + self.weights.consistency * consistency_loss(made, spoiled)
        restorer = restorer + self.restoring.frequency_weight * frequency_loss(made, wanted)
        restorer = restorer - self.weights.adversarial * _as_it_is(network.critic, made).mean()
        real, false = network.critic(wanted), network.critic(made.detach())
        critic = functional.relu(1 - real).mean() + functional.relu(1 + false).mean()
        # The two share no parameter that both could move, so one step serves both.
        figures = {"told": (real.mean() - false.mean()).item(), "texture": texture.item()}
        return restorer + critic, figures


def texture_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of local contrast, over octaves and two directions; (n, 3, h, w) each."""
    losses = []
    for _ in range(_BANDS):
        losses += [
            (_contrast(first) - _contrast(second)).abs().mean()
            for first, second in zip(_slopes(made), _slopes(wanted), strict=True)
        ]
        made, wanted = (functional.avg_pool2d(each, 2) for each in (made, wanted))
    return torch.stack(losses).mean()


def consistency_loss(made: torch.Tensor, spoiled: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of the output, reduced again by bicubic, from its input."""
    again = functional.interpolate(made, size=spoiled.shape[-2:], mode="bicubic", antialias=True)
    return (again - spoiled).abs().mean()


def _slopes(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]


def _contrast(slopes: torch.Tensor) -> torch.Tensor:
    side = min(_NEAR, *slopes.shape[-2:])
    return (functional.avg_pool2d(slopes.square(), side, stride=max(side // 2, 1)) + _LEAST).sqrt()


def _as_it_is(critic: Critic, pictures: torch.Tensor) -> torch.Tensor:
    """The critic's judgement, of which it learns nothing."""
    fixed = {name: value.detach() for name, value in critic.named_parameters()}
    judged: torch.Tensor = functional_call(critic, fixed, (pictures,))
    return judged
