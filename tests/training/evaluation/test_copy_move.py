"""The measurement of `copy_move`: what it makes of one photograph, and of what merely looks alike."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest

from core.media import Pixels
from tests.detectors.making import halved
from tests.training.forensics.scripted.making import disc
from training.evaluation.copy_move import KINDS, UNTOUCHED, Sample, measure, report, sampled
from training.evaluation.forgeries import CopyMove, forge
from training.evaluation.look_alikes import SHAPE, drawing, page, wall


def steps(pixels: Pixels, forged: Pixels) -> float:
    """Mean step between neighbours, grey levels, of what was pasted."""
    grey = cv2.cvtColor(forged, cv2.COLOR_RGB2GRAY).astype(np.float32)
    changed = (pixels != forged).any(axis=2)
    return float(np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))[changed].mean())


def test_of_many_places_a_smooth_one_is_copied() -> None:
    """Over several draws: one place may happen to be smoother than sixteen others."""
    photograph = halved("jaguars")
    means = [
        np.mean([steps(photograph, forge(photograph, how, np.random.default_rng(seed))[0]) for seed in range(6)])
        for how in (CopyMove(0.06), CopyMove(0.06, choices=16))
    ]
    assert means[1] < 0.8 * means[0]


def test_a_photograph_gives_views_and_one_forgery_of_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    samples = list(measure({"jaguars": halved("jaguars")}, seed=5))
    assert Counter(sample.kind for sample in samples) == {UNTOUCHED: 3, **dict.fromkeys(KINDS, 1)}
    assert samples == list(measure({"jaguars": halved("jaguars")}, seed=5))
    assert all(75 <= sample.quality <= 95 for sample in samples)
    assert not any(sample.found for sample in samples if sample.kind == UNTOUCHED)
    assert all((sample.f1 > 0) <= sample.found for sample in samples)
    report(samples, "one")
    printed = capsys.readouterr().out
    assert "one, untouched: FPR 0.000" in printed
    assert all(f"one, {kind}: TPR" in printed for kind in KINDS)


def test_what_is_too_plain_has_no_strength() -> None:
    plain = np.full((200, 300, 3), 128, np.uint8)
    sample = sampled(UNTOUCHED, plain, None, np.random.default_rng(0))
    assert sample == Sample(UNTOUCHED, sample.quality, (0.0, 0.0, 0.0), found=False, undecided=False, f1=0.0)


def test_look_alikes_are_pictures_that_chance_decides() -> None:
    makers = (page, wall, lambda random: drawing([disc()] * 20, random))
    for make in makers:
        first, again, other = (make(np.random.default_rng(seed)) for seed in (1, 1, 2))
        assert first.shape == (*SHAPE, 3)
        assert first.dtype == np.uint8
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        assert first.std() > 1


def test_a_page_of_text_is_no_copy() -> None:
    """The same letters at many places, without noise."""
    rng = np.random.default_rng(4)
    assert not sampled("page", page(rng), None, rng).found
