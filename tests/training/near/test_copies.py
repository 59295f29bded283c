"""Copies of pictures are what their names say, the same for the same generator, and are counted as they were found."""

from __future__ import annotations

import numpy as np
import pytest

from core.media import Pixels
from detectors.near.detector import AGREEING
from tests.detectors.making import halved, photograph
from tests.detectors.near.making import describer
from training.near.copies import COPIES, Props, copy_of
from training.near.figures import EVERY, STRANGERS, Answer, calibration, counted, table
from training.near.looks import ByClip, ByPdq, Near, Seen


def props() -> Props:
    return Props([np.full((16, 16, 4), 255, np.uint8)], [halved("stream")])


def copied(name: str, seed: int = 1) -> Pixels:
    return copy_of(halved("crab"), name, np.random.default_rng(seed), props())


@pytest.mark.parametrize("name", COPIES)
def test_equal_generators_make_equal_copies(name: str) -> None:
    assert np.array_equal(copied(name), copied(name))
    assert not np.array_equal(copied(name), copied(name, 2))


def test_a_copy_has_the_shape_of_what_was_done() -> None:
    height, width = halved("crab").shape[:2]
    ratio = {name: copied(name).shape[1] / copied(name).shape[0] * height / width for name in COPIES}
    assert ratio["collage"] > 1.3
    assert max(ratio["caption"], ratio["screen"]) < 0.9
    assert ratio["crop_60"] == pytest.approx(1, abs=0.02)


def test_looks_tell_the_right_one_from_the_others() -> None:
    pictures = [photograph(name) for name in ("crab", "dogs", "fig")]
    for look in (Near(describer(), pictures, AGREEING), ByPdq(pictures, 31)):
        assert look.threshold is not None
        own, other = look.ask(copied("sent"), 0)
        assert own >= look.threshold > other
        own, other = look.ask(copied("sent"), 1)
        assert own < look.threshold <= other, "what was found is another than was copied"


class FakeTower:
    """Sees the mean colour of every quarter, in each of three layers."""

    def of_whole(self, pixels: Pixels) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        parts = [half for row in np.array_split(pixels, 2) for half in np.array_split(row, 2, axis=1)]
        return np.concatenate([part.mean(axis=(0, 1)) for part in parts] * 3).astype(np.float32)


def test_clip_is_asked_layer_by_layer() -> None:
    seen = Seen(FakeTower())  # type: ignore[arg-type]
    known = [seen.layers(photograph(name)) for name in ("crab", "dogs", "fig")]
    own, other = ByClip(seen, 1, known).ask(copied("sent"), 0)
    assert own > 0.9 > other


def answer(part: str, source: int, copy: str, own: float, other: float) -> Answer:
    return Answer("look", part, source, copy, own, other)


FOUND = [
    answer("test", 0, "sent", 40, 3),
    answer("people", 1, "sent", 5, 2),
    answer("test", 0, "blur", 30, 31),
    answer("made", 2, "sent", 0, 4),
]


def test_what_was_found_is_counted_and_what_is_made_counts_as_a_stranger_only() -> None:
    shares = counted(FOUND, 12)
    assert [shares[name][-5:] for name in ("sent", "blur", EVERY, STRANGERS)] == ["(1/2)", "(1/1)", "(2/3)", "(1/4)"]
    assert counted(FOUND, None)["sent"].endswith("(1/2)"), "beyond the most alike stranger, 31"
    assert [line for line in table(FOUND, 12) if "blur" in line and "(0/1)" in line and "(1/1)" in line]


def test_the_calibration_rises_with_points() -> None:
    line = calibration(FOUND, FOUND)
    assert float(line.split("weight ")[1].split(",")[0]) > 0
