"""The figures of the denoiser's card: noise as stated, gains measured, repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from tests.generators.pictures import photo
from training.evaluation.denoise import LEVELS, clean_levels, evaluate, psnr, with_noise


def test_every_level_is_measured_and_the_filter_gains_at_each() -> None:
    rows = evaluate({"fig": photo("fig.jpg", 96, 96)})
    assert [row.sigma for row in rows] == list(LEVELS)
    assert all(row.psnr_blind > row.psnr_noisy + 3 for row in rows)
    assert all(row.psnr_told > row.psnr_noisy + 3 for row in rows)
    assert all(row.pictures == 1 for row in rows)


def test_the_same_seed_gives_the_same_figures() -> None:
    originals = {"fig": photo("fig.jpg", 40, 40)}
    assert evaluate(originals, 1) == evaluate(originals, 1) != evaluate(originals, 2)


def test_added_noise_has_the_stated_deviation() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    noisy = with_noise(grey, 15, np.random.default_rng(0))
    assert np.std(noisy) == pytest.approx(15, rel=0.02)
    assert clean_levels({"grey": grey, "noisy": noisy}) == pytest.approx({"grey": 0, "noisy": 15}, rel=0.05, abs=1e-6)


def test_psnr_of_one_step_everywhere() -> None:
    grey = np.full((4, 4, 3), 128, np.uint8)
    assert psnr(grey + 1, grey) == pytest.approx(20 * np.log10(255))
    assert psnr(grey, grey) == np.inf
