"""What a network learns that is to please: to look like photographs, as near the original as that allows.

First it regresses pixels, as any other. Then a critic that sees patches learns beside it to tell its outputs from the
photographs that they were made from (relativistic, in pairs: A. Jolicoeur-Martineau, ICLR 2019; over patches, P. Isola
et al., CVPR 2017; with spectral norms, T. Miyato et al., ICLR 2018). Nothing here may learn from what people see but
photographs themselves, so features are compared in the critic's own layers (T.-C. Wang et al., CVPR 2018), and texture
by its local contrast in bands. Both networks are one module, so that a run is kept, resumed and averaged as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from training.loss import pixel_loss
from training.restorers.learning import Restoring
from training.restorers.recipe import Pleasing

_UNSHUFFLED = 2  # side of the blocks of pixels that the critic sees as one place
_BANDS = 3  # octaves, from the finest
_NEAR = 8  # side of the places over which contrast is taken, pixels
_LEAST = 1e-6  # variance, so that a flat place has a slope
_LOW = 4  # reduction by which pictures are compared where their detail is left free


class Critic(nn.Module):
    """(n, 3, h, w) → what each layer makes of it; sides are multiples of eight.

    The last is (n, 1, h/8, w/8), higher where a place looks like a photograph's.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        seen = 3 * _UNSHUFFLED**2
        self.layers = nn.ModuleList(
            spectral_norm(layer)
            for layer in (
                nn.Conv2d(seen, features, 3, padding=1),
                nn.Conv2d(features, 2 * features, 4, stride=2, padding=1),
                nn.Conv2d(2 * features, 2 * features, 3, padding=1),
                nn.Conv2d(2 * features, 2 * features, 4, stride=2, padding=1),
                nn.Conv2d(2 * features, 2 * features, 3, padding=1),
            )
        )
        self.last = spectral_norm(nn.Conv2d(2 * features, 1, 3, padding=1))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Floats from 0 to 1."""
        current = functional.pixel_unshuffle(pictures, _UNSHUFFLED)
        made = []
        for layer in self.layers:
            current = functional.leaky_relu(layer(current), 0.2)
            made.append(current)
        return (*made, self.last(current).float())


class Judged(nn.Module):
    """A restorer and its critic. What ships of them is `without_critic`."""

    def __init__(self, restorer: nn.Module, critic: Critic) -> None:
        super().__init__()
        self.restorer = restorer
        self.critic = critic

    def forward(self, spoiled: torch.Tensor) -> torch.Tensor:
        """What the restorer makes of it."""
        made: torch.Tensor = self.restorer(spoiled)
        return made


def without_critic(network: nn.Module) -> nn.Module:
    """What is left of a trained network where it is used."""
    return network.restorer if isinstance(network, Judged) else network


@dataclass(frozen=True, slots=True)
class Pleased:
    """A task of the loop, whose network is `Judged`. restoring: the patches, and what the first phase lowers.

    progress: how far the run has come, 0 to 1.
    """

    restoring: Restoring
    weights: Pleasing
    progress: Callable[[], float]

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `training.harness.loop.Task`. Figures: how far the critic tells photographs from outputs, and texture."""
        if not isinstance(network, Judged):
            raise TypeError("what is to please has a critic")
        if self.progress() < self.weights.regressing:
            return self.restoring.loss(network, step)
        device = next(network.parameters()).device
        spoiled, wanted = (
            part.to(device).contiguous(memory_format=torch.channels_last) for part in self.restoring.patches.batch(step)
        )
        made = network(spoiled).float()
        *real_features, real = network.critic(wanted)
        restorer, figures = self._restorers(made, wanted, _as_it_is(network.critic, made), real_features, real)
        *_, false = network.critic(made.detach())
        # The two share no parameter that both could move, so one step serves both.
        return restorer + functional.softplus(false - real).mean(), {"told": (real - false).mean().item(), **figures}

    def _restorers(
        self,
        made: torch.Tensor,
        wanted: torch.Tensor,
        judged: Sequence[torch.Tensor],
        real_features: Sequence[torch.Tensor],
        real: torch.Tensor,
    ) -> tuple[torch.Tensor, Mapping[str, float]]:
        *features, false = judged
        parts = {
            "pixels": (self.weights.pixels, pixel_loss(made, wanted)),
            "low": (self.weights.low, pixel_loss(*(_reduced(each) for each in (made, wanted)))),
            "features": (self.weights.features, _apart(features, real_features)),
            "texture": (self.weights.texture, texture_loss(made, wanted)),
            "deceiving": (self.weights.adversarial, functional.softplus(real.detach() - false).mean()),
        }
        weighted = torch.stack([weight * value for weight, value in parts.values()])
        return weighted.sum(), {name: value.item() for name, (_, value) in parts.items()}


def _reduced(pictures: torch.Tensor) -> torch.Tensor:
    """By bicubic, which looks beyond each place: means of what lies behind each pixel let blocks pass."""
    size = [side // _LOW for side in pictures.shape[-2:]]
    return functional.interpolate(pictures, size=size, mode="bicubic", antialias=True)


def texture_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of lightness's local contrast, over octaves and two directions; (n, 3, h, w) each."""
    losses = []
    made, wanted = (each.mean(dim=1, keepdim=True) for each in (made, wanted))
    for _ in range(_BANDS):
        losses += [
            (_contrast(first) - _contrast(second)).abs().mean()
            for first, second in zip(_slopes(made), _slopes(wanted), strict=True)
        ]
        made, wanted = (functional.avg_pool2d(each, 2) for each in (made, wanted))
    return torch.stack(losses).mean()


def _slopes(pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]


def _contrast(slopes: torch.Tensor) -> torch.Tensor:
    side = min(_NEAR, *slopes.shape[-2:])
    return (functional.avg_pool2d(slopes.square(), side, stride=max(side // 2, 1)) + _LEAST).sqrt()


def _apart(made: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor]) -> torch.Tensor:
    """Mean absolute difference of what layers make of two pictures, each in parts of what it makes of the second."""
    return torch.stack(
        [
            (first.float() - second.detach().float()).abs().mean() / second.detach().float().abs().mean()
            for first, second in zip(made, wanted, strict=True)
        ]
    ).mean()


def _as_it_is(critic: Critic, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The critic's judgement, of which it learns nothing."""
    fixed = {name: value.detach() for name, value in critic.named_parameters()}
    judged: tuple[torch.Tensor, ...] = functional_call(critic, fixed, (pictures,))
    return judged
