"""Restoration networks (super-resolution, denoising, deblurring) of every architecture that spandrel recognises.

Weights are safetensors whose digest was checked first; a pickle never reaches a loader. This module knows how to load
a network and run it on one tile. It does not know tiles' places, files' formats or what the network was trained for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from core.devices import pick_device
from core.errors import ConfigurationError, IntegrityError
from core.later import Later
from core.weights import PinnedWeights
from generators.tiling import Samples

# Spandrel takes seconds to import, with torchvision behind it. A server that restores nothing need not spend them.
if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

# What torch raises when the tensors' names fit an architecture and their number or shapes do not.
_UNFIT = (RuntimeError, LookupError, ValueError, TypeError, AssertionError, ArithmeticError)
Channels: TypeAlias = frozenset[tuple[int, int]]
"""What goes into a network and what comes out."""
PICTURES: Channels = frozenset({(1, 1), (3, 3)})
TOLD: Channels = frozenset({(4, 4)})
"""Red, green, blue, and how much noise there is in them. What comes out in the fourth is nothing to look at."""


@dataclass(frozen=True, eq=False, slots=True)
class Restorer:
    """A network. Calling it is deterministic on one device and build, and safe from several threads.

    made: makes the network, when it is first needed. scale: output pixels per input pixel along each axis; 1 for
    denoisers. digest: sha256 of its weights' file, 64 hexadecimal digits.
    """

    made: Later[ImageModelDescriptor[torch.nn.Module]]
    scale: int
    digest: str

    @property
    def network(self) -> ImageModelDescriptor[torch.nn.Module]:
        """What computes. Raises as `load` does where it was not made yet."""
        return self.made()

    @property
    def multiple_of(self) -> int:
        """The pixel grid on which the network pools; tiles must start on it."""
        pixels: int = self.network.size_requirements.multiple_of
        return pixels

    @property
    def told(self) -> bool:
        """Whether it is one that is told the noise, see `at`."""
        return (self.network.input_channels, self.network.output_channels) in TOLD

    @property
    def whole_by_choice(self) -> bool:
        """Whether its architecture looks farther than any margin, so that its tiles may show."""
        from spandrel import ModelTiling

        return self.network.tiling is not ModelTiling.SUPPORTED

    def __call__(self, pixels: Samples) -> Samples:
        """RGB uint8 (h, w, 3) → RGB uint8 (h·scale, w·scale, 3), rounded to nearest. Any size from 1×1 on.

        The same of float32 from 0 to 1, which is not rounded; in half precision 11 bits of it count. A network of one
        channel is run on red, green and blue each.
        """
        # One picture at a time, as spandrel asks: some networks append a noise map for one.
        return self._answer(pixels, lambda values: torch.split(values, self.network.input_channels))

    def at(self, level: float) -> Callable[[Samples], Samples]:
        """Of a network that is told the noise: itself, told that σ is `level` everywhere, where white is 1."""

        def told(values: torch.Tensor) -> list[torch.Tensor]:
            return [torch.cat([values, torch.full_like(values[:1], level)])]

        return lambda pixels: self._answer(pixels, told)

    def _answer(self, pixels: Samples, parts: Callable[[torch.Tensor], Iterable[torch.Tensor]]) -> Samples:
        """parts: what the network is given of a picture (3, h, w); of each answer up to three channels count."""
        bytes_ = pixels.dtype == np.uint8
        # A copy of the tile: decoded pixels are read-only memory, which torch will not wrap.
        values = torch.from_numpy(np.array(pixels)).to(self.network.device).permute(2, 0, 1)
        values = values.to(self.network.dtype)
        values = values.div_(255.0) if bytes_ else values
        with torch.inference_mode():
            made = torch.cat([self.network(part[None])[0, :3] for part in parts(values)])
            # The descriptor clamps to [0, 1], so the cast cannot wrap.
            made = made.float()
            made = made.mul_(255.0).round_().to(torch.uint8) if bytes_ else made
        result: Samples = np.ascontiguousarray(made.permute(1, 2, 0).cpu().numpy())
        return result


def load(weights: PinnedWeights, device: str, channels: Channels = PICTURES) -> Restorer:
    """The network of a pinned file, on `device`, in half precision where both the device and the network allow it.

    channels: what it may map.

    Raises ConfigurationError as `pick_device` does, PreconditionFailed for a missing file, and IntegrityError for
    another digest, for tensors in which spandrel recognises no architecture, and for a network of other channels.
    """
    network = _placed(weights, pick_device(device), channels)
    return Restorer(Later(lambda: network), network.scale, weights.sha256)


def waiting(weights: PinnedWeights, device: str, channels: Channels = PICTURES) -> Restorer:
    """The network of a file that ships: its digest is checked now, and it is made when it is first needed.

    Its factor is what the manifest states. Raises as `load` does, and ConfigurationError where no factor is stated.
    What the digest cannot tell is told when the network is made: IntegrityError for tensors of no network, or of one of
    another factor.
    """
    target, scale = pick_device(device), weights.parameters.get("scale")
    if type(scale) is not int:
        raise ConfigurationError(f"weights manifest: {weights.name!r} states no scale")
    weights.load()  # and let go of: what is read again later is digested again

    def make() -> ImageModelDescriptor[torch.nn.Module]:
        network = _placed(weights, target, channels)
        if network.scale != scale:
            stated = f"their manifest says ×{scale}"
            raise IntegrityError(f"the weights {weights.path.name} are of ×{network.scale}, {stated}")
        return network

    return Restorer(Later(make), scale, weights.sha256)


def _placed(weights: PinnedWeights, device: torch.device, channels: Channels) -> ImageModelDescriptor[torch.nn.Module]:
    network = recognised(weights.load(), weights.path.name, channels)
    # Half precision on a CPU is slower than single, where it exists at all.
    half = network.supports_half and device.type == "cuda"
    network.to(device=device, dtype=torch.float16 if half else torch.float32)
    network.eval().model.requires_grad_(False)
    return network


def recognised(
    tensors: Mapping[str, torch.Tensor], name: str, channels: Channels = PICTURES
) -> ImageModelDescriptor[torch.nn.Module]:
    """The network that tensors belong to, on the CPU. name: of their file, for errors. channels: what it may map.

    Raises IntegrityError where spandrel recognises no architecture in them, and for a network of other channels.
    """
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError, canonicalize_state_dict

    try:
        network = ModelLoader(device="cpu").load_from_state_dict(canonicalize_state_dict(dict(tensors)))
    except (UnsupportedModelError, *_UNFIT) as error:
        raise IntegrityError(f"the weights {name} are of no architecture that spandrel knows") from error
    if not isinstance(network, ImageModelDescriptor):
        raise IntegrityError(f"the weights {name} need a mask besides the picture")
    if (network.input_channels, network.output_channels) not in channels:
        words = "RGB and a level of noise to themselves" if channels == TOLD else "RGB to RGB or grey to grey"
        raise IntegrityError(f"the weights {name} do not map {words}")
    return network
