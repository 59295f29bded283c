"""A thing is recognised at any size and place, on any plain background, among others; another thing is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IntegrityError
from core.media import Pixels
from generators.diffusion import neighbours
from generators.diffusion.neighbours import DIMENSIONS, Neighbours, describe
from tests.generators.pictures import noise

COLOURS = {"red": (220, 40, 30), "blue": (30, 60, 210), "green": (40, 160, 60)}
SHAPES = ("disc", "square", "cross")


def thing(name: str, side: int = 60) -> tuple[Pixels, Pixels]:
    """A shape with a darker mark in it, as colours and alpha."""
    colour, shape = name.split(" ")
    alpha = np.zeros((side, side), np.uint8)
    middle = side // 2
    if shape == "disc":
        cv2.circle(alpha, (middle, middle), middle - 1, 255, -1)
    elif shape == "square":
        alpha[2:-2, 2:-2] = 255
    else:
        alpha[:, middle - side // 6 : middle + side // 6] = 255
        alpha[middle - side // 6 : middle + side // 6] = 255
    pixels = np.full((side, side, 3), COLOURS[colour], np.uint8)
    pixels[middle : middle + side // 4] = np.array(COLOURS[colour], np.uint8) // 2
    return pixels, alpha


def scene(*placed: tuple[str, int, int, int], background: int = 245) -> Pixels:
    """A picture of 64×64 with things: name, left, top and side."""
    canvas = np.full((64, 64, 3), background, np.uint8)
    for name, left, top, side in placed:
        pixels, alpha = (cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA) for part in thing(name))
        share = alpha[..., None] / 255
        place = canvas[top : top + side, left : left + side]
        place[:] = np.rint(pixels * share + place * (1 - share)).astype(np.uint8)
    return canvas


NAMES = tuple(f"{colour} {shape}" for colour in COLOURS for shape in SHAPES)


@pytest.fixture(scope="module")
def known() -> Neighbours:
    descriptions = [describe(scene((name, 2, 2, 60)))[0] for name in NAMES]
    return Neighbours(np.stack(descriptions), NAMES, 0.92)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("left", "top", "side"), [(2, 2, 60), (0, 30, 24), (33, 8, 30)])
def test_a_thing_is_recognised_at_any_size_and_place(
    known: Neighbours, name: str, left: int, top: int, side: int
) -> None:
    for background in (245, 200):
        notes = known.notes(scene((name, left, top, side), background=background))
        assert notes["nearest_training_item"] == name
        assert notes["memorised"] == 1


def test_a_thing_is_recognised_beside_another(known: Neighbours) -> None:
    new = scene(("green disc", 2, 2, 28), ("red cross", 34, 30, 28))
    key, similarity = known.nearest(new)
    assert key in {"green disc", "red cross"}
    assert similarity > 0.92


def test_a_thing_of_another_colour_is_another(known: Neighbours) -> None:
    without = Neighbours(known.embeddings[3:], known.keys[3:], known.threshold)
    key, similarity = without.nearest(scene(("red disc", 4, 4, 50)))
    assert key != "red disc"
    assert similarity < 0.92
    assert without.notes(scene(("red disc", 4, 4, 50)))["memorised"] == 0


@given(st.integers(1, 80), st.integers(1, 80), st.integers(0, 1000))
def test_descriptions_are_of_length_one_whatever_is_described(height: int, width: int, seed: int) -> None:
    described = describe(noise(height, width, seed))
    assert described.shape[1] == DIMENSIONS
    assert 1 <= len(described) <= 9
    assert np.linalg.norm(described, axis=1) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_is_described_as_a_whole(level: int) -> None:
    assert describe(np.full((64, 64, 3), level, np.uint8)).shape == (1, DIMENSIONS)


def test_several_things_are_described_together_and_apart() -> None:
    described = describe(scene(("red disc", 2, 2, 28), ("blue square", 34, 30, 28)))
    assert len(described) == 3
    assert described[1:] @ describe(scene(("blue square", 2, 2, 60)))[0] == pytest.approx([0.96, 0.6], abs=0.4)


def test_what_was_saved_is_loaded(tmp_path: Path, known: Neighbours) -> None:
    path = tmp_path / neighbours.FILE
    neighbours.save(path, known.embeddings, known.keys, known.threshold)
    loaded = neighbours.load(path, hashlib.sha256(path.read_bytes()).hexdigest())
    assert loaded.keys == known.keys
    assert loaded.threshold == pytest.approx(known.threshold)
    assert np.abs(loaded.embeddings - known.embeddings).max() < 1e-3


@pytest.mark.parametrize(
    ("embeddings", "keys"), [(np.zeros((2, 5)), ["a", "b"]), (np.zeros((2, DIMENSIONS)), ["a"]), (np.zeros((0, 5)), [])]
)
def test_a_file_of_other_content_is_refused(tmp_path: Path, embeddings: np.ndarray, keys: list[str]) -> None:
    path = tmp_path / neighbours.FILE
    neighbours.save(path, embeddings.astype(np.float32), keys, 0.9)
    with pytest.raises(IntegrityError, match="neighbours"):
        neighbours.load(path, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_changed_file_is_refused(tmp_path: Path, known: Neighbours) -> None:
    path = tmp_path / neighbours.FILE
    neighbours.save(path, known.embeddings, known.keys, known.threshold)
    with pytest.raises(IntegrityError, match="pinned"):
        neighbours.load(path, "0" * 64)
