"""EXIF keeps stating the true size, and nothing that is no EXIF is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from generators.exif import orientation, with_size

WIDTH, HEIGHT = ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight


def exif(endian: str = "<") -> bytes:
    made = Image.Exif()
    made.endian = endian
    made[ExifTags.Base.Make] = "A maker"
    made.get_ifd(ExifTags.IFD.Exif).update({WIDTH: 100, HEIGHT: 50, ExifTags.Base.ISOSpeedRatings: 200})
    return made.tobytes()


def read(data: bytes) -> dict[int, object]:
    loaded = Image.Exif()
    loaded.load(data)
    return {**loaded, **loaded.get_ifd(ExifTags.IFD.Exif)}


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("prefixed", [True, False])
def test_the_size_is_put_in_place_and_all_else_kept(endian: str, prefixed: bool) -> None:
    before = exif(endian) if prefixed else exif(endian).removeprefix(b"Exif\0\0")
    after = with_size(before, 4000, 3000)
    assert len(after) == len(before)
    tags = read(after)
    assert (tags[WIDTH], tags[HEIGHT]) == (4000, 3000)
    unchanged = {key: value for key, value in read(before).items() if key not in (WIDTH, HEIGHT)}
    assert {key: value for key, value in tags.items() if key not in (WIDTH, HEIGHT)} == unchanged


def test_a_number_that_does_not_fit_its_entry_changes_nothing() -> None:
    data = bytearray(exif())
    at = data.index(WIDTH.to_bytes(2, "little"))
    data[at + 2 : at + 4] = (3).to_bytes(2, "little")  # a SHORT holds 65535 at most
    assert with_size(bytes(data), 70_000, 10) == bytes(data)


def test_exif_without_a_size_is_kept() -> None:
    made = Image.Exif()
    made[ExifTags.Base.Make] = "A maker"
    assert with_size(made.tobytes(), 10, 10) == made.tobytes()


@given(st.binary(max_size=64))
def test_other_bytes_are_kept(data: bytes) -> None:
    assert with_size(data, 10, 10) == data


@given(st.sampled_from("<>"), st.data())
def test_damaged_exif_never_grows_and_never_raises(endian: str, draws: st.DataObject) -> None:
    data = bytearray(exif(endian))
    for _ in range(3):
        data[draws.draw(st.integers(0, len(data) - 1))] = draws.draw(st.integers(0, 255))
    cut = bytes(data[: draws.draw(st.integers(0, len(data)))])
    assert len(with_size(cut, 10, 10)) == len(cut)


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("endian", ["<", ">"])
def test_the_orientation_is_read(value: int, endian: str) -> None:
    exif = Image.Exif()
    exif.endian = endian
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Orientation] = value
    assert orientation(exif.tobytes()) == value
    assert orientation(exif.tobytes().removeprefix(b"Exif\x00\x00")) == value


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(value: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    assert orientation(exif.tobytes()) == 1


@given(st.binary(max_size=200), st.sampled_from([b"II*\x00", b"MM\x00*"]))
def test_no_bytes_have_an_orientation_out_of_range(data: bytes, order: bytes) -> None:
    assert orientation(data) == 1
    assert orientation(order + data) in range(1, 9)
