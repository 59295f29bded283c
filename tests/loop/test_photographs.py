"""A photographer's files through a server of its own: a raw file and a phone's picture, opened by other libraries."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.core.photofiles import dng, heic_of, linear, mosaic
from tests.generators.pictures import photo
from tests.generators.test_privacy import SERIALS, XMP, exif
from tests.loop.conftest import Served
from tests.provenance.conftest import opinion_of

WIDE, HIGH = 320, 240


@pytest.fixture(scope="module")
def served(shared: Served) -> Served:
    return shared


@pytest.fixture(scope="module")
def folder(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw file made larger, and a phone's picture that is to tell nothing, with the answers to both."""
    made = tmp_path_factory.mktemp("photographs")
    pixels = photo("mountains.jpg", HIGH, WIDE)
    (made / "in.dng").write_bytes(dng(mosaic(linear(pixels))))
    phone = Image.fromarray(pixels)
    phone.info = {"exif": exif(), "xmp": XMP}
    (made / "in.heic").write_bytes(heic_of(phone))
    orders: dict[str, tuple[str | Path, ...]] = {
        "raw": (made / "in.dng", "-o", made / "out.tiff", "--task", "upscale", "--format", "tiff"),
        "phone": (made / "in.heic", "-o", made / "out.png", "--task", "denoise", "--private"),
    }
    for name, words in orders.items():
        (made / f"{name}.json").write_text(json.dumps(served.json("enhance", *words)))
    return made


def answer(folder: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((folder / f"{name}.json").read_text()))


def test_a_raw_file_comes_back_as_a_signed_tiff_of_16_bits(served: Served, folder: Path) -> None:
    read = tifffile.imread(io.BytesIO((folder / "out.tiff").read_bytes()))
    assert read.dtype == np.uint16
    assert read.shape == (2 * HIGH, 2 * WIDE, 3)
    assert len(np.unique(read & 0xFF)) == 256
    small = np.asarray(Image.fromarray((read >> 8).astype(np.uint8)).resize((WIDE, HIGH)), np.float64)
    assert np.abs(small - photo("mountains.jpg", HIGH, WIDE)).mean() < 8
    seen = served.json("inspect", folder / "out.tiff")
    assert seen["state"] == "TRUSTED"
    actions = [action["action"] for action in seen["chain"]["actions"]]
    assert "c2pa.watermarked.bound" in actions, "the mark was woven into 8 bits and reads in 16"
    with Image.open(folder / "out.tiff") as picture:
        assert picture.getexif()[0x010F] == "Acme"
        assert picture.info["icc_profile"][16:20] == b"RGB "


def test_a_phones_picture_tells_nothing_any_more(served: Served, folder: Path) -> None:
    data = (folder / "out.png").read_bytes()
    for trace in (*SERIALS, "Lovelace", "Berlin", "52,31"):
        assert trace.encode() not in data
    assert {"GPSInfo", "BodySerialNumber", "City"} <= set(answer(folder, "phone")["left_out"])
    assert answer(folder, "raw")["left_out"] == []
    assert imagecodecs.png_decode(data).shape == (HIGH, WIDE, 3)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.getexif()[0x013B] == "Ada"
    assert served.json("inspect", folder / "out.png")["state"] == "TRUSTED"


@pytest.mark.parametrize(("name", "mime"), [("out.tiff", "image/tiff"), ("out.png", "image/png")])
def test_a_reader_that_shares_no_code_with_ours_trusts_both(
    served: Served, folder: Path, name: str, mime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCYPHER_C2PA_CONFIG_DIR", str(folder))
    root = (served.data_dir / "provenance/root.pem").read_text()
    opinion = opinion_of((folder / name).read_bytes(), mime, root)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion


def test_a_raw_file_can_be_screened(served: Served, folder: Path) -> None:
    (seen,) = served.json("screen", folder / "in.dng")
    assert seen["action"] == "ALLOW"


def test_a_raw_file_that_ends_early_is_refused(served: Served, folder: Path) -> None:
    whole = (folder / "in.dng").read_bytes()
    (folder / "cut.dng").write_bytes(whole[: len(whole) // 2])
    words = ("enhance", folder / "cut.dng", "-o", folder / "never.png", "--task", "upscale")
    refused = served.json(*words, code=2)
    assert "ends early" in json.dumps(refused)
    assert not (folder / "never.png").exists()
