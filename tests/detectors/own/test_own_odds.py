"""Laws of odds, and of where pieces lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.media import Pixels
from detectors.own.classes import log_odds
from detectors.own.eyes import eyes_of, places
from detectors.own.settings import Outputs

LOGITS = arrays(np.float32, (2, 4), elements=st.floats(-30, 30, width=32))
EXTREME = arrays(np.float32, (2, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32))


@given(LOGITS)
def test_softmax_gives_the_odds_of_its_probabilities(logits: np.ndarray) -> None:
    shares = np.exp(logits.astype(np.float64)) / np.exp(logits.astype(np.float64)).sum(axis=1, keepdims=True)
    chance = shares[:, [1, 3]].sum(axis=1)
    expected = np.log(chance) - np.log(shares[:, [0, 2]].sum(axis=1))
    assert log_odds(logits, (1, 3), "softmax") == pytest.approx(expected, abs=1e-6)


@given(EXTREME)
def test_odds_of_the_rest_are_the_inverse_and_never_overflow(logits: np.ndarray) -> None:
    odds = log_odds(logits, (0,), "softmax")
    assert np.isfinite(odds).all()
    assert odds == pytest.approx(-log_odds(logits, (1, 2, 3), "softmax"))


@given(st.floats(0, 1))
def test_a_probability_has_its_odds_and_certainty_is_finite(chance: float) -> None:
    (odds,) = log_odds(np.array([[chance, 0.0]]), (0,), "probabilities")
    assert math.isfinite(odds)
    if 1e-6 < chance < 1 - 1e-6:
        assert 1 / (1 + math.exp(-odds)) == pytest.approx(chance, abs=1e-6)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_probability_has_no_odds(wrong: float) -> None:
    found = log_odds(np.array([[wrong], [0.5]]), (0,), "probabilities")
    assert math.isnan(found[0])
    assert found[1] == 0


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_odds(wrong: float) -> None:
    kinds: tuple[Outputs, ...] = ("softmax", "sigmoid")
    for kind in kinds:
        found = log_odds(np.array([[0.0, wrong], [0.0, 2.0]]), (1,), kind)
        assert math.isnan(found[0])
        assert found[1] == 2


@given(st.integers(32, 900), st.integers(32, 900), st.integers(1, 12))
def test_pieces_lie_in_the_picture_no_two_alike_and_reach_its_borders(height: int, width: int, most: int) -> None:
    found = list(places((height, width, 3), (32, 32), most))
    assert 1 <= len(set(found)) == len(found) <= most
    assert all(0 <= top <= height - 32 and 0 <= left <= width - 32 for top, left in found)
    tops, lefts = {top for top, _ in found}, {left for _, left in found}
    assert len(tops) == 1 or {0, height - 32} <= tops
    assert len(lefts) == 1 or {0, width - 32} <= lefts


def graded(pixels: Pixels) -> torch.Tensor:
    cut = torch.from_numpy(np.array(pixels[:8, :8])).permute(2, 0, 1).float() / 255
    return (cut - torch.tensor([0.1, 0.2, 0.3])[:, None, None]) / 0.5


def test_pieces_are_graded_as_whole_pictures_are() -> None:
    eyes = eyes_of(graded)
    picture = np.random.default_rng(6).integers(0, 256, (8, 8, 3), np.uint8)
    (whole,), (piece,) = eyes.whole(picture), eyes.pieces(picture, 1)
    assert eyes.shape == (8, 8)
    assert torch.allclose(whole, piece, atol=1e-5)


def test_what_does_more_than_grade_is_refused() -> None:
    with pytest.raises(ValueError, match="proportion"):
        eyes_of(lambda pixels: graded(pixels) ** 2)
    with pytest.raises(ValueError, match="not one"):
        eyes_of(lambda pixels: torch.from_numpy(np.array(pixels)).permute(2, 0, 1).float())
