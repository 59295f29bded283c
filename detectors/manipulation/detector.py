"""The `manipulation` detector: whether a part of a picture was put there, taken away or worked over, and where.

The looking is `localiser`'s, the judging `detectors.verdicts.learned`'s. What it learned from stands in the card,
`detectors/weights/manipulation.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from core.devices import multiplies_in_half, pick_device
from core.later import Later
from core.media import Kind, Media, Pixels
from core.weights import PinnedWeights, read_manifest
from detectors.manipulation import tiles
from detectors.manipulation.localiser import Localiser, Look
from detectors.manipulation.network import ManipulationNetwork
from detectors.manipulation.unet import Shape
from detectors.single import version_of
from detectors.texture import LEAST, TOO_PLAIN, texture
from detectors.verdicts.calibration import Calibration, of_weights
from detectors.verdicts.familiar import Familiar, apart
from detectors.verdicts.learned import LearnedDetector, Reading

NAME = "manipulation"
MANIFEST = Path(__file__).parents[1] / "weights" / "weights.toml"
LEAST_SIDE = 128
MARKED_FROM = "marked_from"
"""The parameter in the manifest: the probability from which on a cell counts as manipulated."""
_REVISION = 2  # of the traces, of how tiles are laid, and of the score


class ManipulationDetector(LearnedDetector):
    """Looks for parts of a picture that have another past than the rest."""

    name = NAME
    label = NAME
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("jpeg",))
    summary = (
        "Marks the parts of a picture whose noise and compression do not fit the rest: pasted, removed, retouched."
    )
    limits = (
        "Learned from manipulations made by scripts on photographs; what people make by hand and what today's "
        "generators paint in may leave other traces. Strong compression, reduction and a change of the whole picture "
        "erase them. Drawings, screenshots and collages are made of parts, and say nothing. Larger pictures than three "
        "megapixels are reduced first. That nothing was detected tells little: it is said of few untouched "
        "photographs, and of some manipulated ones."
    )
    least_side = LEAST_SIDE
    seen = "Parts of the picture have another past than the rest; the map shows where."
    unseen = "No part of the picture stands out from the rest."
    score_scale = (
        "mean log odds of the most suspicious twentieth of the picture, weighed by confidence, above the median"
    )

    def __init__(
        self,
        localiser: Callable[[], Localiser],
        weights: str,
        calibration: Calibration,
        familiar: Familiar | None = None,
        marked_from: float = 0.5,
    ) -> None:
        """localiser: what gives it, with the first picture: policies are checked without one."""
        super().__init__(weights, calibration, familiar)
        self._localiser = localiser
        self._marked_from = marked_from

    @classmethod
    def load(
        cls, pinned: PinnedWeights | None = None, device: str = "auto", half: bool | None = None
    ) -> ManipulationDetector:
        """With the shipped weights, or given ones. half: see `Localiser`; the version tells it, so that a finding can
        be made again on a machine that would choose otherwise.

        Raises as `load_pinned`, `of_weights` and `pick_device` do.
        """
        pinned = pinned or read_manifest(MANIFEST)[NAME]
        tensors, familiar = apart(pinned.load())
        where = pick_device(device)
        in_half = multiplies_in_half(where) if half is None else half
        localiser = Later(lambda: Localiser(_network(pinned, tensors), where, in_half))
        marked_from = float(pinned.parameters[MARKED_FROM])
        decides = version_of(_REVISION, [pinned.sha256, tiles.SIDE, tiles.OVERLAP, in_half])
        return cls(localiser, decides, of_weights(pinned), Familiar.of(familiar), marked_from)

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        """One reading for each; pictures of their own sizes cannot be stacked, their tiles are."""
        return [self._one(media.frames()[0].pixels) for media in batch]

    def _one(self, pixels: Pixels) -> Reading:
        if texture(pixels) < LEAST:
            return Reading(None, "The picture is too plain: nothing in it could have another past.", codes=(TOO_PLAIN,))
        return reading_of(self._localiser().look(pixels), self._marked_from)


def read(pinned: PinnedWeights) -> tuple[ManipulationNetwork, Familiar]:
    """The network and what is familiar to it. Raises as `load_pinned` does, IntegrityError for other tensors."""
    tensors, known = apart(pinned.load())
    return _network(pinned, tensors), Familiar.of(known)


def _network(pinned: PinnedWeights, tensors: Mapping[str, torch.Tensor]) -> ManipulationNetwork:
    network = ManipulationNetwork(Shape.of(pinned.parameters))
    network.load_state_dict({name: value.float() for name, value in tensors.items()})
    return network


def reading_of(look: Look, marked_from: float) -> Reading:
    """What a look says to `LearnedDetector`. marked_from: the probability from which on a cell counts."""
    measurements = {"manipulation.share": round(float((look.heat >= marked_from).mean()), 4)}
    if look.reduced > 1:
        measurements["manipulation.reduced"] = round(look.reduced, 3)
    return Reading(
        look.score,
        features=look.features,
        heat=look.heat,
        confidence=look.confidence,
        codes=("manipulation.region",),
        measurements=tuple(sorted(measurements.items())),
    )
