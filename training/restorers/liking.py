"""How alike a network's outputs look to the originals, beside everything that could be used instead.

How alike pictures look is measured by what nothing here learned from: the distance between what CLIP's image tower
(`detectors.generated.tower`, of a package) sees in the original and in the output, at four depths. PSNR knows nothing
of it: blurred outputs win there. Beside the network stand the one that regresses pixels, alone and behind the denoiser
that ships, both also sharpened, which is what pleases without any training, and interpolation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from core.weights import PinnedWeights
from detectors.generated.tower import SIDE, Tower
from generators import fidelity, restoration, risk
from generators.classical.interpolation import Interpolation
from generators.restoration import Restorer
from generators.upscale import Enlarger, enlarge
from training.metrics import Picture, score
from training.restorers.measuring import interval, middle
from training.restorers.recipe import Spoiling
from training.restorers.spoiling import spoil

REGRESSING, DENOISING = "upscale_x4", "denoise"
"""The network that it started from, and the one that cleans pictures for it."""
LAYERS = (2, 5, 8, 10)
MOST_OFF = risk.THRESHOLD
"""Root mean square by which outputs, reduced again, may be off the original, reduced, 8-bit steps: from there on it
shows. Of a spoilt picture, what it is off itself, where that is more.
"""
CONDITIONS: Mapping[str, Spoiling | None] = {
    "clean": None,
    "jpeg_75": Spoiling(share=1, jpeg=(75, 75)),
    "worn": Spoiling(share=1, blur=(2, 2), noise=(6, 6), jpeg=(70, 70)),
}
_SHARPENINGS = {"sharpened": (1.5, 1.0), "sharpened more": (3.0, 1.5)}
"""σ of the blur in pixels, and how much of the difference is added, as photographers do it."""

See = Callable[[Picture], NDArray[np.float32]]
"""RGB uint8 → what the tower sees, float32 (d,): of every depth a vector of length 1."""


@dataclass(frozen=True, slots=True)
class Liked:
    """Means under one condition. distance: in what CLIP sees, 0 to 2, its own and that of the best of the others. gain:
    by how much it is nearer, with the ends of its interval. off: of its output, reduced again, 8-bit steps, and how
    much it may be.
    """

    distance: float
    best: str
    best_distance: float
    gain: float
    gain_low: float
    gain_high: float
    psnr_y: float
    regressed_psnr_y: float
    off: float
    most_off: float

    @property
    def worth_it(self) -> bool:
        """Whether it is liked better beyond chance, and follows from its input."""
        return self.gain_low > 0 and self.off <= self.most_off

    def line(self) -> str:
        """For the terminal."""
        return (
            f"{self.distance:.4f}, nearer by {self.gain:.4f} [{self.gain_low:.4f}, {self.gain_high:.4f}] than "
            f"{self.best}; {self.psnr_y:.2f} dB for {self.regressed_psnr_y:.2f}; off by {self.off:.2f} of at most "
            f"{self.most_off:.2f}"
        )


def seen_by(tower: Tower) -> See:
    """The middle of a picture, as many pixels as the tower looks at, so that nothing is resized before."""

    def see(picture: Picture) -> NDArray[np.float32]:
        top, left = (max(side - SIDE, 0) // 2 for side in picture.shape[:2])
        return tower.of_whole(picture[top : top + SIDE, left : left + SIDE])

    return see


def measured(
    model: Restorer, shipped: Mapping[str, PinnedWeights], see: See, originals: Mapping[str, Picture]
) -> dict[str, Liked]:
    """By condition. shipped: what the manifest pins. originals: RGB uint8, not learned from."""
    regressing, denoising = (restoration.load(shipped[name], "cpu") for name in (REGRESSING, DENOISING))
    wanted = [_cut(middle(originals[name]), model.scale) for name in sorted(originals)]
    small = [spoil(each, None, model.scale, np.random.default_rng(0)) for each in wanted]
    seen = [see(picture) for picture in wanted]
    found = {}
    for name, how in CONDITIONS.items():
        spoiled = [spoil(each, how, model.scale, np.random.default_rng(number)) for number, each in enumerate(wanted)]
        own = [_enlarged(model, each) for each in spoiled]
        others = _others(regressing, denoising, spoiled)
        distances = {other: _distances(see, pictures, seen) for other, pictures in others.items()}
        found[name] = _liked(
            _distances(see, own, seen),
            distances,
            psnr_y=_psnr(own, wanted, model.scale),
            regressed_psnr_y=_psnr(others["regressed"], wanted, model.scale),
            off=_off(small, own),
            most_off=max(MOST_OFF, _apart(small, spoiled)),
        )
    return found


def sharpened(picture: Pixels, radius: float, amount: float) -> Pixels:
    """By an unsharp mask. radius: σ of its Gaussian, pixels."""
    blurred = cv2.GaussianBlur(picture, (0, 0), radius, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.addWeighted(picture, 1 + amount, blurred, -amount, 0), np.uint8)


def _others(regressing: Restorer, denoising: Restorer, spoiled: Sequence[Picture]) -> dict[str, list[Picture]]:
    """What else there is, by name."""
    bases = {
        "regressed": [_enlarged(regressing, each) for each in spoiled],
        "denoised and regressed": [_enlarged(regressing, _enlarged(denoising, each)) for each in spoiled],
    }
    sharp = {
        f"{base}, {how}": [sharpened(each, *settings) for each in pictures]
        for base, pictures in bases.items()
        for how, settings in _SHARPENINGS.items()
    }
    interpolation = Interpolation("lanczos", regressing.scale)
    return {**bases, **sharp, "lanczos": [_enlarged(interpolation, each) for each in spoiled]}


def _liked(
    own: NDArray[np.float64],
    others: Mapping[str, NDArray[np.float64]],
    *,
    psnr_y: float,
    regressed_psnr_y: float,
    off: float,
    most_off: float,
) -> Liked:
    best = min(others, key=lambda name: float(others[name].mean()))
    low, high = interval(others[best] - own)
    distance, beside = float(own.mean()), float(others[best].mean())
    return Liked(
        distance=round(distance, 5),
        best=best,
        best_distance=round(beside, 5),
        gain=round(beside - distance, 5),
        gain_low=round(low, 5),
        gain_high=round(high, 5),
        psnr_y=psnr_y,
        regressed_psnr_y=regressed_psnr_y,
        off=round(off, 3),
        most_off=round(most_off, 3),
    )


def _distances(see: See, pictures: Sequence[Picture], seen: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Mean over depths of the cosine distance, for each picture."""
    return np.array(
        [
            float(np.square(see(picture) - wanted).sum()) / (2 * len(LAYERS))
            for picture, wanted in zip(pictures, seen, strict=True)
        ]
    )


def _cut(picture: Picture, scale: int) -> Picture:
    height, width = (side - side % scale for side in picture.shape[:2])
    return picture[:height, :width]


def _enlarged(network: Enlarger, picture: Picture) -> Picture:
    return enlarge(network, picture, lambda _: None, lambda: False)


def _psnr(made: Sequence[Picture], wanted: Sequence[Picture], border: int) -> float:
    return round(float(np.mean([score(*pair, border).psnr_y for pair in zip(made, wanted, strict=True)])), 3)


def _off(small: Sequence[Picture], made: Sequence[Picture]) -> float:
    reports = [fidelity.report(*pair) for pair in zip(small, made, strict=True)]
    return float(np.mean([report[fidelity.CONSISTENCY_RMSE] for report in reports]))


def _apart(small: Sequence[Picture], spoiled: Sequence[Picture]) -> float:
    """Mean over pictures of the root mean square difference, 8-bit steps."""
    pairs = zip(small, spoiled, strict=True)
    return float(np.mean([np.sqrt(np.mean(np.square(one.astype(np.float64) - two))) for one, two in pairs]))
