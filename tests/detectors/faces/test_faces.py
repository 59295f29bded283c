"""Faces are found where they are, at any size, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import skimage.data
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, IntegrityError
from core.media import Pixels
from detectors.faces import cascade
from detectors.faces.boxes import Floats, apart
from detectors.faces.cascade import STAGES
from detectors.faces.finder import LEAST_SIDE, Face, FaceFinder
from tests.detectors.making import halved

FACE = Face(180, 60, 88, 113, 1.0)
"""Where an eye sees the face of Eileen Collins (NASA, public domain), within a few pixels."""


def astronaut() -> Pixels:
    picture: Pixels = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return picture


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder.load()


def overlap(one: Face, other: Face) -> float:
    """Intersection over union."""
    right, bottom = (min(a, b) for a, b in zip(corner(one), corner(other), strict=True))
    shared = max(0, right - max(one.left, other.left)) * max(0, bottom - max(one.top, other.top))
    return shared / (one.width * one.height + other.width * other.height - shared)


def corner(face: Face) -> tuple[int, int]:
    return face.left + face.width, face.top + face.height


def test_a_face_is_found_where_it_is(finder: FaceFinder) -> None:
    (found,) = finder.find(astronaut())
    assert overlap(found, FACE) > 0.7
    assert found.sure > 0.95


def test_it_is_found_in_a_mirror_and_at_other_sizes(finder: FaceFinder) -> None:
    (mirrored,) = finder.find(np.ascontiguousarray(astronaut()[:, ::-1]))
    assert overlap(mirrored, replace(FACE, left=512 - FACE.left - FACE.width)) > 0.6
    for factor in (0.5, 3.0):
        scaled = np.asarray(cv2.resize(astronaut(), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
        (found,) = finder.find(scaled)
        left, top, width, height = (round(each * factor) for each in (FACE.left, FACE.top, FACE.width, FACE.height))
        wanted = Face(left, top, width, height, 1.0)
        assert overlap(found, wanted) > 0.6


def test_the_largest_comes_first(finder: FaceFinder) -> None:
    small = np.asarray(cv2.resize(astronaut(), (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    beside = np.hstack([np.vstack([small, np.zeros_like(small)]), astronaut()])
    first, second = finder.find(beside)
    assert first.width * first.height > second.width * second.height
    assert overlap(first, replace(FACE, left=FACE.left + 256)) > 0.6


@pytest.mark.parametrize("name", ["crab", "mountains", "stream", "fig"])
def test_there_is_none_where_nobody_is(finder: FaceFinder, name: str) -> None:
    assert finder.find(halved(name)) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (LEAST_SIDE - 1, 90), (LEAST_SIDE, 4000), (200, 200)])
def test_odd_pictures_have_none(finder: FaceFinder, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)
    for picture in (noise, np.zeros_like(noise), np.full_like(noise, 255)):
        assert finder.find(picture) == []


@pytest.mark.parametrize("top", [0, 60, 110])
@pytest.mark.parametrize("left", [100, 180, 230])
def test_boxes_lie_within_the_picture(finder: FaceFinder, top: int, left: int) -> None:
    """Of pictures that cut the face."""
    part = np.ascontiguousarray(astronaut()[top : top + 110, left : left + 110])
    for face in finder.find(part):
        assert 0 <= face.left < face.left + face.width <= part.shape[1]
        assert 0 <= face.top < face.top + face.height <= part.shape[0]


@pytest.mark.parametrize("stage", STAGES)
def test_without_the_extra_or_with_another_network_there_is_none(stage: str) -> None:
    with pytest.raises(ConfigurationError, match=r"countersign\[faces\]"):
        replace(STAGES[stage], package="no_such_package").read()
    with pytest.raises(IntegrityError, match="sha256"):
        replace(STAGES[stage], sha256="0" * 64).read()


class Counting:
    """A network that takes nothing for a face, and notes how many pictures it was given at once."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="pictures")]

    def run(self, _: None, pictures: dict[str, Floats]) -> list[Floats]:
        (given,) = pictures.values()
        self.given.append(len(given))
        return [np.zeros((len(given), 4), np.float32), np.zeros((len(given), 2), np.float32)]


def test_boxes_are_looked_at_a_few_at_a_time(finder: FaceFinder) -> None:
    made = np.tile(np.array([0, 0, 20, 20], np.float32), (150, 1))
    network = Counting()
    finder._cascade._refined(network, astronaut(), made, 24, 0.5)
    assert network.given == [64, 64, 22]


def test_only_so_many_boxes_go_on_from_all_sizes_together(finder: FaceFinder, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = finder._cascade._proposed(astronaut())
    assert len(everywhere) > 5
    monkeypatch.setattr(cascade, "_MOST_TOGETHER", 5)
    assert np.array_equal(finder._cascade._proposed(astronaut()), everywhere[:5])


def test_a_few_at_a_time_find_what_all_at_once_find(finder: FaceFinder, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = finder.find(astronaut())
    monkeypatch.setattr(cascade, "_AT_ONCE", 3)
    assert finder.find(astronaut()) == wanted


boxes = st.lists(st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 40)] * 2), min_size=1, max_size=12)


@given(boxes, st.floats(0, 1), st.booleans())
def test_what_stays_is_apart_and_the_best_stays(
    drawn: list[tuple[int, int, int, int]], limit: float, of_smaller: bool
) -> None:
    made = np.array([(x, y, x + w, y + h) for x, y, w, h in drawn], np.float32)
    scores = np.arange(len(made), dtype=np.float32)
    kept = apart(made, scores, limit, of_smaller=of_smaller)
    assert kept[0] == len(made) - 1
    assert list(kept) == sorted(kept, reverse=True)
    for place, one in enumerate(kept):
        for other in kept[place + 1 :]:
            low, high = np.maximum(made[one, :2], made[other, :2]), np.minimum(made[one, 2:], made[other, 2:])
            shared = float(np.prod(np.maximum(0, high - low)))
            areas = [float(np.prod(made[each, 2:] - made[each, :2])) for each in (one, other)]
            assert shared <= limit * (min(areas) if of_smaller else sum(areas) - shared) + 1e-3
