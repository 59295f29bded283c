"""What `generators.base.Generator` promises, checked on every generator of the catalog."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.errors import Cancelled, InvalidInput
from core.media import Kind
from core.registry import Registry
from generators import fidelity, parameters
from generators.base import Generator
from tests.generators.pictures import FORMATS, job, make, media, noise, opened, photo

NAMES = (
    "compact",
    "bicubic",
    "lanczos",
    "nlm",
    "tv",
    "wavelet",
    "bilateral",
    "clahe",
    "unsharp",
    "richardson_lucy",
    "wiener",
    "nafnet",
    "nafnet_sigma",
    "auto",
)
BUSY = {name: {"blur": "1"} for name in ("richardson_lucy", "wiener")}
"""Settings of those that would find nothing to do in a picture of noise."""
BURSTS = ("burst",)
"""What takes several pictures, and is held to it in tests/generators/burst."""
PAINTERS = ("text_to_image",)
"""Held to theirs in `tests/generators/diffusion`; the one that ships, in `tests/training/test_shipped_painter.py`."""
# Terms of the IPTC vocabulary that an enhancer may claim for its output.
SOURCE_TYPES = {"algorithmicallyEnhanced", "compositeWithTrainedAlgorithmicMedia"}


@pytest.fixture(params=NAMES)
def generator(request: pytest.FixtureRequest, generators: Registry[Generator]) -> Generator:
    return generators.get(request.param)


def factor(generator: Generator) -> int:
    return int(parameters.parse(generator.parameters, {}).get("scale", 1))


def test_every_generator_is_held_to_the_contract(generators: Registry[Generator]) -> None:
    assert generators.names() == (*NAMES, *BURSTS, *PAINTERS)


def test_it_says_what_it_is(generator: Generator) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", generator.name)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", generator.version)
    assert generator.kinds == {Kind.IMAGE}
    assert generator.inputs == {"source"}
    assert generator.source_type in SOURCE_TYPES
    assert generator.source_type_of(generator.inputs) == generator.source_type
    card = generator.card
    assert card.licence
    assert card.summary.strip().endswith(".")
    assert card.limits.strip().endswith(".")
    assert card.markdown.startswith("# ")


def test_its_defaults_are_allowed_by_its_own_declarations(generator: Generator) -> None:
    defaults = {parameter.name: parameter.default for parameter in generator.parameters}
    assert parameters.complete(generator.parameters, {}) == defaults


def test_the_same_job_gives_the_same_file(generator: Generator) -> None:
    source = media(photo("fig.jpg", 40, 56))
    assert make(generator, source)[0].data == make(generator, source)[0].data


def test_a_batch_is_answered_in_order_and_as_if_each_came_alone(generator: Generator) -> None:
    sources = [media(photo("crab.jpg", 40, 24)), media(noise(17, 31)), media(photo("dogs.jpg", 24, 40))]
    batch = make(generator, *sources)
    assert [output.data for output in batch] == [make(generator, source)[0].data for source in sources]


def test_a_batch_key_refuses_what_generate_refuses(generator: Generator) -> None:
    assert generator.batch_key(job(generator, media(noise(8, 8)))) is None
    with pytest.raises(InvalidInput, match="no picture"):
        generator.batch_key(job(generator, None))


def test_it_reports_what_it_did_to_the_picture(generator: Generator) -> None:
    notes = make(generator, media(photo("fig.jpg", 40, 56)))[0].notes
    enlarged = factor(generator) > 1
    left_out = {fidelity.MEAN_CHANGE} if enlarged else {fidelity.CONSISTENCY_RMSE, fidelity.CONSISTENCY_MAX}
    figures = fidelity.figures_in(notes)
    assert figures.keys() == set(fidelity.NAMES) - left_out - {fidelity.RISK_SPREAD}
    assert all(0 <= value < 1e6 for value in figures.values())


def test_an_empty_batch_is_no_work(generator: Generator) -> None:
    assert make(generator) == []


def test_the_source_is_left_as_it_was(generator: Generator) -> None:
    pixels = noise(20, 30)
    before = pixels.copy()
    make(generator, media(pixels))
    assert np.array_equal(pixels, before)


def test_progress_never_falls_and_ends_at_one(generator: Generator) -> None:
    heard: list[float] = []
    told = BUSY.get(generator.name, {})
    jobs = [job(generator, media(noise(side, 20)), **told) for side in (300, 20)]
    generator.generate(jobs, heard.append, lambda: False)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) >= 3  # two tiles, then the second job
    assert all(0.0 <= fraction <= 1.0 for fraction in heard)


@pytest.mark.parametrize("after", [0, 1, 4])  # 4: all pixels made, the file not yet
def test_cancelling_stops_before_the_next_step(generator: Generator, after: int) -> None:
    heard: list[float] = []
    work = job(generator, media(noise(900, 16)), **BUSY.get(generator.name, {}))  # four tiles
    with pytest.raises(Cancelled):
        generator.generate([work], heard.append, lambda: len(heard) >= after)
    assert len(heard) == after


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 19), (19, 1), (2, 2), (3, 257), (7, 5)])
def test_any_size_is_answered_in_proportion(generator: Generator, height: int, width: int) -> None:
    output = make(generator, media(noise(height, width)))[0]
    scale = factor(generator)
    assert output.frame.pixels.shape == (height * scale, width * scale, 3)
    assert opened(output).size == (width * scale, height * scale)


@pytest.mark.parametrize("mime", FORMATS)
def test_the_output_is_a_file_of_the_same_format_with_the_same_picture(generator: Generator, mime: str) -> None:
    output = make(generator, media(photo("fig.jpg", 48, 64), mime=mime))[0]
    image = opened(output)
    assert (output.mime, image.format) == (mime, FORMATS[mime])
    decoded = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(decoded - output.frame.pixels).mean() < 3  # lossy formats, at high quality


@pytest.mark.parametrize("mime", ["image/gif", "image/bmp"])
def test_formats_that_cannot_hold_the_output_become_png(generator: Generator, mime: str) -> None:
    output = make(generator, media(noise(8, 8), mime=mime))[0]
    assert (output.mime, opened(output).format) == ("image/png", "PNG")


def test_transparency_is_kept(generator: Generator) -> None:
    alpha = np.zeros((16, 24), np.uint8)
    alpha[:, 12:] = 255
    output = make(generator, media(photo("crab.jpg", 16, 24), alpha))[0]
    scale = factor(generator)
    image = opened(output)
    assert image.mode == "RGBA"
    assert output.frame.alpha is not None
    assert np.array_equal(np.asarray(image)[..., 3], output.frame.alpha)
    assert output.frame.alpha.shape == (16 * scale, 24 * scale)
    assert (output.frame.alpha[:, : 8 * scale] == 0).all()
    assert (output.frame.alpha[:, 16 * scale :] == 255).all()


def test_greys_stay_neutral(generator: Generator) -> None:
    grey = np.repeat(photo("stream.jpg", 40, 40)[..., 1:2], 3, axis=2)
    made = make(generator, media(grey))[0].frame.pixels
    assert np.array_equal(made[..., 0], made[..., 1])
    assert np.array_equal(made[..., 1], made[..., 2])


@pytest.mark.parametrize("mime", ["image/jpeg", "image/png", "image/webp", "image/avif"])
def test_metadata_travels_with_the_picture(generator: Generator, mime: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'
    tags = {"exif": exif.tobytes(), "icc": profile, "xmp": xmp}
    image = opened(make(generator, media(photo("fig.jpg", 16, 16), mime=mime, tags=tags))[0])
    assert image.getexif()[0x010F] == "A maker"
    assert image.info["icc_profile"] == profile
    assert xmp in image.info["xmp"]


def test_nothing_is_added_where_the_source_had_no_metadata(generator: Generator) -> None:
    image = opened(make(generator, media(noise(8, 8)))[0])
    assert len(image.getexif()) == 0
    assert not {"icc_profile", "xmp"} & image.info.keys()


def test_video_animations_and_nothing_are_refused(generator: Generator) -> None:
    video = media(noise(8, 8), mime="video/mp4", kind=Kind.VIDEO)
    animation = media(noise(8, 8), mime="image/gif", facts={"n_frames": 12})
    for source in (video, animation, None):
        with pytest.raises(InvalidInput) as refusal:
            generator.generate([job(generator, source)], lambda _: None, lambda: False)
        assert refusal.value.field == "media"
        assert refusal.value.limit
        assert refusal.value.found


def test_a_phone_photo_with_an_embedded_preview_is_one_picture(generator: Generator) -> None:
    source = media(photo("fig.jpg", 8, 8), mime="image/jpeg", facts={"n_frames": 2})
    assert make(generator, source)[0].mime == "image/jpeg"


def test_one_bad_job_refuses_the_batch_before_any_work(generator: Generator) -> None:
    heard: list[float] = []
    jobs = [job(generator, media(noise(8, 8))), job(generator, None)]
    with pytest.raises(InvalidInput):
        generator.generate(jobs, heard.append, lambda: False)
    assert heard == []
