"""The jpeg parser, against a library that reads the coefficients themselves."""

from __future__ import annotations

from pathlib import Path

import jpeglib
import numpy as np
import pytest
from PIL import Image

from core.parsers import jpeg
from core.sandbox import Sandbox
from detectors import dct
from tests.core.files import save, scene

PHOTOGRAPH = Path(__file__).parents[1] / "media" / "jaguars.jpg"


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(("quality", "wrong"), [(60, 1e-4), (85, 1e-3), (95, 0.02)])
def test_the_luma_gives_back_the_stored_coefficients(
    tmp_path: Path, quality: int, wrong: float, progressive: bool
) -> None:
    path = tmp_path / "again.jpg"
    with Image.open(PHOTOGRAPH) as picture:
        picture.convert("RGB").save(path, quality=quality, progressive=progressive)
    view = jpeg.read(path.read_bytes())
    blocks = dct.blocks(view.arrays["luma"])
    whole = dct.unsaturated(blocks)
    mine = np.rint(dct.transform(blocks) / view.arrays["tables"][0])[whole]
    stored = jpeglib.read_dct(str(path)).Y[: whole.shape[0], : whole.shape[1]][whole]
    assert (mine != stored).mean() <= wrong


@pytest.mark.parametrize("quality", [1, 30, 50, 75, 90, 100])
def test_quality_of_standard_tables(quality: int) -> None:
    view = jpeg.read(save(Image.fromarray(scene()), "image/jpeg", quality=quality))
    assert view.facts["quality"] == quality
    assert view.facts["standard_table"]
    assert (view.arrays["tables"][0] == jpeg.luma_table(quality)).all()


def test_a_table_of_its_own() -> None:
    table = [7] * 64
    view = jpeg.read(save(Image.fromarray(scene()), "image/jpeg", qtables=[table, table]))
    assert not view.facts["standard_table"]
    assert (view.arrays["tables"] == 7).all()


@pytest.mark.parametrize(("option", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_subsampling(option: int, name: str) -> None:
    view = jpeg.read(save(Image.fromarray(scene()), "image/jpeg", subsampling=option))
    assert view.facts["subsampling"] == name
    assert view.facts["components"] == 3


def test_grey() -> None:
    view = jpeg.read(save(Image.fromarray(scene()[..., 0]), "image/jpeg"))
    assert view.facts["subsampling"] == "grey"
    assert view.arrays["tables"].shape == (1, 8, 8)


def test_large_pictures_give_their_middle_on_the_grid() -> None:
    wide = np.zeros((50, jpeg.MAX_SIDE + 100, 3), np.uint8)
    view = jpeg.read(save(Image.fromarray(wide), "image/jpeg"))
    x, y, width, height = view.facts["region"]
    assert view.arrays["luma"].shape == (height, width) == (48, jpeg.MAX_SIDE)
    assert x % 8 == y % 8 == 0
    assert 0 < x <= 100


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 nothing more", PHOTOGRAPH.read_bytes()[:5000]])
def test_what_cannot_be_decoded_is_an_error(data: bytes) -> None:
    assert "cannot be decoded" in jpeg.read(data).error


def test_cmyk_is_not_judged() -> None:
    assert jpeg.read(save(Image.fromarray(scene()).convert("CMYK"), "image/jpeg")).error


async def test_the_sandbox_reads_the_same(sandbox: Sandbox) -> None:
    data = PHOTOGRAPH.read_bytes()
    inside, outside = (await sandbox.open(data, ["jpeg"])).view("jpeg"), jpeg.read(data)
    assert inside.facts == outside.facts
    assert (inside.arrays["luma"] == outside.arrays["luma"]).all()
    other = await sandbox.open(save(Image.fromarray(scene()), "image/png"), ["jpeg"])
    assert other.view("jpeg").error == "not a JPEG"
