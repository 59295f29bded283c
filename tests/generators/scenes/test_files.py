"""Enhanced scenes as files, read by rasterio and compared with what they were made of."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.rpc import RPC

from tests.generators.scenes.conftest import cubic, made, smooth
from tests.geotiffs import NODATA, PLACE, TURNED, Seen, bands, geotiff, hole, seen

ROWS, COLUMNS = slice(10, 31), slice(40, 75)


def averaged(samples: NDArray[np.generic], scale: int) -> NDArray[np.float64]:
    count, height, width = samples.shape
    blocks = samples.reshape(count, height // scale, scale, width // scale, scale)
    return np.asarray(blocks.astype(np.float64).mean(axis=(2, 4)))


def pair(data: bytes, scale: int) -> tuple[Seen, Seen]:
    return seen(data), seen(made(data, cubic(scale)).data)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_ground_stays_where_it_was(scale: int, dtype: str) -> None:
    old, new = pair(geotiff(bands(dtype), NODATA[dtype]), scale)
    np.testing.assert_allclose(new.bounds, old.bounds, rtol=1e-15)
    side = 10.0 / scale
    assert new.transform == rasterio.Affine(side, 0, PLACE.c, 0, -side, PLACE.f)
    assert (new.transform.c, new.transform.f) == (old.transform.c, old.transform.f)
    for name in ("crs", "dtype", "nodata", "count"):
        assert new.profile[name] == old.profile[name]
    assert (new.descriptions, new.interpretation) == (old.descriptions, old.interpretation)
    assert new.tags == old.tags
    assert new.samples.shape[1:] == tuple(side * scale for side in old.samples.shape[1:])


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_averaged_back_it_is_the_old_scene(scale: int, dtype: str) -> None:
    data = geotiff(hole(bands(dtype), NODATA[dtype], ROWS, COLUMNS), NODATA[dtype])
    old, new = pair(data, scale)
    valid = old.samples != NODATA[dtype]
    wanted, found = old.samples[valid].astype(np.float64), averaged(new.samples, scale)[valid]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=0 if dtype != "float32" else 1e-6)
    assert new.samples.std() > old.samples.std() * 0.9


def test_holes_are_what_they_were_and_nothing_of_them_leaks(dtype: str) -> None:
    """The same scene with two nodata values measures the same."""
    plain = bands(dtype)
    other = {"uint8": 255, "uint16": 65535, "int16": 32767, "float32": 1e30}[dtype]
    files = [geotiff(hole(plain, nodata, ROWS, COLUMNS), nodata) for nodata in (NODATA[dtype], other)]
    first, second = (seen(made(data, cubic(2)).data).samples for data in files)
    outside = np.ones(first.shape, bool)
    outside[:, 2 * ROWS.start : 2 * ROWS.stop, 2 * COLUMNS.start : 2 * COLUMNS.stop] = False
    np.testing.assert_array_equal(first == NODATA[dtype], ~outside)
    np.testing.assert_array_equal(second == np.array(other, dtype), ~outside)
    np.testing.assert_array_equal(first[outside], second[outside])


def test_nan_is_nodata_where_the_file_says_so() -> None:
    data = geotiff(hole(bands("float32"), np.nan, ROWS, COLUMNS), np.nan)
    new = seen(made(data, cubic(2)).data)
    assert np.isnan(new.profile["nodata"])
    assert np.isnan(new.samples).sum() == 4 * np.isnan(seen(data).samples).sum()
    assert np.isfinite(new.samples[:, :16]).all()


def test_a_mean_stays_where_a_method_would_move_it(dtype: str) -> None:
    data = geotiff(hole(bands(dtype), NODATA[dtype], ROWS, COLUMNS), NODATA[dtype])
    old, output = seen(data), made(data, smooth())
    new = seen(output.data)
    assert new.transform == old.transform
    for before, after in zip(old.samples, new.samples, strict=True):
        valid = before != NODATA[dtype]
        np.testing.assert_array_equal(after[~valid], before[~valid])
        moved = abs(float(after[valid].mean(dtype=float) - before[valid].mean(dtype=float)))
        assert moved <= max(0.005 * before[valid].std(), 0.5 if dtype != "float32" else 0)
        assert after[valid].std() < before[valid].std()


@pytest.mark.parametrize("transform", [TURNED, rasterio.Affine(10, 0, 5.5, 0, 10, 7.25)], ids=["turned", "south up"])
def test_turned_grids_stay_turned(transform: rasterio.Affine) -> None:
    old, new = pair(geotiff(bands("uint16", 1), transform=transform), 2)
    assert new.transform == transform @ transform.scale(0.5)
    assert new.bounds == old.bounds


def test_coordinates_of_middles_keep_the_corner() -> None:
    data = geotiff(bands("uint16", 1), described=False)
    old, new = pair(geotiff(bands("uint16", 1), tags={"AREA_OR_POINT": "Point"}, described=False), 4)
    assert old.transform == seen(data).transform
    assert new.transform == PLACE @ PLACE.scale(0.25)


def test_control_points_move_with_the_grid() -> None:
    points = [
        GroundControlPoint(row, col, 500 + col, 900 - row, 3.0) for row, col in ((0, 0), (0, 100), (90, 0), (90, 9))
    ]
    old, new = pair(geotiff(bands("uint16", 1), transform=None, gcps=points, described=False), 2)
    assert [(each.row, each.col) for each in new.gcps[0]] == [(2 * each.row, 2 * each.col) for each in old.gcps[0]]
    assert [(each.x, each.y, each.z) for each in new.gcps[0]] == [(each.x, each.y, each.z) for each in old.gcps[0]]


def test_a_cameras_model_moves_with_the_grid() -> None:
    terms = [1.0, *([0.0] * 19)]
    model = RPC(
        height_off=10, height_scale=100, lat_off=45, lat_scale=1, line_off=48, line_scale=48, long_off=9, long_scale=1,
        samp_off=64, samp_scale=64, line_den_coeff=terms, line_num_coeff=terms, samp_den_coeff=terms,
        samp_num_coeff=terms, err_bias=0.5, err_rand=0.25,
    )  # fmt: skip
    old, new = pair(geotiff(bands("uint16", 1), transform=None, crs=None, rpcs=model, described=False), 2)
    assert (new.rpcs.line_off, new.rpcs.samp_off) == (96.5, 128.5)
    assert (new.rpcs.line_scale, new.rpcs.samp_scale) == (96, 128)
    assert new.rpcs.lat_off == old.rpcs.lat_off


def test_colours_and_alpha() -> None:
    samples = bands("uint8", 4)
    samples[3] = 255
    samples[3, ROWS, COLUMNS] = 0
    data = geotiff(samples, photometric="RGB", alpha="YES")
    old, new = pair(data, 2)
    assert old.interpretation == new.interpretation == ("red", "green", "blue", "alpha")
    np.testing.assert_array_equal(new.samples[3], old.samples[3].repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("count", [1, 2, 13, 32])
def test_many_bands(count: int) -> None:
    old, new = pair(geotiff(bands("int16", count, 40, 48), -9999), 2)
    np.testing.assert_array_equal(averaged(new.samples, 2), old.samples)
    assert new.descriptions == old.descriptions


LAYOUTS: list[dict[str, object]] = [
    {"BIGTIFF": "YES"},
    {"tiled": True, "blockxsize": 64, "blockysize": 64},
    {"interleave": "band"},
    {"compress": "lzw", "predictor": 2},
]


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
def test_layouts_of_files(options: dict[str, object]) -> None:
    old, new = pair(geotiff(bands("uint16"), 0, **options), 2)
    np.testing.assert_array_equal(averaged(new.samples, 2), old.samples)


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (3, 2)])
def test_the_smallest_scenes(shape: tuple[int, int]) -> None:
    samples = np.arange(1, 1 + 2 * shape[0] * shape[1], dtype=np.uint16).reshape(2, *shape)
    old, new = pair(geotiff(samples, 0), 4)
    np.testing.assert_array_equal(averaged(new.samples, 4), old.samples)


def test_statistics_of_the_old_values_are_not_said_of_the_new() -> None:
    data = geotiff(bands("uint16", 1), units={"STATISTICS_MEAN": "5", "UNIT": "W/m2"})
    assert seen(data).tags[0]["STATISTICS_MEAN"] == "5"
    _, new = pair(data, 2)
    assert new.tags[0].get("UNIT") == "W/m2"
    assert "STATISTICS_MEAN" not in new.tags[0]


def test_the_notes_tell_each_band() -> None:
    data = geotiff(hole(bands("uint16", 2), 0, ROWS, COLUMNS), 0)
    notes, old, new = made(data, cubic(2)).notes, seen(data), seen(made(data, cubic(2)).data)
    assert notes["bands"] == 2
    for band in range(2):
        valid = old.samples[band] != 0
        assert notes[f"band_{band + 1}_mean_before"] == pytest.approx(old.samples[band][valid].mean())
        assert notes[f"band_{band + 1}_deviation_after"] == pytest.approx(
            new.samples[band][new.samples[band] != 0].std()
        )
        assert notes[f"band_{band + 1}_valid"] == pytest.approx(valid.mean())
        assert notes[f"band_{band + 1}_consistency_max"] == 0
