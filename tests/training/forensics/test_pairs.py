"""The laws of paired data: a pair differs by the decoder alone, and what is not its trace tells nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import Pixels
from tests.training.conftest import textured
from training.evaluation.intervals import auc
from training.forensics.delivery import Delivery, drawn
from training.forensics.pairs import Pair, Pairs, aligned
from training.forensics.reconstruct import ORIGINAL
from training.forensics.spectrum import finest_of, matched

SIDE = 32
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def families() -> dict[str, dict[str, Pixels]]:
    originals = {f"picture-{seed}": textured(seed) for seed in range(4)}
    noise = np.random.default_rng(1).integers(0, 12, (96, 96, 3), np.uint8)
    softer = {name: (each // 16 * 16) | noise for name, each in originals.items()}
    return {ORIGINAL: originals, "same": originals, "other": softer}


@settings(max_examples=25)
@given(seed=SEEDS)
def test_an_original_that_is_its_own_reconstruction_stays_as_it_was(seed: int) -> None:
    picture = textured(seed % 7)
    assert np.array_equal(aligned(picture, picture, np.random.default_rng(seed)), picture)


@settings(max_examples=15)
@given(step=st.integers(0, 10_000))
def test_a_pair_differs_by_the_decoder_and_nothing_else(families: dict[str, dict[str, Pixels]], step: int) -> None:
    for pair in Pairs(families, SIDE, seed=5, left_out=("other",)).batch(step, 3):
        assert np.array_equal(pair.real, pair.made)


def test_where_the_decoder_changed_something_the_pair_differs(families: dict[str, dict[str, Pixels]]) -> None:
    pairs = Pairs(families, SIDE, seed=5, left_out=("same",)).batch(0, 16)
    assert all(pair.real.shape == pair.made.shape == (SIDE, SIDE, 3) for pair in pairs)
    assert sum(not np.array_equal(pair.real, pair.made) for pair in pairs) > 12


def test_a_classifier_of_size_and_format_is_at_chance(families: dict[str, dict[str, Pixels]]) -> None:
    pairs = Pairs(families, SIDE, seed=6).batch(0, 64)

    def told(pair: Pair, picture: Pixels) -> list[float]:
        delivery = pair.delivery
        return [*picture.shape[:2], delivery.scale, delivery.quality, len(delivery.codec)]

    real, made = (np.array([told(pair, getattr(pair, side)) for pair in pairs]) for side in ("real", "made"))
    for clue in range(real.shape[1]):
        assert auc(made[:, clue], real[:, clue]) == 0.5


def test_a_batch_is_a_function_of_seed_and_step(families: dict[str, dict[str, Pixels]]) -> None:
    one, again, other = (Pairs(families, SIDE, seed).batch(3, 4) for seed in (1, 1, 2))
    assert all(np.array_equal(first.made, second.made) for first, second in zip(one, again, strict=True))
    assert not all(np.array_equal(first.made, second.made) for first, second in zip(one, other, strict=True))


def test_families_are_drawn_alike_and_never_those_left_out(families: dict[str, dict[str, Pixels]]) -> None:
    found = [pair.family for pair in Pairs(families, SIDE, seed=1).batch(0, 8)]
    assert sorted(found) == ["other"] * 4 + ["same"] * 4
    assert {pair.family for pair in Pairs(families, SIDE, 1, ("same",)).batch(0, 8)} == {"other"}


@settings(max_examples=25)
@given(seed=SEEDS)
def test_a_drawn_delivery_is_what_it_says(seed: int) -> None:
    delivery, picture = drawn(np.random.default_rng(seed)), textured(1)
    assert (delivery.quality == 0) == (delivery.codec == "png")
    arrived = delivery(picture)
    assert arrived.shape == (round(96 * delivery.scale), round(96 * delivery.scale), 3)
    assert np.array_equal(arrived, picture) == (delivery.codec == "png" and delivery.scale == 1)


def test_without_a_resize_png_changes_nothing() -> None:
    assert np.array_equal(Delivery()(textured(2)), textured(2))


def test_a_blurred_picture_gets_the_power_of_its_original_back() -> None:
    original = textured(3).astype(np.float32)
    shifted = np.stack([np.roll(original, by, (0, 1)) for by in ((0, 0), (1, 0), (0, 1), (1, 1))])
    soft = shifted.mean(axis=0).astype(np.float32)
    powers = [np.square(np.diff(each, axis=0)).mean() for each in (original, soft, matched(soft, original))]
    assert powers[1] < powers[0] / 2
    assert powers[2] == pytest.approx(powers[0], rel=0.25)


@given(cutoff=st.floats(0.05, 1.4))
@settings(max_examples=10)
def test_finest_frequencies_are_the_originals(cutoff: float) -> None:
    original, made = (textured(seed).astype(np.float32) for seed in (1, 2))
    mixed = np.fft.fft2(finest_of(made, original, cutoff), axes=(0, 1))
    radius = 2 * np.hypot(np.fft.fftfreq(96)[:, None], np.fft.fftfreq(96)[None])
    for part, source in ((radius > cutoff + 1e-6, original), (radius < cutoff - 1e-6, made)):
        assert np.allclose(mixed[part], np.fft.fft2(source, axes=(0, 1))[part], atol=1.0)
