"""A GeoTIFF through the pipeline: what leaves is the scene, finer, signed in place, and not touched otherwise."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from generators.base import Generator
from generators.catalog import classical
from generators.marking.label import Label
from generators.parameters import parse
from generators.scenes.enhancing import MEASURED
from server.convert.notes import fidelity_of
from server.requests import Made, Order
from tests.generators.scenes.test_files import averaged
from tests.geotiffs import bands, geotiff, hole, seen
from tests.server.conftest import CALLER, House, leaf, png

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROWS, COLUMNS = slice(10, 31), slice(40, 75)


def silent(_stage: str, _fraction: float) -> None:
    pass


def model(name: str) -> Generator:
    return next(each for each in classical() if each.name == name)


async def make(house: House, name: str, data: bytes, settings: dict[str, str] | None = None, **fields: Any) -> Made:
    used = model(name)
    order = Order(uuid.uuid4().hex, used, parse(used.parameters, settings or {}), source=data, **fields)
    return await house.pipeline.make(order, CALLER, silent)


@pytest.mark.parametrize(
    "options", [{}, {"BIGTIFF": "YES", "tiled": True, "blockxsize": 64, "blockysize": 64}], ids=str
)
async def test_the_signed_file_is_the_scene(house: House, options: dict[str, object]) -> None:
    data = geotiff(hole(bands("uint16", 5), 0, ROWS, COLUMNS), 0, **options)
    made = await make(house, "lanczos", data, {"scale": "2"})
    assert made.output
    old, new = seen(data), seen(made.output)
    assert new.bounds == old.bounds
    assert (new.profile["crs"], new.profile["nodata"]) == (old.profile["crs"], 0)
    assert (new.descriptions, new.tags) == (old.descriptions, old.tags)
    np.testing.assert_array_equal(averaged(new.samples, 2), old.samples)
    media, credential = await house.examiner.inspect(made.output)
    assert credential.state.value == "trusted"
    assert (media.width, media.height) == (256, 192)


async def test_the_record_the_caller_and_the_manifest_are_told_of_each_band(house: House) -> None:
    data = geotiff(hole(bands("int16", 2), -9999, ROWS, COLUMNS), -9999)
    made = await make(house, "bicubic", data)
    entry = leaf(made.recorded)
    assert entry["making"]["marks"] == {"watermarked": False, "unmarked": MEASURED}
    assert entry["making"]["notes"]["bands"] == 2
    told = fidelity_of(made.recorded)
    assert told is not None
    assert [band.number for band in told.bands] == [1, 2]
    old = seen(data).samples[1]
    assert told.bands[1].mean_after == told.bands[1].mean_before == pytest.approx(old[old != -9999].mean())
    assert told.bands[1].consistency_max == 0
    assert made.output
    _, credential = await house.examiner.inspect(made.output)
    said = json.loads(credential.store_json)["manifests"][credential.manifest_id]["assertions"]
    (fidelity,) = (one["data"] for one in said if one["label"] == "org.countersign.fidelity")
    assert fidelity["band_2_mean_after"] == pytest.approx(told.bands[1].mean_after)


async def test_a_label_cannot_be_drawn_on_measurements(house: House) -> None:
    with pytest.raises(InvalidInput, match="measured values") as refused:
        await make(house, "bicubic", geotiff(bands("uint8", 3)), label=Label("made by AI"))
    assert refused.value.field == "label"


REFUSED: dict[str, tuple[str, bytes, dict[str, str], str]] = {
    "for eyes": ("clahe", geotiff(bands("uint8", 3)), {}, "model"),
    "no georeference": ("bicubic", png(), {"profile": "satellite"}, "parameters.profile"),
    "no place": ("bicubic", geotiff(bands("uint8", 3), transform=None), {}, "media"),
    "truncated": ("bicubic", geotiff(bands("uint16", 3))[:9000], {}, "media"),
    "NaN": ("bicubic", geotiff(np.full((1, 9, 9), np.nan, np.float32)), {}, "media"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_refused_is_refused_on_the_record(house: House, case: str) -> None:
    name, data, settings, field = REFUSED[case]
    with pytest.raises(InvalidInput) as refused:
        await make(house, name, data, settings)
    assert refused.value.field == field
    assert (await house.entries())[0]["refusal"]["field"] == field


async def test_a_scene_is_screened_as_a_picture(house: House) -> None:
    """In bands that no picture has, stretched so that somebody can look at them."""
    media = await house.examiner.open(geotiff(bands("float32", 7)))
    pixels = media.frames()[0].pixels
    assert pixels.shape == (96, 128, 3)
    assert pixels.std() > 40
    assert "scene" not in media.views
