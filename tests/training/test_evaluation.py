"""Forgeries and figures that the evaluations rest on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.watermark.weights import shipped
from detectors.watermark.reader import Reader
from generators.marking.watermark import Embedder
from tests.detectors.making import photograph
from training.evaluation import recovery
from training.evaluation.attacks import ATTACKS
from training.evaluation.forgeries import CopyMove, draw, forge, from_jpeg, to_jpeg
from training.evaluation.intervals import auc, fit_logistic, log_loss, proportion, wilson


def test_a_plain_copy_repeats_its_source_pixel_for_pixel() -> None:
    picture = photograph("stream")
    forged, mask = forge(picture, CopyMove(0.08, feather=0.5), np.random.default_rng(4))
    changed = (forged != picture).any(axis=2)
    assert 0.05 < changed.mean() < 0.15
    assert (changed & ~mask).sum() < 0.15 * changed.sum()  # the feathered rim
    assert 0.12 < mask.mean() < 0.2


def test_a_copy_that_does_not_fit_is_refused() -> None:
    for area in (0.45, 0.9):  # half of the picture fits in but not beside itself; the other not even that
        with pytest.raises(ValueError, match="no place"):
            forge(photograph("stream"), CopyMove(area), np.random.default_rng(4))


def test_what_is_drawn_stays_in_its_ranges() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        turned, plain = draw(rng, transformed=True), draw(rng, transformed=False)
        assert 0.05 <= turned.area <= 0.15
        assert 0.74 < turned.scale < 1.34
        assert (plain.rotation, plain.scale) == (0.0, 1.0)


def test_jpeg_there_and_back() -> None:
    picture = photograph("crab")
    error = np.abs(from_jpeg(to_jpeg(picture, 95)).astype(int) - picture)
    assert error.mean() < 3


def test_wilson_as_published() -> None:
    """Newcombe (1998), Statistics in Medicine 17, table I: 81/263 and 0/20."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert proportion(81, 263) == "0.308 [0.255, 0.366] (81/263)"


@given(st.integers(1, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_interval_holds_the_proportion(counted: tuple[int, int]) -> None:
    hits, trials = counted
    low, high = wilson(hits, trials)
    assert 0 <= low <= hits / trials + 1e-12
    assert hits / trials - 1e-12 <= high <= 1


def test_auc_counts_ties_half() -> None:
    assert auc(np.array([2.0, 3.0]), np.array([1.0, 2.0])) == 0.875
    assert auc(np.array([1.0]), np.array([1.0])) == 0.5


def test_the_logistic_fit_finds_the_odds_that_made_the_data() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20_000, 1))
    truth = rng.random(20_000) < 1 / (1 + np.exp(-2 * x[:, 0]))
    weights = fit_logistic(x, truth)
    assert weights == pytest.approx([2.0, 0.0], abs=0.1)
    assert log_loss(x, truth, weights) < math.log(2)
    assert log_loss(x, truth, np.zeros(2)) == pytest.approx(math.log(2))


def test_what_was_signed_is_found_after_attacks_and_strangers_are_not() -> None:
    names = ("stream", "crab", "dogs")
    weights = shipped()
    originals = recovery.signed({name: photograph(name)[::2, ::2] for name in names}, Embedder.load(weights))
    assert [each.name for each in originals] == sorted(names)
    small, reader = originals[0], Reader.load(weights)
    looked = {
        attack: recovery.look(ATTACKS[attack](small.pixels, np.random.default_rng(1)), small, reader)
        for attack in ("two_hops", "crop_25")
    }
    assert looked["two_hops"].by_codes
    assert (looked["crop_25"].by_codes, looked["crop_25"].by_watermark) == (False, True)
    far = recovery.strangers(originals[:2], originals[2:], 2, np.random.default_rng(2))
    assert not any(each.by_codes or each.agrees for each in far)
    assert recovery.distance((), small.codes) == 256


def test_the_calibration_separates_and_claims_no_more_than_its_photographs() -> None:
    originals = recovery.signed({name: photograph(name)[::4, ::4] for name in ("stream", "crab", "dogs", "fig")})
    weight, bias, bound = recovery.calibrated(originals, np.random.default_rng(3))
    assert weight * 1.0 + bias > 0 > weight * 0.5 + bias
    assert bound == pytest.approx(math.log10(4))
