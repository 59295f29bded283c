"""Thumbnails out of EXIF: read where they are, and an error in a view where they are not what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.limits import Limits
from core.parsers import thumbnail
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from core.sandbox.contract import Request
from tests.detectors.making import coded, halved
from tests.detectors.thumbnails import exif, photograph_of, reduced, with_exif
from training.evaluation.forgeries import to_jpeg

PICTURE = to_jpeg(halved("crab"), 80)
SMALL = to_jpeg(reduced(halved("crab")), 80)


def test_a_thumbnail_is_read_as_it_is_stored() -> None:
    view = thumbnail.read(photograph_of(halved("dogs"), reduced(halved("dogs")), orientation=6))
    assert view.error == ""
    assert view.facts["present"]
    assert view.facts["orientation"] == 6
    assert (view.facts["height"], view.facts["width"]) == halved("dogs").shape[:2]
    wanted = reduced(halved("dogs"))
    assert view.arrays["pixels"].shape == wanted.shape
    assert np.abs(view.arrays["pixels"].astype(int) - wanted).mean() < 8


def test_a_picture_without_one_says_so() -> None:
    view = thumbnail.read(PICTURE)
    assert (view.error, view.facts["present"], dict(view.arrays)) == ("", False, {})


@pytest.mark.parametrize(
    "block",
    [
        exif(SMALL, start=70_000),
        exif(SMALL, length=20),
        exif(b"\x00" * 300),
        exif(to_jpeg(np.zeros((8, thumbnail.MAX_SIDE + 1, 3), np.uint8), 50)),
    ],
    ids=["beyond the end", "cut off", "no JPEG", "too large"],
)
def test_what_is_no_thumbnail_is_an_error_or_none(block: bytes) -> None:
    view = thumbnail.read(with_exif(PICTURE, block))
    assert "pixels" not in view.arrays
    assert view.error or not view.facts["present"]


def test_other_formats_have_none() -> None:
    request = Request((coded(halved("crab")),), "image/png", Limits())
    assert thumbnail.parse(request).error == "not a JPEG"


@given(st.binary(max_size=400))
def test_hostile_exif_never_raises(block: bytes) -> None:
    view = thumbnail.read(with_exif(PICTURE, b"Exif\x00\x00" + block))
    assert view.error or not view.facts["present"]


@given(st.integers(0, len(exif(SMALL)) - 7), st.integers(1, 255))
def test_a_damaged_byte_never_raises(place: int, change: int) -> None:
    block = bytearray(exif(SMALL))
    block[6 + place] ^= change
    view = thumbnail.read(with_exif(PICTURE, bytes(block)))
    assert isinstance(view.error, str)


async def test_a_confined_worker_reads_it_by_name() -> None:
    data = photograph_of(halved("dogs"), reduced(halved("dogs")))
    async with await Sandbox.start(PARSERS, workers=1) as sandbox:
        media = await sandbox.open(data, ("thumbnail",))
    assert media.view("thumbnail").arrays["pixels"].shape == reduced(halved("dogs")).shape
