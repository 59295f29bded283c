"""Ships a network that was trained to please, where it does and stays true to its input: pinned, with its card.

    python -m training.restorers.liking runs/perceptual_x4 [--output generators]

How alike pictures look is measured by what nothing here learned from: the distance between what CLIP's image tower
(`detectors.generated.tower`, of a package) sees in the original and in the output, at four depths. PSNR knows nothing
of it: blurred outputs win there. It ships where it looks more like the original than the network that regresses
pixels, than that one sharpened, which is what pleases without any training, and than interpolation; beyond chance,
under each condition; and where its output, reduced again, stays within a bound of the input.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.errors import CountersignError, PreconditionFailed
from core.media import Pixels
from core.weights import read_manifest
from detectors.generated.tower import Tower
from generators import catalog, fidelity, restoration
from generators.classical.interpolation import Interpolation
from generators.restoration import Restorer
from generators.upscale import Enlarger, enlarge
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST, load_split
from training.evaluate import DEFAULT_WEIGHTS
from training.metrics import Picture, score
from training.restorers.liking_card import CARD, write_card
from training.restorers.measuring import interval, middle
from training.restorers.recipe import Spoiling
from training.restorers.shipping import read_run, write
from training.restorers.spoiling import spoil

REGRESSING = "upscale_x4"
"""The network that it started from."""
LAYERS = (2, 5, 8, 10)
MOST_OFF = 6.0
"""Of the root mean square by which outputs, reduced again, may be off their input, 8-bit steps."""
CONDITIONS: Mapping[str, Spoiling | None] = {
    "clean": None,
    "jpeg_75": Spoiling(share=1, jpeg=(75, 75)),
}
_SHARPENED = "regressed, sharpened"
_RADIUS, _AMOUNT = 1.5, 1.0


@dataclass(frozen=True, slots=True)
class Liked:
    """Means under one condition. distance: in what CLIP sees, 0 to 2, its own and that of the best of the others. gain:
    by how much it is nearer, with the ends of its interval. off: of its output, reduced again, 8-bit steps.
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

    @property
    def worth_it(self) -> bool:
        """Whether it is liked better beyond chance, and follows from its input."""
        return self.gain_low > 0 and self.off <= MOST_OFF


def measured(model: Restorer, tower: Tower, originals: Mapping[str, Picture]) -> dict[str, Liked]:
    """By condition. originals: RGB uint8, not learned from."""
    regressing = restoration.load(read_manifest(DEFAULT_WEIGHTS)[REGRESSING], "cpu")
    wanted = [middle(originals[name]) for name in sorted(originals)]
    seen = [tower.features(picture)[1] for picture in wanted]
    found = {}
    for name, how in CONDITIONS.items():
        spoiled = [spoil(each, how, model.scale, np.random.default_rng(number)) for number, each in enumerate(wanted)]
        regressed = [_enlarged(regressing, each) for each in spoiled]
        others = {
            "regressed": regressed,
            _SHARPENED: [sharpened(each) for each in regressed],
            "lanczos": [_enlarged(Interpolation("lanczos", model.scale), each) for each in spoiled],
        }
        own = [_enlarged(model, each) for each in spoiled]
        found[name] = _liked(
            _distances(tower, own, seen),
            {other: _distances(tower, pictures, seen) for other, pictures in others.items()},
            psnr_y=_psnr(own, wanted, model.scale),
            regressed_psnr_y=_psnr(regressed, wanted, model.scale),
            off=_off(spoiled, own),
        )
    return found


def sharpened(picture: Pixels) -> Pixels:
    """By a Gaussian's mask, as strongly as photographers do."""
    blurred = cv2.GaussianBlur(picture, (0, 0), _RADIUS, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.addWeighted(picture, 1 + _AMOUNT, blurred, -_AMOUNT, 0), np.uint8)


def ship(run: Path, output: Path, tower: Tower, originals: Mapping[str, Picture]) -> dict[str, Liked]:
    """Does all of it; what was measured. Raises PreconditionFailed where the network is not worth shipping."""
    ended = read_run(run)
    found = measured(ended.network, tower, originals)
    refuse_disliked(ended.name, found)
    figures = {name: asdict(each) for name, each in found.items()}
    write(ended, output, CARD, {"pictures": len(originals), **figures})
    return found


def refuse_disliked(name: str, found: Mapping[str, Liked]) -> None:
    """Raises PreconditionFailed naming the conditions under which it is not liked better, or strays from its input."""
    lost = [f"{condition}: {line(each)}" for condition, each in found.items() if not each.worth_it]
    if lost:
        raise PreconditionFailed(f"{name} is not worth shipping: {'; '.join(lost)}")


def line(each: Liked) -> str:
    """For the terminal."""
    return (
        f"{each.distance:.4f}, nearer by {each.gain:.4f} [{each.gain_low:.4f}, {each.gain_high:.4f}] than {each.best}; "
        f"{each.psnr_y:.2f} dB for {each.regressed_psnr_y:.2f}; off by {each.off:.2f} of at most {MOST_OFF:g}"
    )


def _liked(
    own: NDArray[np.float64],
    others: Mapping[str, NDArray[np.float64]],
    *,
    psnr_y: float,
    regressed_psnr_y: float,
    off: float,
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
    )


def _distances(tower: Tower, pictures: Sequence[Picture], seen: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Mean over depths of the cosine distance, for each picture."""
    return np.array(
        [
            float(np.square(tower.features(picture)[1] - wanted).sum()) / (2 * len(LAYERS))
            for picture, wanted in zip(pictures, seen, strict=True)
        ]
    )


def _enlarged(network: Enlarger, picture: Picture) -> Picture:
    return enlarge(network, picture, lambda _: None, lambda: False)


def _psnr(made: Sequence[Picture], wanted: Sequence[Picture], border: int) -> float:
    return round(float(np.mean([score(*pair, border).psnr_y for pair in zip(made, wanted, strict=True)])), 3)


def _off(spoiled: Sequence[Picture], made: Sequence[Picture]) -> float:
    reports = [fidelity.report(*pair) for pair in zip(spoiled, made, strict=True)]
    return float(np.mean([report[fidelity.CONSISTENCY_RMSE] for report in reports]))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.restorers.liking",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of a run that has ended")
    parser.add_argument("--output", type=Path, default=catalog.WEIGHTS.parent, help="holds weights/ and cards/")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    try:
        originals = load_split(arguments.cache, "test", arguments.manifest)
        found = ship(arguments.run, arguments.output, Tower.load(LAYERS), originals)
    except CountersignError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    write_card(arguments.output, arguments.run.name, arguments.manifest)
    for condition, each in found.items():
        print(f"{condition:16} {line(each)}")


if __name__ == "__main__":
    main()
