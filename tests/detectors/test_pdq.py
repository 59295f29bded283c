"""PDQ against golden values of the reference implementation (the `pdqhash` package, 0.2.8)."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.pdq import Pdq, pdq, words_of
from tests.detectors.making import photograph

GOLDEN = {
    "colosseum": ("e58f001ca5fc5fe37b44ac0f767e909182344bab5546af58baab7554e801ab2e", 100),
    "crab": ("680da0589732deb27a90a56c352bde3f6a9ca9e0d5265a0f2b7ce5f21ed4494c", 100),
    "crocodile": ("f1121c6b4ac4a75634638730e99b14aef85a671f97260ef331c9be3cc7864c2b", 100),
    "dandelion": ("ab51a7ea6bc207a28fe50ad736cb0ea98bd3b82b720b631a452bf85cf15c4529", 100),
    "dogs": ("746bd9951cc606f8e047e636331933b8dc8bce6706e6c4ccef1b03398199f21e", 100),
    "fig": ("36344e7b466489998e343f685c6cf56978ad5539a2e432f3cd148fc777522116", 100),
    "jaguars": ("21d3f602b9af1f534cdf7e62933bc005bb4240a7446e9aa1f09f034bdf2039f6", 100),
    "mountains": ("f8167c3abd5d0796e2b500610d4e980e038d778074f03ff1b87e98def28dfc03", 100),
    "stream": ("8d1733ac46e3ad923ba4941b69c94596f826f5f413f3343691251b50aded8567", 100),
}
# Of pictures that every decoder makes alike: noise, and the same kind of noise in large tiles.
NOISE = ("af1f1775a922fb2f454c3fef762c0c86e3293c9e08a9197893596ca69929c04b", 100)
TILES = ("8f16b14c139bb259ad1c93606d80d27b927f6c9f52e22d86cc6456b370c92ff8", 100)


def differing(first: str, second: str) -> int:
    return (int(first, 16) ^ int(second, 16)).bit_count()


@pytest.mark.parametrize("name", GOLDEN)
def test_photographs_hash_as_the_reference_says(name: str) -> None:
    value, quality = GOLDEN[name]
    found = pdq(photograph(name))
    assert differing(found.hex, value) <= 2  # JPEG decoders may differ by one grey level
    assert abs(found.quality - quality) <= 1


def test_made_pictures_hash_exactly_as_the_reference_says() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (129, 200, 3), dtype=np.uint8)
    assert (pdq(noise).hex, pdq(noise).quality) == NOISE
    coarse = np.random.default_rng(2).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    tiles = coarse.repeat(21, axis=0).repeat(17, axis=1)
    assert (pdq(tiles).hex, pdq(tiles).quality) == TILES


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 400, 3), (400, 4, 3)])
def test_what_the_reference_does_not_hash(shape: tuple[int, int, int]) -> None:
    assert pdq(np.full(shape, 77, np.uint8)) == Pdq(0, 0)


def test_a_flat_picture_has_no_quality() -> None:
    assert pdq(np.full((300, 200, 3), 128, np.uint8)).quality == 0


def test_brightness_changes_few_bits_and_another_picture_half() -> None:
    picture = photograph("crab")
    darker = (picture * 0.8).astype(np.uint8)
    assert differing(pdq(picture).hex, pdq(darker).hex) <= 8
    assert differing(pdq(picture).hex, pdq(photograph("dogs")).hex) > 90


def test_words_are_most_significant_first() -> None:
    value = int("0123456789abcdef" + "0" * 47 + "1", 16)
    assert [int(word) for word in words_of(value)] == [0x0123456789ABCDEF, 0, 0, 1]
    assert (Pdq(value, 100).words == words_of(value)).all()
    assert int(Pdq(value, 100).hex, 16) == value
