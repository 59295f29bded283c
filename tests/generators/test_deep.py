"""Pictures of 16 bits stay so: what works on bytes works on floats alike, and nothing passes through 8 bits."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import CorruptMedia, InvalidInput
from core.media import Deep, Media, View
from core.registry import Registry
from generators.base import Generator
from generators.deep import MAXIMUM, eight_bits, enhanced_samples, like, to_unit
from generators.tiling import Plan, Samples
from tests.generators.pictures import job, make, media, photo

DEBLURRERS = ("wiener", "richardson_lucy")
NAMES = ("compact", "bicubic", "lanczos", "nlm", "tv", "wavelet", "bilateral", "clahe", "unsharp", *DEBLURRERS)
TOLD = {name: {"sigma": "8"} for name in ("nlm", "tv", "wavelet", "bilateral")} | {
    name: {"blur": "1"} for name in DEBLURRERS
}
PLAN = Plan(16, 4)


def silent(_: float) -> None:
    """A listener who does not care."""


def deep_photo(name: str, height: int, width: int, *, channels: int = 3) -> Deep:
    """A photograph with low bits that its 8-bit form does not show: between its steps lies a slow wave."""
    coarse = photo(name, height, width)[..., :channels].astype(np.float64)
    rows, columns = np.mgrid[:height, :width]
    wave = np.sin(rows / 7) * np.cos(columns / 5)
    deep: Deep = np.clip(np.rint((coarse + 0.45 * wave[..., None]) * 257), 0, MAXIMUM).astype(np.uint16)
    return deep


def deep_media(deep: Deep, alpha: Deep | None = None, mime: str = "image/png") -> Media:
    """Media of that picture, as the sandbox would hand it over."""
    coarse = None if alpha is None else (alpha >> 8).astype(np.uint8)
    made = media(eight_bits(deep), coarse, mime)
    return replace(made, pictures=(replace(made.pictures[0], deep=deep, deep_alpha=alpha),))


@pytest.fixture(params=NAMES)
def generator(request: pytest.FixtureRequest, generators: Registry[Generator]) -> Generator:
    return generators.get(request.param)


def made_of(generator: Generator, source: Media) -> Any:
    (output,) = make(generator, source, **TOLD.get(generator.name, {}))
    return output


def test_16_bits_come_out_as_16_bits(generator: Generator) -> None:
    for mime in ("image/png", "image/tiff"):
        output = made_of(generator, deep_media(deep_photo("fig.jpg", 40, 56), mime=mime))
        read = imagecodecs.png_decode(output.data) if mime == "image/png" else tifffile.imread(io.BytesIO(output.data))
        assert read.dtype == np.uint16
        assert np.array_equal(read, output.frame.deep)
        assert len(np.unique(read & 0xFF)) > 200  # low bytes that 8 bits could not have filled


def test_it_does_to_16_bits_what_it_does_to_8(generator: Generator) -> None:
    pixels = photo("crab.jpg", 60, 70)
    plain = made_of(generator, media(pixels)).frame.pixels
    deep = made_of(generator, deep_media(pixels.astype(np.uint16) * np.uint16(257))).frame
    difference = np.abs(deep.pixels.astype(int) - plain)
    assert difference.mean() < 1  # Pillow and OpenCV blur a little differently
    assert np.array_equal(deep.pixels, eight_bits(deep.deep))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "wavelet"])  # its thresholds are the picture's
def test_far_away_pixels_change_nothing(generators: Registry[Generator], name: str) -> None:
    """The picture is cut: what stands in the first tiles must not depend on how much stands right of them."""
    generator = generators.get(name)
    whole = deep_photo("colosseum.jpg", 40, 600)
    both = made_of(generator, deep_media(whole)).frame.deep
    left = made_of(generator, deep_media(np.ascontiguousarray(whole[:, :560]))).frame.deep
    near = slice(0, 250 * (both.shape[1] // 600))
    assert np.abs(both[:, near].astype(int) - left[:, near]).max() <= 2


def test_greys_of_16_bits_stay_one_channel(generator: Generator) -> None:
    output = made_of(generator, deep_media(deep_photo("stream.jpg", 40, 40, channels=1)))
    assert output.frame.deep.shape[2] == 1
    assert imagecodecs.png_decode(output.data).ndim == 2


def test_equal_channels_stay_equal(generator: Generator) -> None:
    grey = np.repeat(deep_photo("stream.jpg", 30, 30, channels=1), 3, axis=2)
    made = made_of(generator, deep_media(grey)).frame.deep
    assert np.array_equal(made[..., 0], made[..., 1])
    assert np.array_equal(made[..., 1], made[..., 2])


def test_alpha_of_16_bits_is_kept(generator: Generator) -> None:
    alpha = np.linspace(0, MAXIMUM, 24 * 30).reshape(24, 30).astype(np.uint16)
    output = made_of(generator, deep_media(deep_photo("fig.jpg", 24, 30), alpha))
    read = imagecodecs.png_decode(output.data)[..., 3]
    assert read.shape == output.frame.alpha.shape
    if read.shape == alpha.shape:
        assert np.array_equal(read, alpha)
    else:
        assert len(np.unique(read)) > 256


def test_formats_of_8_bits_get_8_bits(generator: Generator) -> None:
    output = made_of(generator, deep_media(deep_photo("fig.jpg", 24, 30), mime="image/jpeg"))
    assert output.mime == "image/jpeg"


def test_what_needs_nothing_keeps_every_bit(generators: Registry[Generator]) -> None:
    deep = deep_photo("fig.jpg", 40, 56)
    for name in ("auto", "nlm"):
        output = make(generators.get(name), deep_media(np.repeat(deep[:12, :12, :1], 3, axis=2)))[0]
        assert output.frame.deep is not None
        assert np.array_equal(output.frame.deep, np.repeat(deep[:12, :12, :1], 3, axis=2))


REAL = st.sampled_from([np.uint8, np.uint16, np.int16, np.uint32])


@given(REAL.flatmap(lambda dtype: arrays.arrays(dtype, (9, 7, 1))))
@example(np.full((9, 7, 1), 3_953_957_248, np.uint32))  # the mean of three equal floats was not that float
@settings(deadline=None)
def test_what_is_left_alone_comes_back_as_it_was(samples: Samples) -> None:
    info = np.iinfo(samples.dtype)
    made = enhanced_samples(lambda t: t, samples, info.max, PLAN, 1, silent, lambda: False, minimum=info.min)
    assert made.dtype == samples.dtype
    tolerance = 0 if info.bits <= 16 else 256  # single precision holds 24 bits
    assert np.abs(made.astype(np.int64) - samples).max() <= tolerance


@given(arrays.arrays(np.uint16, (6, 5, 3)), st.floats(-2, 2, width=32))
@settings(deadline=None)
def test_nothing_leaves_the_range(samples: Deep, shift: float) -> None:
    made = enhanced_samples(lambda t: t + np.float32(shift), samples, 4095, PLAN, 1, silent, lambda: False, minimum=100)
    assert made.min() >= 100
    assert made.max() <= 4095


@given(arrays.arrays(np.uint8, (3, 4, 3)))
def test_bytes_and_floats_are_the_same_tile(tile: Samples) -> None:
    assert np.array_equal(like(tile, to_unit(tile)), tile)
    unit = to_unit(tile)
    assert to_unit(unit) is unit
    assert like(unit, unit).dtype == np.float32


def _measured(samples: Samples, **facts: Any) -> Media:
    view = View({"kind": "grey", "minimum": -3.0, "maximum": 8.0, **facts}, {"samples": samples})
    made = media(photo("fig.jpg", *samples.shape[:2]), mime="image/tiff")
    return replace(made, views={**made.views, "samples": view})


HOLES = np.full((8, 9, 1), np.nan, np.float32)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (_measured(np.zeros((8, 9, 5), np.uint16), kind="bands"), "5 bands of uint16"),
        (_measured(np.zeros((8, 9, 1), np.float32)), "float32 from -3.0 to 8.0"),
        (_measured(HOLES), "float32 from -3.0 to 8.0, with NaN or Inf"),
        (_measured(np.zeros((8, 9, 1), np.int16), minimum=-32768, maximum=32767), "int16 from -32768 to 32767"),
    ],
)
def test_measurements_are_no_photographs(generators: Registry[Generator], source: Media, found: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        generators.get("nlm").generate([job(generators.get("nlm"), source)], silent, lambda: False)
    assert (refusal.value.field, refusal.value.found) == ("media", found)


def test_inks_are_refused_by_name(generators: Registry[Generator]) -> None:
    inks = media(photo("fig.jpg", 8, 8), mime="image/jpeg")
    inks = replace(inks, views={**inks.views, "pixels": View({"mode": "CMYK"})})
    with pytest.raises(InvalidInput) as refusal:
        make(generators.get("compact"), inks)
    assert (refusal.value.field, refusal.value.limit, refusal.value.found) == ("media", "RGB or grey", "CMYK")


def test_samples_that_end_early_are_not_made_up(generators: Registry[Generator]) -> None:
    cut = media(photo("fig.jpg", 8, 8))
    cut = replace(cut, views={**cut.views, "samples": View(error="the picture ends early")})
    with pytest.raises(CorruptMedia, match="ends early"):
        make(generators.get("compact"), cut)
