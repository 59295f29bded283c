"""The `nsfw` detector: whether a picture looks pornographic to open_nsfw.

Nobody has published how the network's score relates to a probability, so the finding has a score and no probability,
unless the operator brings a calibration. The two limits are those of its authors' README: below .2 likely safe, above
.8 likely not; in between the detector abstains.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from core.media import Kind, Media
from detectors.base import Finding
from detectors.calibration import Logistic
from detectors.nsfw.network import PACKAGED, Network
from detectors.nsfw.showing import COVERED, Shown, covered
from detectors.single import SingleDetector, version_of

SAFE, UNSAFE = 0.2, 0.8
LEAST_SIDE = 64
_CERTAIN = 1e-4  # from 0 and 1, the last digit of a score


@dataclass(frozen=True, slots=True)
class Manner:
    """How the detector speaks. calibration: of the natural log odds of the score, by the operator."""

    shown: Shown = Shown.BLURRED
    calibration: Logistic | None = None


class NsfwSource:
    """The detector as policies and the model list know it; needs no weights."""

    name = "nsfw"
    label = "nsfw"
    kinds = frozenset((Kind.IMAGE, Kind.VIDEO))
    views = frozenset[str]()
    summary = "Scores how pornographic pictures look, with Yahoo's open_nsfw; evidence is blurred."
    limits = (
        "Knows photographs of nudity as of 2016; of drawings, renderings, violence and gore it knows nothing, and it "
        "judges skin: swimwear, sport and medicine raise its score. Its errors were never measured on people of all "
        "kinds. It sees a square of 224 pixels from the middle, so that what is small or at the border is missed; of a "
        "video, sampled frames."
    )

    def __init__(self, manner: Manner = Manner()) -> None:
        self.manner = manner
        calibration = manner.calibration.digest if manner.calibration else ""
        self.version = version_of(1, [PACKAGED.sha256, SAFE, UNSAFE, LEAST_SIDE, manner.shown, calibration])


class NsfwDetector(NsfwSource, SingleDetector):
    """Scores each picture, and speaks of the one that scores highest. Made by `load`."""

    def __init__(self, network: Network, manner: Manner = Manner()) -> None:
        super().__init__(manner)
        self._network = network

    @classmethod
    def load(cls, manner: Manner = Manner()) -> NsfwDetector:
        """With the package's weights. Raises as `Network.load` does."""
        return cls(Network.load(), manner)

    def examine(self, media: Media) -> Finding:
        """DETECTED and NOT_DETECTED beyond the limits, ABSTAINED between them and on pictures too small to see."""
        pictures = [frame for frame in media.frames() if min(frame.pixels.shape[:2]) >= LEAST_SIDE]
        if not pictures:
            reason = f"The shorter side has {min(media.width, media.height)} pixels, {LEAST_SIDE} needed."
            return self.abstain(reason, ("picture.too_small",))
        score, frame = max(((self._network.score(each.pixels), each) for each in pictures), key=lambda pair: pair[0])
        if SAFE < score < UNSAFE:
            reason = f"The score {score:.2f} is between {SAFE} and {UNSAFE}, where the network's authors do not decide."
            return self.abstain(reason, ("nsfw.between",))
        measured = self._measured(score)
        if score <= SAFE:
            return self.not_detected(f"The highest score of a picture is {score:.2f}, at most {SAFE}.", **measured)
        where = f" at {frame.time:.1f} s" if media.kind is Kind.VIDEO else ""
        evidence = covered(frame, self.manner.shown)
        codes = (COVERED,) if evidence else ()
        return self.detected(f"The picture{where} scores {score:.2f}, at least {UNSAFE}.", codes, evidence, **measured)

    def _measured(self, score: float) -> dict[str, Any]:
        measured: dict[str, Any] = {"score": score, "score_scale": "open_nsfw, 0 to 1"}
        calibration = self.manner.calibration
        if calibration is None:
            return measured
        bounded = min(max(score, _CERTAIN), 1 - _CERTAIN)
        chance, ratio = calibration.judge((math.log(bounded / (1 - bounded)),))
        return measured | {"probability": chance, "log10_lr": ratio, "calibration": calibration.digest}


def read_calibration(path: Path) -> Logistic:
    """A calibration: {"weight": of the log odds, "bias": number, "bound": greatest |log10 likelihood ratio|}, JSON.

    Raises ConfigurationError saying what is wrong with it.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        weight, bias, bound = (float(value[key]) for key in ("weight", "bias", "bound"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"the calibration {path.name} cannot be read: {error!r}") from error
    if not (math.isfinite(bias) and 0 < weight < math.inf and 0 < bound <= 6):
        raise ConfigurationError(f"the calibration {path.name}: weight and bound are above 0, bound is at most 6")
    return Logistic((weight,), bias, bound)
