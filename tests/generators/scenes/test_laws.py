"""What holds of every scene: placement, conservation, windows, memory."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from generators.scenes import conserving, windowing
from generators.scenes.conserving import Range
from generators.scenes.enhancing import check, enhance
from generators.scenes.method import Method
from generators.scenes.placement import Placement
from generators.scenes.windowing import Work
from tests.generators.scenes.conftest import cubic, made, opened, smooth
from tests.geotiffs import bands, geotiff, hole, seen

COORDINATES = st.floats(-2e7, 2e7, allow_nan=False).filter(lambda value: abs(value) > 1e-3 or value == 0)
SIDES = st.floats(1e-6, 1e5)


def whole(values: NDArray[np.generic]) -> NDArray[np.float32]:
    return values.astype(np.float32)


@given(COORDINATES, COORDINATES, SIDES, SIDES, st.sampled_from([2, 3, 4]))
def test_the_corner_is_the_same_to_the_last_bit(x: float, y: float, wide: float, high: float, factor: int) -> None:
    (_, scale), (_, ties) = Placement((wide, 0.0, x, 0.0, -high, y)).finer(factor).tags()
    assert (ties[0], ties[1], ties[3], ties[4]) == (0, 0, x, y)
    assert (scale[0], scale[1]) == (wide / factor, high / factor)


@given(COORDINATES, SIDES, st.sampled_from([2, 3, 4]))
def test_so_it_is_where_coordinates_name_middles(x: float, side: float, factor: int) -> None:
    """GDAL takes half a pixel off what the tie point says."""
    (_, scale), (_, ties) = Placement((side, 0.0, x, 0.0, -side, x), point=True).finer(factor).tags()
    assert ties[3] - scale[0] * 0.5 == pytest.approx(x, rel=2**-52, abs=scale[0] * 2**-52)


VALUES = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed))


@given(VALUES, st.sampled_from([2, 3, 4]), st.sampled_from(["uint8", "uint16", "int16"]))
@settings(max_examples=60)
def test_whole_numbers_are_conserved_to_the_last_bit(rng: np.random.Generator, factor: int, dtype: str) -> None:
    limits = np.iinfo(dtype)
    ends = np.sort(rng.integers(limits.min, limits.max + 1, 2))
    old = rng.integers(ends[0], ends[1] + 1, (5, 7)).astype(dtype)
    nodata = float(rng.integers(limits.min, limits.max + 1))
    old = old[:, (old != nodata).all(axis=0)]
    if not old.size:
        return
    ringing = rng.normal(float(old.mean()), 1 + 2 * float(old.std()), (5 * factor, old.shape[1] * factor))
    bounds = Range(float(old.min()), float(old.max()), nodata)
    new = conserving.conserved(whole(ringing), old, whole(old), factor, bounds)
    assert new.dtype == old.dtype
    np.testing.assert_array_equal(conserving.averaged_back(new, factor), old)
    assert new.min() >= old.min()
    assert new.max() <= old.max()
    assert not (new == nodata).any()


@given(VALUES, st.sampled_from([2, 3, 4]))
def test_floats_are_conserved_to_rounding(rng: np.random.Generator, factor: int) -> None:
    old = rng.normal(0.3, 2.0, (6, 5)).astype(np.float32)
    nodata = float(old.mean())
    bounds = Range(float(old.min()), float(old.max()), nodata, step=0.0)
    new = conserving.conserved(whole(rng.normal(0, 5, (6 * factor, 5 * factor))), old, old, factor, bounds)
    np.testing.assert_allclose(conserving.averaged_back(new, factor), old, atol=1e-5)
    assert not (new == np.float32(nodata)).any()
    assert new.min() >= old.min() - 1e-6


def test_a_value_that_would_become_nodata_steps_aside() -> None:
    old = np.array([[7, 9, 11]], np.int16)
    bounds = Range(7, 11, nodata=9)
    new = conserving.kept_level(whole(np.full((1, 3), 9)), old, whole(old), old != 9, bounds)
    assert not (new == 9).any()


@pytest.mark.parametrize("method", [cubic(2), cubic(4), smooth()], ids=["x2", "x4", "same size"])
def test_windows_cannot_be_told_from_the_whole(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a step: sums of other windows round otherwise."""
    samples = hole(bands("uint16", 2, 200, 230), 0, slice(60, 140), slice(50, 120))
    data = geotiff(samples, 0)
    monkeypatch.setattr(windowing, "SIDES", {})
    monkeypatch.setattr(windowing, "_LEAST_SIDE", 64)
    cut = seen(made(data, method).data).samples
    monkeypatch.setattr(windowing, "_LEAST_SIDE", 1024)
    at_once = seen(made(data, method).data).samples
    assert np.abs(cut.astype(int) - at_once).max() <= 1
    assert (cut == at_once).mean() > 0.99


def test_memory_is_that_of_a_window_and_the_file() -> None:
    """A scene of four times the area: beside the file that grows with it, hardly more memory is needed."""

    def peak(side: int) -> tuple[int, int]:
        plain = np.full((1, side, side), 1000, np.uint16) + np.arange(side, dtype=np.uint16)[None, :, None] % 7
        scene = check(opened(geotiff(plain, 0, described=False)), 2, 100_000_000)
        tracemalloc.start()
        output = enhance(scene, cubic(2), lambda _: None, lambda: False)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, len(output.data)

    small, _ = peak(768)
    large, file = peak(1536)
    raw = 4 * 1536**2 * 2
    assert large - small < 4 * file + raw / 4


def test_windows_cover_the_scene_once_and_tell_how_far_they_are() -> None:
    scene = check(opened(geotiff(bands("uint8", 1, 300, 70), 0)), 4, 100_000_000)
    told: list[float] = []
    covered = np.zeros(scene.shape, int)
    for window in Work(scene, cubic(4)).windows(told.append, lambda: False):
        covered[window.rows, window.columns] += 1
    assert (covered == 1).all()
    assert told == sorted(told)
    assert math.isclose(told[-1], 1.0)
