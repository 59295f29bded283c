"""Tiles: they cover the picture once, and a margin as wide as the function looks makes them invisible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from core.errors import Cancelled, ConfigurationError
from core.media import Pixels
from generators import tiling
from tests.generators.pictures import noise

PLANS = st.builds(tiling.Plan, st.integers(1, 40), st.integers(0, 20))


def silent(_: float) -> None:
    """A listener who does not care."""


def blurred_double(pixels: Pixels) -> Pixels:
    """Looks two pixels far, then doubles every pixel."""
    padded = np.pad(pixels, ((2, 2), (2, 2), (0, 0)), mode="edge").astype(np.int64)
    mean = sliding_window_view(padded, (5, 5), axis=(0, 1)).sum(axis=(3, 4)) // 25
    doubled: Pixels = mean.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    return doubled


@given(st.integers(1, 300), PLANS)
def test_tiles_partition_the_axis_and_read_their_margin_where_there_is_one(length: int, plan: tiling.Plan) -> None:
    spans = tiling.spans(length, plan)
    assert [index for span in spans for index in range(span.start, span.stop)] == list(range(length))
    for span in spans:
        assert span.low == max(0, span.start - plan.margin)
        assert span.high == min(length, span.stop + plan.margin)
        assert span.high - span.low <= plan.size + 2 * plan.margin


@settings(deadline=None)  # many small tiles take as long as the machine is busy
@given(st.integers(1, 60), st.integers(1, 60), st.integers(8, 40), st.integers(2, 9))
def test_a_wide_enough_margin_makes_tiles_invisible(height: int, width: int, size: int, margin: int) -> None:
    pixels = noise(height, width)
    tiled = tiling.apply(blurred_double, pixels, tiling.Plan(size, margin), 2, silent, lambda: False)
    assert np.array_equal(tiled, blurred_double(pixels))


def test_too_narrow_a_margin_shows() -> None:
    """So the law above is not true of everything."""
    pixels = noise(40, 40)
    tiled = tiling.apply(blurred_double, pixels, tiling.Plan(10, 0), 2, silent, lambda: False)
    assert not np.array_equal(tiled, blurred_double(pixels))


@given(st.integers(1, 500), st.integers(1, 500), PLANS, st.sampled_from((1, 2, 8, 12)))
def test_aligned_plans_start_every_tile_on_the_grid(height: int, width: int, plan: tiling.Plan, multiple: int) -> None:
    aligned = plan.aligned(multiple)
    assert aligned.size >= plan.size
    assert aligned.margin >= plan.margin
    assert all(span.low % multiple == 0 for side in (height, width) for span in tiling.spans(side, aligned))


def test_no_call_sees_more_than_a_tile_and_its_margin() -> None:
    seen: list[tuple[int, ...]] = []

    def watch(tile: Pixels) -> Pixels:
        seen.append(tile.shape)
        return tile

    tiling.apply(watch, noise(100, 90), tiling.Plan(32, 8), 1, silent, lambda: False)
    assert len(seen) == 4 * 3
    assert max(max(shape[:2]) for shape in seen) == 32 + 2 * 8


def test_progress_counts_tiles() -> None:
    heard: list[float] = []
    tiling.apply(lambda tile: tile, noise(20, 20), tiling.Plan(10, 0), 1, heard.append, lambda: False)
    assert heard == [0.25, 0.5, 0.75, 1.0]


def test_cancelling_stops_between_tiles() -> None:
    heard: list[float] = []
    with pytest.raises(Cancelled):
        tiling.apply(lambda tile: tile, noise(20, 20), tiling.Plan(10, 0), 1, heard.append, lambda: len(heard) == 2)
    assert heard == [0.25, 0.5]


@pytest.mark.parametrize(("size", "margin"), [(0, 0), (-1, 0), (8, -1)])
def test_impossible_plans_are_refused(size: int, margin: int) -> None:
    with pytest.raises(ConfigurationError):
        tiling.Plan(size, margin)
