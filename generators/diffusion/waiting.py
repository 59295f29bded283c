"""The painter that ships, known by its pinned folder and loaded with its first order.

diffusers and transformers take seconds to import, and a server that never paints need not spend them. What can be told
of the folder without them is told at once: that every file has its digest, and from the configuration of its parts what
it offers. `shipped` loads it.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.devices import pick_device
from core.errors import IntegrityError
from core.later import Later
from core.weight_folder import PinnedFolder
from generators.base import Card, IsCancelled, Job, Output, Progress
from generators.diffusion import enlarging
from generators.diffusion.enlarging import Enlarger
from generators.diffusion.offer import Offer, offer_of
from generators.diffusion.painting import Painting
from generators.restoration import Restorer

if TYPE_CHECKING:
    from generators.diffusion.text_to_image import TextToImage


class Waiting(Painting):
    """A `TextToImage` that is loaded when it is first called for, once. loaded: gives it."""

    def __init__(
        self, name: str, card: Card, digest: str, offer: Offer, enlarger: Enlarger, loaded: Later[TextToImage]
    ) -> None:
        super().__init__(name, card, digest, offer, enlarger)
        self._loaded = loaded

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        """See `TextToImage`. The first call raises what loading raises, too."""
        return self._loaded().generate(batch, progress, cancelled)

    def batch_key(self, job: Job) -> Hashable:
        """Jobs of the same settings go together. The first call raises what loading raises, too."""
        return self._loaded().batch_key(job)


def painter(weights: PinnedFolder, card: Card, device: str, networks: Sequence[Restorer] = ()) -> Waiting:
    """The generator of that name, for `device`. networks: upscalers, for sizes above the model's own.

    Raises as `PinnedFolder.verified` and `pick_device` do, ConfigurationError for unfit defaults, and IntegrityError
    for parts without a readable configuration.
    """
    pick_device(device)
    enlarger = enlarging.of(networks)
    with weights.verified() as folder:
        offer = offer_of(
            weights.parameters,
            enlarger.sizes(_native(folder, weights.name)),
            fast=(folder / "unet_fast").is_dir(),
            control=(folder / "controlnet").is_dir(),
        )

    def load() -> TextToImage:
        from generators.diffusion import shipped

        return shipped.load(weights, card, device, networks)

    return Waiting(weights.name, card, weights.digest, offer, enlarger, Later(load))


def _native(folder: Path, name: str) -> int:
    """Side of the pictures that it was trained on, pixels, as `components.Components.native` finds it when loaded."""
    try:
        latents = int(_config(folder / "unet")["sample_size"])
        return latents << (len(_config(folder / "vae")["block_out_channels"]) - 1)
    except (OSError, ValueError, TypeError, LookupError) as error:
        why = f"its configuration cannot be read ({type(error).__name__})"
        raise IntegrityError(f"{name} is no whole Stable Diffusion: {why}") from error


def _config(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "config.json").read_text(encoding="utf-8")))
