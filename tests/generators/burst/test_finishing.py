"""What is done to a merged picture: it keeps its size, depth and greys, and its tiles do not show."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Cancelled, ConfigurationError
from core.media import Frame
from generators import cards
from generators.base import Job
from generators.burst.finishing import Finish, share
from generators.burst.generator import BurstMerger
from generators.classical.interpolation import Interpolation
from generators.tiling import Plan, Samples
from tests.generators.burst.pictures import burst
from tests.generators.pictures import media, photo

CARD = cards.shipped("burst.md")


@dataclass(frozen=True)
class Softening:
    """A network of factor 1 that looks two pixels far."""

    scale: int = 1
    multiple_of: int = 8
    digest: str = "softening"

    def __call__(self, pixels: Samples) -> Samples:
        blurred = cv2.blur(pixels.astype(np.float32), (5, 5), borderType=cv2.BORDER_REFLECT_101)
        return (np.rint(blurred) if pixels.dtype == np.uint8 else blurred).astype(pixels.dtype)


def finish(size: int = 256, doubt: float = 1e-9) -> Finish:
    """doubt: the network is heeded wholly unless told otherwise."""
    return Finish(Softening(), Plan(size, 2), doubt)


def test_a_network_that_enlarges_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="enlarges ×2"):
        Finish(Softening(scale=2), Plan(256, 2), 1.0)


def test_its_tiles_cannot_be_told_from_the_whole() -> None:
    merged = Frame(photo("fig.jpg", 100, 140))
    whole, tiled = (finish(size)(merged, 5.0, lambda _: None, lambda: False).pixels for size in (256, 24))
    assert np.array_equal(whole, tiled)
    assert not np.array_equal(whole, merged.pixels)


def test_greys_and_depth_stay() -> None:
    grey = np.repeat(photo("fig.jpg", 60, 60)[..., :1], 3, axis=2)
    made = finish()(Frame(grey, deep=grey.astype(np.uint16) * 257), 5.0, lambda _: None, lambda: False)
    assert np.array_equal(made.pixels[..., 0], made.pixels[..., 2])
    assert made.deep is not None
    assert len(np.unique(made.deep)) > 256


def test_a_burst_is_finished_after_it_was_merged() -> None:
    first, *others = (media(each) for each in burst(3, side=96).pictures)
    job = Job(first, {}, burst=tuple(others))
    plain, finished = (BurstMerger(Interpolation("bicubic", 2), CARD, finish=each) for each in (None, finish()))
    seen: list[float] = []
    (merged,) = plain.generate([job], lambda _: None, lambda: False)
    (made,) = finished.generate([job], seen.append, lambda: False)
    assert np.abs(made.frame.pixels.astype(int) - Softening()(merged.frame.pixels)).max() <= 1
    assert float(made.notes["sharpness_after"]) < float(merged.notes["sharpness_after"])
    assert plain.version != finished.version
    assert seen == sorted(seen)
    assert seen[-1] == 1


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0.1, 20))
def test_the_noisier_the_pictures_the_more_the_network_is_heeded(noise: float, more: float, doubt: float) -> None:
    assert 0 <= share(noise, doubt) <= share(noise + more, doubt) < 1
    assert share(doubt, doubt) == pytest.approx(0.5)


def test_a_merge_of_clean_pictures_stays_as_it_is() -> None:
    merged = Frame(photo("fig.jpg", 60, 60))
    made = [finish(doubt=2.0)(merged, noise, lambda _: None, lambda: False).pixels for noise in (0.0, 2.0, 200.0)]
    assert np.array_equal(made[0], merged.pixels)
    whole = made[2].astype(int) - merged.pixels
    assert np.abs(2 * (made[1].astype(int) - merged.pixels) - whole).max() <= 3


def test_it_stops_when_it_is_told_to() -> None:
    with pytest.raises(Cancelled):
        finish(24)(Frame(photo("fig.jpg", 100, 100)), 5.0, lambda _: None, lambda: True)
