"""The catalog's own models on scenes: those for measured values do them, all others refuse by name."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InvalidInput, LimitExceeded
from core.registry import Registry
from generators.base import SATELLITE, Generator, Job
from generators.parameters import parse
from tests.generators.pictures import make, media, noise
from tests.generators.scenes.conftest import opened
from tests.generators.scenes.test_files import averaged
from tests.geotiffs import bands, geotiff, hole, seen

ENLARGERS = ("compact", "bicubic", "lanczos")
DENOISERS = ("nlm", "tv", "wavelet", "bilateral")
REFUSED = ("clahe", "unsharp", "wiener", "richardson_lucy", "nafnet_sigma", "auto", "burst")
ROWS, COLUMNS = slice(10, 31), slice(40, 75)


def test_every_model_says_whether_it_is_for_scenes(generators: Registry[Generator]) -> None:
    fit = {generator.name for generator in generators if SATELLITE in generator.card.profiles}
    assert fit == {*ENLARGERS, *DENOISERS}


@pytest.mark.parametrize("name", ENLARGERS)
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_enlargers(generators: Registry[Generator], name: str, dtype: str) -> None:
    data = geotiff(
        hole(bands(dtype, 4), -9999 if dtype == "float32" else 0, ROWS, COLUMNS), -9999 if dtype == "float32" else 0
    )
    (output,) = make(generators.get(name), opened(data))
    old, new = seen(data), seen(output.data)
    assert (output.mime, new.bounds, new.profile["crs"]) == ("image/tiff", old.bounds, old.profile["crs"])
    assert "watermark" in output.measured
    np.testing.assert_allclose(averaged(new.samples, 2), old.samples, rtol=0, atol=1e-3 if dtype == "float32" else 0)


@pytest.mark.parametrize("name", DENOISERS)
def test_denoisers(generators: Registry[Generator], name: str) -> None:
    """Noise of which nobody tells goes down, holes stay, means stay."""
    rng = np.random.default_rng(0)
    clean = bands("uint16", 2)
    noisy = np.clip(clean + rng.normal(0, 150, clean.shape), 1, 65535).astype(np.uint16)
    data = geotiff(hole(noisy, 0, ROWS, COLUMNS), 0)
    (output,) = make(generators.get(name), opened(data))
    old, new = seen(data), seen(output.data)
    valid = old.samples != 0
    assert ((new.samples == 0) == ~valid).all()
    before, after = (np.abs(each.samples[valid].astype(float) - clean[valid]).mean() for each in (old, new))
    assert after < 0.9 * before
    assert abs(new.samples[valid].mean() - old.samples[valid].mean()) < 2


def test_the_network_is_better_than_interpolation(generators: Registry[Generator]) -> None:
    fine = bands("uint16", 1, 192, 256)
    coarse = np.rint(averaged(fine, 2)).astype(np.uint16)
    source = opened(geotiff(coarse))
    errors = {
        name: float(np.square(seen(make(generators.get(name), source)[0].data).samples - fine.astype(float)).mean())
        for name in ("compact", "bicubic")
    }
    assert errors["compact"] < errors["bicubic"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_changes_values_for_the_eye_is_refused(generators: Registry[Generator], name: str) -> None:
    generator = generators.get(name)
    scene = opened(geotiff(bands("uint8", 3)))
    with pytest.raises(InvalidInput) as caught:
        generator.generate([Job(scene, parse(generator.parameters, {}), burst=(scene,))], lambda _: None, lambda: False)
    assert (caught.value.field, caught.value.limit, caught.value.found) == ("model", "photo", "satellite")


@pytest.mark.parametrize(("asked", "found"), [("satellite", "photo (image/png)"), ("photo", "satellite (image/tiff)")])
def test_a_picture_must_be_what_the_job_says(generators: Registry[Generator], asked: str, found: str) -> None:
    source = media(noise(16, 16)) if asked == "satellite" else opened(geotiff(bands("uint8", 3)))
    with pytest.raises(InvalidInput) as caught:
        make(generators.get("bicubic"), source, profile=asked)
    assert (caught.value.field, caught.value.limit, caught.value.found) == ("parameters.profile", asked, found)
    assert ("georeference" in caught.value.message) == (asked == "satellite")


def test_what_is_said_to_be_a_scene_and_is_one(generators: Registry[Generator]) -> None:
    assert make(generators.get("bicubic"), opened(geotiff(bands("uint8", 3))), profile="satellite")[0].measured


def test_more_pixels_than_allowed(generators: Registry[Generator]) -> None:
    scene = opened(geotiff(np.ones((1, 8, 8), np.uint8)))
    object.__setattr__(scene, "width", 20_000)
    object.__setattr__(scene, "height", 20_000)
    with pytest.raises(LimitExceeded):
        make(generators.get("bicubic"), scene)
