"""Measures what a signed picture is found again after, and how often another one is taken for it.

    python -m training.evaluation.recovery [--cache DIR] [--seeds N] [--strangers N] [--seed N]

Every photograph of the test split is "signed": it is marked with a watermark, its codes and its sketch are kept. Then
it goes through every attack, and is looked for by the rules of `server.recovery`: by codes, confirmed by the sketch;
and by the watermark that is read in it, confirmed by the sketch. Strangers are windows of other photographs. The
calibration of likeness is fitted on the train split.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng

from core.media import Frame, Pixels
from core.watermark.weights import shipped
from detectors.fingerprints import NEAR, Fingerprint, fingerprint, ways
from detectors.sketch import AGREES, likeness, sketch
from detectors.watermark.reader import Reader
from generators.marking.watermark import Embedder
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.attacks import ATTACKS, cropped, fitted
from training.evaluation.intervals import fit_logistic, proportion

LONGEST = 640
"""Pixels: what is compared is far smaller."""
_FITTED_ON = ("jpeg_50", "two_hops", "crop_10", "crop_25_jpeg_50", "crop_to_a_quarter", "rotate_5", "squeeze_10")


@dataclass(frozen=True, slots=True)
class Signed:
    """A photograph with its watermark, and what is kept of it. identifier: None where it was not marked."""

    name: str
    pixels: Pixels
    identifier: int | None
    codes: Fingerprint
    sketch: bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at one picture gave. distance: of the nearest code, in any way to see it. likeness: to the sketch.
    read: the very watermark was read in it.
    """

    distance: int
    likeness: float
    read: bool = False

    @property
    def by_codes(self) -> bool:
        """Whether it is found without a watermark."""
        return self.distance <= NEAR and self.agrees

    @property
    def by_watermark(self) -> bool:
        """Whether it is found by the watermark alone."""
        return self.read and self.agrees

    @property
    def agrees(self) -> bool:
        """Whether a watermark that was read in it would be believed."""
        return self.likeness >= AGREES


def signed(photographs: Mapping[str, Pixels], embedder: Embedder | None = None) -> list[Signed]:
    """Everything that has codes, marked where there is an embedder."""
    found = []
    for number, (name, whole) in enumerate(sorted(photographs.items())):
        pixels, identifier = fitted(whole, LONGEST), None
        if embedder is not None:
            identifier = int(default_rng([7, number]).integers(1 << 48))
            pixels = embedder.embed(pixels, identifier).pixels
        if (codes := fingerprint(Frame(pixels))) is not None:
            found.append(Signed(name, pixels, identifier, codes, sketch(pixels)))
    return found


def look(pixels: Pixels, at: Signed, reader: Reader) -> Looked:
    """One picture beside one that was signed."""
    mark = reader.read(pixels)
    read = mark is not None and mark.identifier == at.identifier
    return Looked(distance(ways(Frame(pixels)), at.codes), likeness(pixels, at.sketch), read)


def distance(seen: Sequence[Fingerprint], codes: Fingerprint) -> int:
    """Differing bits of the nearest code; 256 for a picture without any."""
    each = (min((way.pdq ^ codes.pdq).bit_count(), (way.iscc ^ codes.iscc).bit_count()) for way in seen)
    return min(each, default=256)


def survived(originals: Sequence[Signed], seeds: int, reader: Reader) -> Iterator[tuple[str, list[Looked]]]:
    """Every attack on every photograph."""
    for attack, change in ATTACKS.items():
        yield (
            attack,
            [
                look(change(each.pixels, default_rng([seed, *each.name.encode()])), each, reader)
                for each in originals
                for seed in range(seeds)
            ],
        )


def strangers(originals: Sequence[Signed], others: Sequence[Signed], count: int, rng: Generator) -> list[Looked]:
    """Windows of other photographs: codes against everything that was signed, the sketch against one of it."""
    found = []
    for number in range(count):
        other = others[number % len(others)]
        window = cropped(other.pixels, float(rng.uniform(0.4, 1.0)), rng)
        against = [each for each in originals if each.name != other.name]
        seen = ways(Frame(window))
        one = against[int(rng.integers(len(against)))]
        found.append(Looked(min(distance(seen, each.codes) for each in against), likeness(window, one.sketch)))
    return found


def calibrated(originals: Sequence[Signed], rng: Generator) -> tuple[float, float, float]:
    """Weight, bias and bound of `detectors.sketch.CALIBRATION`."""
    same = [
        likeness(ATTACKS[name](each.pixels, rng), each.sketch)
        for place, each in enumerate(originals)
        for name in (_FITTED_ON[place % len(_FITTED_ON)], _FITTED_ON[(place + 3) % len(_FITTED_ON)])
    ]
    turned = [*originals[1:], originals[0]]
    other = [
        likeness(cropped(each.pixels, float(rng.uniform(0.4, 1.0)), rng), wrong.sketch)
        for step in (1, 2)
        for each, wrong in zip(originals, turned[step - 1 :] + turned[: step - 1], strict=True)
    ]
    features = np.array([*same, *other])[:, None]
    truth = np.arange(len(features)) < len(same)
    weight, bias = fit_logistic(features, truth)
    return float(weight), float(bias), math.log10(len(originals))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.recovery", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--seeds", type=int, default=1, help="attacks of each kind on each photograph")
    parser.add_argument("--strangers", type=int, default=1000, help="windows of other photographs")
    parser.add_argument("--seed", type=int, default=1, help="of the strangers' windows")
    arguments = parser.parse_args()
    weights = shipped()
    originals = signed(load_split(arguments.cache, "test"), Embedder.load(weights))
    others = signed(load_split(arguments.cache, "train"))
    weight, bias, bound = calibrated(others, default_rng(1))
    print(f"calibration on {len(others)} photographs: weight {weight:.2f}, bias {bias:.2f}, bound {bound:.2f}")
    far = strangers(originals, others, arguments.strangers, default_rng(arguments.seed))
    print(f"{len(far)} windows of {len(others)} other photographs against {len(originals)}:")
    print(
        f"  by codes {proportion(sum(each.distance <= NEAR for each in far), len(far))}, with the sketch "
        f"{proportion(sum(each.by_codes for each in far), len(far))}, nearest {min(e.distance for e in far)} bits"
    )
    print(
        f"  a copied watermark confirmed {proportion(sum(each.agrees for each in far), len(far))}, "
        f"likeness at most {max(each.likeness for each in far):.2f}"
    )
    print(f"{'attack':20} {'by codes':30} {'by the watermark':30} {'by either':30} least likeness")
    for attack, looked in survived(originals, arguments.seeds, Reader.load(weights)):
        codes = proportion(sum(each.by_codes for each in looked), len(looked))
        marks = proportion(sum(each.by_watermark for each in looked), len(looked))
        either = proportion(sum(each.by_codes or each.by_watermark for each in looked), len(looked))
        least = min(each.likeness for each in looked)
        print(f"{attack:20} {codes:30} {marks:30} {either:30} {least:.2f}", flush=True)


if __name__ == "__main__":
    main()
