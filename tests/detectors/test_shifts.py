"""Copies found by noise alone, at the offset they were moved by; noise that does not repeat gives nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.copies import MOVING, shift_strength
from detectors.equalising import Equaliser
from detectors.shifts import Settings, Shift, shifts
from training.evaluation.forgeries import from_jpeg, to_jpeg

Floats = NDArray[np.float32]
HEIGHT, WIDTH, SIDE = 240, 320, 80
SEEDS = st.integers(0, 2**32 - 1)


def sky(seed: int, noise: float = 2.0) -> Floats:
    """A gradient under white noise, grey levels."""
    down = np.linspace(90, 180, HEIGHT, dtype=np.float32)[:, None]
    grain = np.random.default_rng(seed).normal(0, noise, (HEIGHT, WIDTH))
    return np.asarray((down + grain).round(), dtype=np.float32)


def stored(grey: Floats, quality: int) -> Floats:
    """As JPEG and back."""
    picture = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return np.asarray(cv2.cvtColor(from_jpeg(to_jpeg(picture, quality)), cv2.COLOR_RGB2GRAY), dtype=np.float32)


def strongest(grey: Floats) -> Shift | None:
    return max(shifts(grey, Settings()), key=shift_strength, default=None)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(0, HEIGHT - SIDE), st.integers(0, WIDTH - SIDE), st.integers(0, 40), st.booleans())
def test_a_copy_is_found_at_its_offset(seed: int, top: int, left: int, skew: int, below: bool) -> None:
    """Wherever it came from, in either direction, and however the offset wraps around the picture."""
    grey = sky(seed)
    patch = grey[top : top + SIDE, left : left + SIDE].copy()
    down = (top + SIDE + skew) % (HEIGHT - SIDE) if below else top
    right = left if below else (left + SIDE + skew) % (WIDTH - SIDE)
    offset = down - top, right - left
    if max(abs(offset[0]), abs(offset[1])) < SIDE:
        return  # it would cover its source
    grey[down : down + SIDE, right : right + SIDE] = patch
    found = strongest(grey)
    assert found is not None
    assert shift_strength(found) >= MOVING.strong
    assert found.offset in (offset, (-offset[0], -offset[1]))
    truth = np.zeros(grey.shape, np.bool_)
    truth[top : top + SIDE, left : left + SIDE] = truth[down : down + SIDE, right : right + SIDE] = True
    marked = found.source | found.target
    assert 2 * (marked & truth).sum() / (marked.sum() + truth.sum()) > 0.7
    assert np.roll(found.source, found.offset, axis=(0, 1)).tolist() == found.target.tolist()


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([None, 95, 85, 75]), st.floats(0, 3))
def test_noise_alone_repeats_nowhere(seed: int, quality: int | None, blur: float) -> None:
    """White or soft, without loss or with the blocks of JPEG."""
    grey = sky(seed, noise=4.0)
    soft = np.asarray(cv2.GaussianBlur(grey, (0, 0), blur), np.float32) if blur > 0.3 else grey
    found = strongest(soft if quality is None else stored(soft, quality))
    assert found is None or shift_strength(found) < MOVING.strong


@pytest.mark.parametrize("period", [9, 24, 40])
def test_a_pattern_with_noise_of_its_own_is_no_copy(period: int) -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    waves = 120 + 3 * np.sin(2 * np.pi * x / period) * np.sin(2 * np.pi * y / period)
    grey = np.asarray(waves + np.random.default_rng(3).normal(0, 2, waves.shape), np.float32)
    found = strongest(grey)
    assert found is None or shift_strength(found) < MOVING.strong


@pytest.mark.parametrize("grey", [np.zeros((128, 128)), np.full((128, 700), 255.0), np.eye(200) * 255])
def test_pictures_with_nothing_in_them_repeat_nowhere(grey: NDArray[np.float64]) -> None:
    found = strongest(grey.astype(np.float32))
    assert found is None or shift_strength(found) < MOVING.strong


def test_outlines_that_repeat_under_fresh_noise_are_no_copy() -> None:
    """The same place photographed twice: everything agrees but the noise."""
    rng = np.random.default_rng(5)
    grey = sky(5, noise=0.0) + np.asarray(cv2.GaussianBlur(rng.normal(0, 40, (HEIGHT, WIDTH)), (0, 0), 6), np.float32)
    grey[:, WIDTH // 2 :] = grey[:, : WIDTH // 2]
    found = strongest(np.asarray(grey + rng.normal(0, 2.5, grey.shape), np.float32))
    assert found is None or shift_strength(found) < MOVING.strong


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(1, 8), st.floats(-20, 20))
def test_equalising_takes_away_contrast_and_brightness(seed: int, contrast: float, brightness: float) -> None:
    even = Equaliser(sigma=2.0, wide=8.0, floor=0.3)
    grey = sky(seed)
    first, second = even(grey), even(np.asarray(grey * np.float32(contrast) + np.float32(brightness), np.float32))
    assert np.abs(first - second).max() < 0.02
    assert np.abs(first).max() <= 3.0


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 96)])
def test_what_repeats_all_over_is_a_pattern_and_no_copy(
    monkeypatch: pytest.MonkeyPatch, height: int, width: int
) -> None:
    # As a watermark of tiles lies over a picture, this system's own among others.
    tile = np.random.default_rng(7).normal(0, 2, (height, width))
    marked = sky(5) + np.tile(tile, (HEIGHT // height + 1, WIDTH // width + 1))[:HEIGHT, :WIDTH].astype(np.float32)
    assert shifts(marked, Settings()) == []
    monkeypatch.setattr("detectors.shifts._PATTERN", 1000)
    assert shifts(marked, Settings()) != []
