"""Batches are made one ahead, in order, and are what their maker says."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.harness.pictures import Ahead, as_tensor


def test_pictures_become_tensors_between_minus_one_and_one() -> None:
    pictures = np.zeros((2, 4, 6, 3), np.uint8)
    pictures[0, 1, 2] = (255, 0, 51)
    values = as_tensor(pictures)
    assert values.shape == (2, 3, 4, 6)
    assert values.dtype == torch.float32
    assert values.is_contiguous(memory_format=torch.channels_last)
    assert values[0, :, 1, 2].tolist() == pytest.approx([1.0, -1.0, -0.6])
    assert pictures[0, 1, 2, 0] == 255


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12))
def test_whatever_is_asked_for_is_what_its_maker_makes(steps: list[int]) -> None:
    ahead = Ahead(lambda step: step * step)
    assert [ahead(step) for step in steps] == [step * step for step in steps]


def test_the_next_batch_is_made_while_this_one_is_in_use() -> None:
    made = {step: threading.Event() for step in range(3)}

    def make(step: int) -> int:
        made[step].set()
        return step

    ahead = Ahead(make)
    ahead(0)
    assert made[1].wait(timeout=60)
    assert not made[2].is_set()


def test_an_error_of_the_maker_comes_with_its_batch() -> None:
    def make(step: int) -> int:
        if step == 1:
            raise ArithmeticError("step 1")
        return step

    ahead = Ahead(make)
    assert ahead(0) == 0
    with pytest.raises(ArithmeticError, match="step 1"):
        ahead(1)
