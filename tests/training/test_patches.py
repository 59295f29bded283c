"""Batches depend on the seed and the step, and on nothing else."""

from __future__ import annotations

import torch

from training.degrade import reduce_bicubic
from training.metrics import Picture
from training.patches import Patches


def test_a_batch_is_a_function_of_seed_and_step(pictures: dict[str, Picture]) -> None:
    first, second = (Patches(pictures, scale=2, patch=12, batch=3, seed=1) for _ in range(2))
    second.batch(0)
    assert torch.equal(first.batch(7)[1], second.batch(7)[1])
    assert not torch.equal(first.batch(7)[1], first.batch(8)[1])
    assert not torch.equal(first.batch(7)[1], Patches(pictures, 2, 12, 3, seed=2).batch(7)[1])


def test_the_small_patch_is_the_large_one_reduced(pictures: dict[str, Picture]) -> None:
    small, large = Patches(pictures, scale=4, patch=12, batch=2, seed=0).batch(0)
    assert small.shape == (2, 3, 12, 12)
    assert large.shape == (2, 3, 48, 48)
    assert torch.equal(small, reduce_bicubic(large, 4))
    assert torch.allclose(small * 255, (small * 255).round(), atol=1e-4)
