"""The score says how far a part stands out, not how suspicious everything is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.manipulation.network import contrasts

SURE = 30.0
"""Log odds of a confidence of one."""


def maps(odds: NDArray[np.float64]) -> torch.Tensor:
    values = torch.from_numpy(odds.astype(np.float32))
    return torch.stack([values, torch.full_like(values, SURE)])[None]


@given(st.integers(0, 2**32 - 1), st.floats(-5, 5))
def test_what_lies_over_the_whole_picture_is_no_contrast(seed: int, shift: float) -> None:
    odds = np.random.default_rng(seed).normal(size=(24, 31))
    (plain,), (shifted,) = contrasts(maps(odds)), contrasts(maps(odds + shift))
    assert plain >= 0
    assert shifted.item() == pytest.approx(plain.item(), abs=1e-4)


def test_a_part_counts_by_how_far_it_stands_out_and_by_how_sure_that_is() -> None:
    odds = np.full((20, 20), -2.0)
    odds[:5, :4] = 6.0  # a twentieth of it
    (sure,) = contrasts(maps(odds))
    assert sure.item() == pytest.approx(8.0, abs=1e-4)
    doubtful = maps(odds)
    doubtful[0, 1, :5, :4] = 0.0
    assert contrasts(doubtful)[0].item() == pytest.approx(5.0, abs=1e-4)
