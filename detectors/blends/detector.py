"""The `blend` detector: whether a part of a picture was blended in, as face swaps and composites are.

It sees the blending and not what was blended: nothing here knows a face, and "deepfake" is not what it says. The
looking is `looker`'s, the judging `detectors.verdicts.learned`'s. What it learned from stands in the card,
`detectors/weights/blend.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from core.errors import IntegrityError
from core.later import Later
from core.media import Kind, Media, Pixels
from core.weights import PinnedWeights, read_manifest
from detectors.blends.looker import Look, Looker, shrinking
from detectors.blends.network import BlendNetwork, Shape
from detectors.texture import LEAST, TOO_PLAIN, texture
from detectors.verdicts.calibration import Calibration, of_weights
from detectors.verdicts.familiar import Familiar, apart
from detectors.verdicts.learned import LearnedDetector, Reading
from detectors.verdicts.running import runner_for

NAME = "blend"
MANIFEST = Path(__file__).parents[1] / "weights" / "weights.toml"
LEAST_SIDE = 128
MARKED_FROM = "marked_from"
"""The parameter in the manifest: the probability from which on a cell counts as blended in."""
TOO_LONG = "picture.too_long"
_LEAST_REDUCED = 64  # pixels of the shorter side, after the reduction


class BlendDetector(LearnedDetector):
    """Looks for a part that was blended into a picture, by its border and by its past."""

    name = NAME
    label = "blended"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("jpeg",))
    summary = "Looks for a part that was blended into a picture, by the border that blending leaves; marks the part."
    limits = (
        "Learned from photographs blended with altered copies of themselves, none of which shows a face: it sees a "
        "blend, not what was blended, nor why. Retouching and collages are blends, too. Pictures that a generator made "
        "whole have no border. Strong compression and reduction erase it; pictures above 400,000 pixels are reduced "
        "first."
    )
    least_side = LEAST_SIDE
    seen = "A part of the picture looks blended in; the map shows which."
    unseen = "No border of a blend was seen."
    score_scale = "log odds, natural, before calibration"

    def __init__(
        self,
        looker: Callable[[], Looker],
        weights: str,
        calibration: Calibration,
        familiar: Familiar | None = None,
        marked_from: float = 0.5,
    ) -> None:
        """looker: what gives it, with the first picture: policies are checked without one."""
        super().__init__(weights, calibration, familiar)
        self._looker = looker
        self._marked_from = marked_from

    @classmethod
    def load(cls, pinned: PinnedWeights | None = None, device: str = "auto") -> BlendDetector:
        """With the shipped weights, or given ones. Raises as `load_pinned`, `of_weights`, `Shape.of`, `runner_for`."""
        pinned = pinned or read_manifest(MANIFEST)[NAME]
        tensors, familiar = apart(pinned.load())
        shape, runner = Shape.of(pinned.parameters), runner_for(device)
        looker = Later(lambda: Looker(_network(pinned, shape, tensors), runner))
        marked_from = float(pinned.parameters[MARKED_FROM])
        return cls(looker, pinned.sha256, of_weights(pinned), Familiar.of(familiar), marked_from)

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        """One reading for each; those that can be read go through the network together."""
        pictures = [media.frames()[0].pixels for media in batch]
        refused = [_refused(pixels) for pixels in pictures]
        fit = [pixels for pixels, why in zip(pictures, refused, strict=True) if why is None]
        looks = iter(self._looker().look(fit) if fit else ())
        return [reading_of(next(looks), self._marked_from) if why is None else why for why in refused]


def network_of(pinned: PinnedWeights) -> tuple[BlendNetwork, Familiar]:
    """The network and what is familiar to it. Raises as `load_pinned` does, IntegrityError for other tensors."""
    tensors, known = apart(pinned.load())
    return _network(pinned, Shape.of(pinned.parameters), tensors), Familiar.of(known)


def reading_of(look: Look, marked_from: float) -> Reading:
    """What a look says to `LearnedDetector`. marked_from: the probability from which on a cell counts."""
    measurements = {"blend.share": round(float((look.part >= marked_from).mean()), 4)}
    if look.reduced > 1:
        measurements["blend.reduced"] = round(look.reduced, 3)
    return Reading(
        look.score,
        features=look.features,
        heat=look.part,
        codes=("blend.part",),
        measurements=tuple(sorted(measurements.items())),
    )


def _network(pinned: PinnedWeights, shape: Shape, tensors: Mapping[str, torch.Tensor]) -> BlendNetwork:
    network = BlendNetwork(shape)
    try:
        network.load_state_dict({name: value.float() for name, value in tensors.items()})
    except RuntimeError as error:
        raise IntegrityError(f"the weights {pinned.path.name} are not of the blend network") from error
    return network


def _refused(pixels: Pixels) -> Reading | None:
    """Why a picture cannot be read, if it cannot."""
    if min(pixels.shape[:2]) * shrinking(pixels) < _LEAST_REDUCED:
        return Reading(None, "The picture is too long: reduced, hardly any of its width is left.", codes=(TOO_LONG,))
    if texture(pixels) < LEAST:
        return Reading(None, "The picture is too plain to show a border.", codes=(TOO_PLAIN,))
    return None
