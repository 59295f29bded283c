"""Lists of real photographs, and of codes that nothing was seen in."""

from __future__ import annotations

from functools import cache

import numpy as np

from core.media import Pixels
from detectors.hashes.entry import Said
from detectors.near.description import Describer, Description, Marks
from detectors.near.detector import shipped
from detectors.near.listing import described
from detectors.near.near_list import Described, NearList
from tests.detectors.making import coded, media, photograph

BEACH, PETS = Said("beach", "it is known", "this test", ("sea",)), Said("pets")


@cache
def describer() -> Describer:
    return shipped()


@cache
def file_of(name: str, said: Said = BEACH) -> Described:
    """A photograph of tests/media, as it is listed."""
    return described(media(coded(photograph(name), "JPEG")), said, describer(), name)


@cache
def listed() -> NearList:
    return NearList.empty(describer()).add(file_of("crab"), file_of("dogs", PETS))


def invented(seed: int, said: Said = BEACH) -> Described:
    """A file of one picture that nobody took."""
    rng = np.random.default_rng(seed)
    code: Pixels = rng.integers(0, 256, describer().bits // 8, dtype=np.uint8)
    places = rng.uniform(0, 480, (3, 4)).astype(np.float32)
    seen = rng.uniform(-0.5, 0.5, (3, describer().width)).astype(np.float32)
    return Described(rng.bytes(32).hex(), said, [Description(code, Marks(places, seen))])
