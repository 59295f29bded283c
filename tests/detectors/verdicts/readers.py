"""A learned detector small enough to see through: its network is the mean of red, its receptive field 32 pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.media import Kind, Media
from detectors.verdicts.calibration import Calibration
from detectors.verdicts.familiar import Familiar
from detectors.verdicts.learned import LearnedDetector, Reading

REDNESS = Calibration(
    knots=(0.2, 0.8),
    log10_lrs=(-1.0, 1.0),
    detected_from=0.6,
    absent_to=0.4,
    fpr=0.02,
    fpr_low=0.01,
    fpr_high=0.05,
    photographs=50,
)
ORDINARY = Familiar(
    mean=np.full(2, 0.5, np.float32),
    axes=np.array([[1.0, 0.0]], np.float32),
    deviations=np.array([1.0], np.float32),
    rest=1.0,
    limit=0.45,
)


class Redness(LearnedDetector):
    """Reads how red a picture is, and shows where."""

    name = "redness"
    label = "red"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("jpeg",))
    summary = "Sees red."
    limits = "Sees nothing else."
    least_side = 32
    seen = "The picture is red."
    unseen = "The picture is not red."
    score_scale = "mean of red, 0 to 1"

    def __init__(self, familiar: Familiar | None = None) -> None:
        super().__init__("sha256:none", REDNESS, familiar)
        self.asked: list[int] = []

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        self.asked.append(len(batch))
        return [self._one(media) for media in batch]

    def _one(self, media: Media) -> Reading:
        red = np.asarray(media.frames()[0].pixels[..., 0] / 255, np.float32)
        if float(red.max()) == 0:
            return Reading(None, "There is no light.", codes=("redness.dark",))
        features = np.array([red.mean(), red.std()], np.float32)
        own = (("redness.most", float(red.max())),)
        return Reading(float(red.mean()), features=features, heat=red, codes=("redness.seen",), measurements=own)
