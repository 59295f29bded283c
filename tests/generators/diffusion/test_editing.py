"""Making from a picture: what a mask keeps comes back to the bit, strength is felt, EXIF and alpha are minded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.media import Pixels
from generators.diffusion.schedulers import SCHEDULERS
from generators.diffusion.text_to_image import TextToImage
from tests.generators.diffusion.painting import masked, order, outputs, paint, square
from tests.generators.pictures import media, noise, opened, photo

KEPT = square()[..., 0] == 0


def changed(made: Pixels, source: Pixels) -> float:
    return float(np.abs(made.astype(int) - source).mean())


@pytest.mark.parametrize("settings", [{"scheduler": name} for name in SCHEDULERS] + [{"mode": "fast"}])
@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_what_a_mask_keeps_comes_back_to_the_bit(
    painter: TextToImage, settings: dict[str, Any], strength: float
) -> None:
    source = photo("fig.jpg", 64, 64)
    (made,) = paint(painter, order(source=media(source), mask=masked(), strength=strength, **settings))
    assert np.array_equal(made[KEPT], source[KEPT])
    assert changed(made[~KEPT], source[~KEPT]) > 3


def test_what_a_mask_keeps_comes_back_to_the_bit_above_the_models_size(painter: TextToImage) -> None:
    source = photo("fig.jpg", 256, 256)
    mask = square(256, slice(61, 175))
    (made,) = paint(painter, order(source=media(source), mask=media(mask), size=256))
    kept = mask[..., 0] == 0
    assert made.shape == source.shape
    assert np.array_equal(made[kept], source[kept])
    assert changed(made[~kept], source[~kept]) > 3


def test_what_is_kept_shapes_what_is_made(painter: TextToImage) -> None:
    """The model sees the surroundings at every step, it does not paint a patch that knows nothing of them."""
    dark, bright = (np.full((64, 64, 3), level, np.uint8) for level in (10, 245))
    mask = media(np.where(KEPT[..., None], np.uint8(0), np.uint8(255)) * np.ones((1, 1, 3), np.uint8))
    made = paint(painter, *(order(source=media(source), mask=mask) for source in (dark, bright)))
    assert not np.array_equal(made[0][~KEPT], made[1][~KEPT])


def test_a_mask_is_white_from_the_middle_of_grey_on(painter: TextToImage) -> None:
    source = noise(64, 64)
    levels = np.zeros((64, 64, 3), np.uint8)
    levels[:, 32:48], levels[:, 48:] = 127, 128
    (made,) = paint(painter, order(source=media(source), mask=media(levels)))
    assert np.array_equal(made[:, :48], source[:, :48])
    assert not np.array_equal(made[:, 48:], source[:, 48:])


def test_colours_and_transparency_of_what_is_kept_are_kept(painter: TextToImage) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:, ::2] = 255
    source = media(noise(64, 64), alpha, tags={"icc": profile})
    (output,) = outputs(painter, order(source=source, mask=masked()))
    image = opened(output)
    assert image.mode == "RGBA"
    assert image.info["icc_profile"] == profile
    assert np.array_equal(np.asarray(image)[KEPT, 3], alpha[KEPT])
    assert (np.asarray(image)[~KEPT, 3] == 255).all()
    assert np.array_equal(np.asarray(image)[KEPT, :3], noise(64, 64)[KEPT])


def test_a_picture_is_worked_from_as_it_is_shown(painter: TextToImage) -> None:
    """The output says nothing of EXIF: a source that EXIF turns has to be turned before."""
    source = noise(64, 64)
    exif = Image.Exif()
    exif[274] = 6
    (made,) = paint(painter, order(source=media(source, tags={"exif": exif.tobytes()}), mask=masked()))
    assert np.array_equal(made[KEPT], np.rot90(source, -1)[KEPT])


@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 200), (1, 1), (300, 64)])
def test_a_source_of_any_size_is_worked_from(painter: TextToImage, height: int, width: int) -> None:
    (made,) = paint(painter, order(source=media(noise(height, width))))
    assert made.shape == (64, 64, 3)


def test_a_source_and_its_strength_are_felt(painter: TextToImage) -> None:
    one, other = media(noise(64, 64, 1)), media(noise(64, 64, 2))
    pictures = paint(
        painter,
        order(source=one, strength=0.5),
        order(source=one, strength=1.0),
        order(source=other, strength=0.5),
        order(source=one, strength=0.5, seed=8),
        order(source=one, strength=0.5, mode="fast"),
    )
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_a_batch_of_edits_gives_what_each_gives_alone(painter: TextToImage) -> None:
    jobs = [order(source=media(noise(64, 64, seed)), mask=masked(), seed=seed) for seed in (1, 2)]
    assert painter.batch_key(jobs[0]) == painter.batch_key(jobs[1])
    for job, together in zip(jobs, paint(painter, *jobs), strict=True):
        assert np.abs(together.astype(int) - paint(painter, job)[0]).max() <= 1


def test_the_sources_are_left_as_they_were(painter: TextToImage) -> None:
    pixels, mask = photo("crab.jpg", 64, 64), square()
    paint(painter, order(source=media(pixels), mask=media(mask)))
    assert np.array_equal(pixels, photo("crab.jpg", 64, 64))
    assert np.array_equal(mask, square())
