"""What the comparison of PDQ and visual words counts, and that words find a crop."""

from __future__ import annotations

import numpy as np

from detectors.pdq import pdq
from tests.detectors.making import photograph
from training.evaluation.attacks import ATTACKS
from training.evaluation.near_duplicates import ASKED, by_pdq, learned, table

NAMES = ("crab", "dogs", "fig", "stream")


def test_a_crop_is_described_like_the_whole_and_plain_pictures_by_nothing() -> None:
    pictures = [photograph(name) for name in NAMES]
    words = learned(pictures, 8, 1)
    whole = np.stack([words.describe(picture) for picture in pictures])
    crop = words.describe(pictures[0][60:-60, 60:-60])
    assert np.argmax(whole @ crop) == 0
    assert not words.describe(np.full((90, 120, 3), 7, np.uint8)).any()


def test_pdq_is_asked_in_every_orientation() -> None:
    listed = [pdq(photograph(name)).value for name in NAMES]
    scores = by_pdq(np.ascontiguousarray(photograph("dogs")[:, ::-1]), listed)
    assert np.argmax(scores) == 1
    assert by_pdq(np.full((90, 120, 3), 7, np.uint8), listed).tolist() == [0.0] * 4


def test_the_table_counts_the_right_ones_and_those_beyond_every_stranger() -> None:
    scores = np.array([[0.9, 0.1], [0.6, 0.7], [0.2, 0.65], [0.8, 0.75]])
    first, second = table(scores, [0, 1, 1, 1], ["one", "one", "two", "two"])
    # The highest likeness of a stranger is .8, of the last question.
    assert ("(2/2)" in first, "(1/2)" in first) == (True, True)
    assert ("(1/2)" in second, "(0/2)" in second) == (True, True)


def test_every_attack_that_is_asked_after_exists() -> None:
    assert set(ASKED) <= set(ATTACKS)
