"""The map of risk: what was invented lights up where it was put, and what invents nothing leaves it dark."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import Cancelled
from core.media import Pixels
from core.registry import Registry
from generators import risk
from generators.base import Generator
from tests.generators.pictures import make, media, noise, photo

SIDE = 256
PASTED = slice(96, 176)
PHOTOS = ("fig.jpg", "crab.jpg", "mountains.jpg", "dogs.jpg")


def reduced(pixels: Pixels, scale: int) -> Pixels:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((width // scale, height // scale), Image.Resampling.BICUBIC))


def texture() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """What a model that makes things up might lay onto a smooth place, float32 (SIDE, SIDE, 1), 0 outside it."""
    made = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, (SIDE, SIDE)).astype(np.float32), (0, 0), 0.8)
    made *= 16 / made.std()
    mask = np.zeros((SIDE, SIDE), np.float32)
    mask[PASTED, PASTED] = 1
    return (made * mask)[..., None]


def pasted(pixels: Pixels) -> Pixels:
    made: Pixels = np.clip(np.rint(pixels + texture()), 0, 255).astype(np.uint8)
    return made


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("scale", [2, 4])
def test_what_was_invented_lights_up_and_nothing_else_does(
    generators: Registry[Generator], name: str, scale: int
) -> None:
    """The control: the same picture, enlarged by the same honest network, without what was pasted in."""
    small = reduced(photo(name, SIDE, SIDE), scale)
    honest = make(generators.get("compact"), media(small), scale=str(scale))[0].frame.pixels
    control, found = risk.unsupported(small, honest), risk.unsupported(small, pasted(honest))
    inside = slice(PASTED.start // scale, PASTED.stop // scale)
    outside = np.ones(control.shape, bool)
    outside[inside.start - 5 : inside.stop + 5, inside.start - 5 : inside.stop + 5] = False  # half a window wider
    assert np.median(found[inside, inside]) > 10
    assert np.mean(control >= risk.THRESHOLD) < 0.01
    assert np.mean(found[outside] >= risk.THRESHOLD) < 0.01


@pytest.mark.parametrize("name", ["fig.jpg", "mountains.jpg", "dandelion.jpg"])
def test_what_contradicts_nothing_lights_up_where_the_source_is_smooth(
    generators: Registry[Generator], name: str
) -> None:
    """A texture that vanishes when the picture is reduced: consistency alone could not see it."""
    small = reduced(photo(name, SIDE, SIDE), 4)
    honest = make(generators.get("compact"), media(small), scale="4")[0].frame.pixels
    low = Image.fromarray(texture()[..., 0]).resize((SIDE // 4, SIDE // 4), Image.Resampling.BICUBIC)
    hidden = texture() - np.asarray(low.resize((SIDE, SIDE), Image.Resampling.BICUBIC))[..., None]
    made = np.clip(np.rint(honest + hidden), 0, 255).astype(np.uint8)
    inside = slice(PASTED.start // 4, PASTED.stop // 4)
    assert np.median(risk.unsupported(small, made)[inside, inside]) > risk.THRESHOLD


@pytest.mark.parametrize("method", ["bicubic", "lanczos"])
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", [*PHOTOS, "colosseum.jpg"])
def test_interpolation_is_dark(generators: Registry[Generator], name: str, scale: int, method: str) -> None:
    small = photo(name, 80, 64)
    made = make(generators.get(method), media(small), scale=str(scale))[0].frame.pixels
    assert risk.unsupported(small, made).max() < risk.THRESHOLD / 2


@pytest.mark.parametrize("name", PHOTOS)
def test_taking_noise_away_is_dark_and_laying_texture_on_instead_is_not(
    generators: Registry[Generator], name: str
) -> None:
    clean = photo(name, SIDE, SIDE)
    noisy = np.clip(np.rint(clean + np.random.default_rng(1).normal(0, 20, clean.shape)), 0, 255).astype(np.uint8)
    for method in ("nlm", "tv", "wavelet", "bilateral"):
        made = make(generators.get(method), media(noisy))[0].frame.pixels
        assert np.mean(risk.unsupported(noisy, made) >= risk.THRESHOLD) < 0.01
        assert np.median(risk.unsupported(noisy, pasted(made))[PASTED, PASTED]) > risk.THRESHOLD


@given(st.floats(-2, 2), st.floats(-40, 40), st.integers(0, 2**16))
@settings(max_examples=30, deadline=None)
def test_contrast_brightness_and_sharpening_of_any_amount_follow_from_the_source(
    amount: float, shift: float, seed: int
) -> None:
    """A law: what is a linear function of the source and its details is no invention, however strong."""
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.normal(128, 60, (64, 64)).astype(np.float32), (0, 0), 1.5)
    before = np.repeat(np.rint(np.clip(smooth, 60, 190))[..., None], 3, axis=2).astype(np.uint8)
    grey = before[..., 0].astype(np.float32)
    sharper = grey + amount * (grey - cv2.GaussianBlur(grey, (0, 0), 0.8)) + shift
    after = np.repeat(np.rint(np.clip(sharper, 0, 255))[..., None], 3, axis=2).astype(np.uint8)
    assume(after.min() > 0 and after.max() < 255)  # clipping is no linear function
    assert risk.unsupported(before, after).max() < 2.0  # what rounding leaves


def test_the_map_is_the_same_in_tiles_and_of_the_sources_size() -> None:
    before = photo("colosseum.jpg", 270, 300)
    after = np.asarray(Image.fromarray(before).resize((600, 540), Image.Resampling.NEAREST)).copy()
    after[100:180, 200:300] = noise(80, 100)
    drawn = risk.risk_map(before, after, lambda: False)
    whole = np.rint(np.minimum(risk.MAP_GAIN * risk.unsupported(before, after), 255)).astype(int)
    assert drawn.shape == before.shape
    assert (drawn == drawn[..., :1]).all()
    assert np.abs(drawn[..., 0] - whole).max() <= 1
    assert whole.max() == 255


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (40, 1), (2, 3)])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_any_size_is_answered(height: int, width: int, scale: int) -> None:
    before = noise(height, width)
    after = before.repeat(scale, axis=0).repeat(scale, axis=1)
    found = risk.unsupported(before, after)
    assert found.shape == (height, width)
    assert np.isfinite(found).all()


def test_cancelling_stops_between_tiles() -> None:
    with pytest.raises(Cancelled):
        risk.risk_map(noise(20, 20), noise(20, 20), lambda: True)
