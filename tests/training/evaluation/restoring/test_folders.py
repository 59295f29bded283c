"""Any folder of pictures: depths, alpha, orientation, and what is said of folders without a picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput
from tests.training.conftest import textured
from training.evaluation.restoring.folders import Folder


def read(folder: Path, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = Folder(folder).read(folder / name)
    assert picture is not None
    assert picture.dtype == np.dtype(np.uint8)
    assert picture.shape[2] == 3
    return picture


def test_every_depth_and_every_kind_of_colour_shows_the_same_picture(tmp_path: Path) -> None:
    colour = textured(1)[:40, :50]
    grey = colour[..., 1]
    deep = grey.astype(np.uint16) * 257
    Image.fromarray(grey).save(tmp_path / "grey.png")
    for name in ("deep.png", "deep.tif"):
        Image.fromarray(deep).save(tmp_path / name)
    Image.fromarray(np.dstack([grey, grey // 2])).save(tmp_path / "grey_alpha.png")
    for name in ("grey.png", "deep.png", "deep.tif", "grey_alpha.png"):
        assert np.array_equal(read(tmp_path, name), np.repeat(grey[..., None], 3, axis=2)), name
    cv2.imwrite(str(tmp_path / "deep_colour.png"), colour[..., ::-1].astype(np.uint16) * 257)
    Image.fromarray(np.dstack([colour, grey])).save(tmp_path / "alpha.png")
    for name in ("deep_colour.png", "alpha.png"):
        assert np.array_equal(read(tmp_path, name), colour), name


def test_pictures_are_turned_as_their_exif_says(tmp_path: Path) -> None:
    colour = textured(1)[:40, :50]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    Image.fromarray(colour).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read(tmp_path, "turned.png"), np.rot90(colour, -1))


def test_samples_whose_range_nobody_knows_are_left_out(tmp_path: Path) -> None:
    Image.fromarray(np.ones((20, 20), np.float32)).save(tmp_path / "floats.tif")
    (tmp_path / "list.txt").write_text("no picture")
    folder = Folder(tmp_path)
    with pytest.raises(InvalidInput, match=r"none of the 2 files .* floats\.tif cannot be read: pictures of mode F"):
        list(folder.pictures())
    assert folder.skipped["list.txt"] == "cannot be read: no picture of a known format"


def test_small_versions_beside_their_originals_are_not_measured_as_such(tmp_path: Path) -> None:
    for name in ("baby.png", "babyx2.png", "birdx3.png"):
        Image.fromarray(textured(1)[:30, :30]).save(tmp_path / name)
    folder = Folder(tmp_path)
    assert [name for name, _ in folder.pictures()] == ["baby.png", "birdx3.png"]
    assert folder.skipped == {"babyx2.png": "its name says that it was made from another picture of the folder"}


def test_a_folder_without_files_is_told_with_what_it_holds(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--hr: .* is empty"):
        Folder(tmp_path)
    (tmp_path / "HR").mkdir()
    (tmp_path / "LR_bicubic").mkdir()
    with pytest.raises(InvalidInput, match="holds folders only, name one of them: HR, LR_bicubic"):
        Folder(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidInput, match="is a file, not a folder"):
        Folder(tmp_path / "file", "lr")
