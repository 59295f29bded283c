"""The sizes that can be reached, and the way there."""

from __future__ import annotations

from pathlib import Path

import pytest

from generators import restoration
from generators.diffusion import enlarging
from generators.diffusion.enlarging import Enlarger
from tests.generators.networks import compact, pin
from tests.generators.pictures import noise


def enlarger(folder: Path, *scales: int, largest: int = 512) -> Enlarger:
    return enlarging.of([restoration.load(pin(folder, f"x{s}", compact(s)), "cpu") for s in scales], largest)


@pytest.mark.parametrize(
    ("scales", "largest", "sizes"),
    [
        ((), 512, (64,)),
        ((2,), 512, (64, 128, 256)),
        ((2, 4), 512, (64, 128, 256, 512)),
        ((2, 4), 1024, (64, 128, 256, 512, 1024)),
        ((2, 4), 64, (64,)),
        ((3,), 600, (64, 192, 576)),
    ],
)
def test_sizes(tmp_path: Path, scales: tuple[int, ...], largest: int, sizes: tuple[int, ...]) -> None:
    assert enlarger(tmp_path, *scales, largest=largest).sizes(64) == sizes


@pytest.mark.parametrize(("size", "passes"), [(16, 0), (32, 1), (64, 1), (128, 2)])
def test_the_shortest_way_is_taken(tmp_path: Path, size: int, passes: int) -> None:
    heard: list[float] = []
    made = enlarger(tmp_path, 2, 4).enlarged(noise(16, 16), size, heard.append, lambda: False)
    assert made.shape == (size, size, 3)
    assert heard == [(done + 1) / passes for done in range(passes)]
