"""Where pictures lie on each other, and those that do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.errors import InvalidInput
from core.media import Pixels
from generators.burst.registration import Alignment, Plane, align, overlap, refuse_strangers
from tests.generators.burst.pictures import burst
from tests.generators.pictures import noise, photo


def luma(pixels: Pixels) -> Plane:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def test_shifts_are_found_to_a_small_part_of_a_pixel() -> None:
    made = burst(count=6)
    first = luma(made.pictures[0])
    found = [align(first, luma(picture)) for picture in made.pictures[1:]]
    for alignment, shift in zip(found, made.shifts[1:], strict=True):
        middle = np.array([48.0, 48.0])
        there = alignment.matrix[:, :2] @ middle + alignment.matrix[:, 2] - middle
        np.testing.assert_allclose(there, shift, atol=0.1)
        assert alignment.lies_on_the_first


def test_a_large_shift_is_found_and_its_overlap_told() -> None:
    whole = photo("mountains.jpg", 200, 260)
    found = align(luma(whole[:, :200]), luma(whole[:, 40:240]))
    np.testing.assert_allclose(found.matrix[:, 2], [-40, 0], atol=0.2)
    assert found.overlap == pytest.approx(0.8, abs=0.02)


def test_a_turned_picture_is_found() -> None:
    whole = photo("colosseum.jpg", 240, 240)
    turn = cv2.getRotationMatrix2D((120, 120), 1.5, 1.0)
    turned = cv2.warpAffine(whole, turn, (240, 240), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    found = align(luma(whole), luma(np.asarray(turned, np.uint8)))
    np.testing.assert_allclose(found.matrix, turn, atol=0.05)


@pytest.mark.parametrize("other", [photo("fig.jpg", 128, 128), noise(128, 128), np.zeros((128, 128, 3), np.uint8)])
def test_strangers_do_not_lie_on_the_first(other: Pixels) -> None:
    assert not align(luma(photo("stream.jpg", 128, 128)), luma(other)).lies_on_the_first


def test_the_error_names_the_stranger() -> None:
    fits, stranger = Alignment(np.eye(2, 3), 0.9, 0.95), Alignment(np.eye(2, 3), 0.12, 0.3)
    refuse_strangers([fits, fits])
    with pytest.raises(InvalidInput) as caught:
        refuse_strangers([fits, stranger, fits])
    error = caught.value
    assert (error.field, error.found) == ("burst[1]", "correlation 0.12, overlap 30%")
    assert "picture 3" in error.message
    assert error.limit == "correlation 0.6, overlap 50%"


def test_overlap_of_maps() -> None:
    assert overlap((100, 100), np.eye(2, 3)) == 1
    assert overlap((100, 100), np.array([[1.0, 0, 50], [0, 1, 50]])) == pytest.approx(0.25, abs=0.02)
    assert overlap((100, 100), np.array([[1.0, 0, 200], [0, 1, 0]])) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2)])
def test_the_smallest_pictures(shape: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).random(shape).astype(np.float32)
    assert np.isfinite(align(plane, plane).matrix).all()
