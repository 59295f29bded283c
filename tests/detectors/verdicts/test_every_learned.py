"""What every learned detector of the catalog promises on odd pictures, beside the contract of all detectors.

One that sees through stands with them, so that the promises are held against something where nothing is shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.media import Kind, Media
from detectors.base import Verdict
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.verdicts.learned import LearnedDetector
from detectors.verdicts.names import CARRIED
from tests.detectors.making import coded, halved, media
from tests.detectors.test_contract import check
from tests.detectors.verdicts.readers import ORDINARY, Redness


@cache
def learned() -> dict[str, LearnedDetector]:
    shipped = [each for each in build(HashList()) if isinstance(each, LearnedDetector) and Kind.IMAGE in each.kinds]
    return {each.name: each for each in (*shipped, Redness(ORDINARY))}


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, shape, np.uint8)


def animated(side: int) -> bytes:
    frames = [Image.fromarray(noise(side, side, 3)) for _ in range(2)]
    return coded(frames[0], "GIF", save_all=True, append_images=frames[1:])


ODD: dict[str, Callable[[int], bytes]] = {
    "one pixel": lambda _: coded(noise(1, 1, 3)),
    "a row": lambda _: coded(noise(1, 900, 3)),
    "a column": lambda _: coded(noise(900, 1, 3)),
    "just too small": lambda least: coded(noise(least - 1, least * 3, 3)),
    "just large enough": lambda least: coded(noise(least, least, 3)),
    "extreme aspect": lambda least: coded(noise(least, 3000, 3), "JPEG"),
    "grey": lambda least: coded(noise(least + 3, least + 8)),
    "alpha": lambda least: coded(noise(least + 3, least + 8, 4)),
    "palette": lambda least: coded(Image.fromarray(noise(least + 1, least + 1, 3)).quantize(8)),
    "16 bit": lambda least: coded(Image.fromarray(noise(least + 5, least).astype(np.uint16) * 257)),
    "animated": animated,
    "black": lambda least: coded(np.zeros((least * 2, least * 2, 3), np.uint8)),
    "white": lambda least: coded(np.full((least * 2, least * 2, 3), 255, np.uint8), "JPEG"),
}


def made(what: str, detector: LearnedDetector) -> Media:
    return media(ODD[what](detector.least_side))


@pytest.mark.parametrize("what", ODD)
def test_an_odd_picture_has_a_finding_and_too_small_a_one_no_figure(what: str) -> None:
    for detector in learned().values():
        item = made(what, detector)
        for finding in detector.detect([item] if item.kind in detector.kinds else []):
            check(finding, detector)
            if min(item.frames()[0].pixels.shape[:2]) < detector.least_side:
                assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("picture.too_small",)), detector.name


def test_a_batch_of_all_of_them_is_answered_in_order() -> None:
    for detector in learned().values():
        items = [item for item in (made(what, detector) for what in ODD) if item.kind in detector.kinds]
        alone = [finding for item in items for finding in detector.detect([item])]
        together = detector.detect(items)
        assert [(each.verdict, each.codes) for each in together] == [(each.verdict, each.codes) for each in alone]


def test_measurements_lie_in_the_ranges_that_policies_are_told() -> None:
    item = media(coded(halved("crab"), "JPEG", quality=75))
    for detector in learned().values():
        (finding,) = detector.detect([item])
        measured = {name: value for name, value in finding.measurements if name in CARRIED}
        assert {"quality.jpeg", "quality.sharpness"} <= measured.keys() or "jpeg" not in detector.views
        for name, value in measured.items():
            low, high = CARRIED[name]
            assert low <= value <= high, (detector.name, name)
