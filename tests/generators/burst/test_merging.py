"""One picture from several: better than from one, and no worse for what moved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.errors import Cancelled, ConfigurationError, InvalidInput, LimitExceeded
from core.media import Frame, Media, Pixels, View
from core.registry import Registry
from generators import cards
from generators.base import Generator, Job, Output
from generators.burst import windows
from generators.burst.generator import BurstMerger
from generators.classical.interpolation import Interpolation
from generators.parameters import parse
from generators.tiling import Plan
from tests.generators.burst.pictures import burst, view
from tests.generators.pictures import make, media, noise, opened, photo, psnr

CARD = cards.shipped("burst.md")


def merge(generator: Generator, pictures: Sequence[Media], **settings: str) -> Output:
    job = Job(pictures[0], parse(generator.parameters, settings), burst=tuple(pictures[1:]))
    (output,) = generator.generate([job], lambda _: None, lambda: False)
    return output


def as_media(pictures: Sequence[Pixels]) -> list[Media]:
    return [media(picture) for picture in pictures]


@pytest.fixture(scope="module")
def plain() -> BurstMerger:
    """Without a network."""
    return BurstMerger(Interpolation("bicubic", 2), CARD)


def inner(pixels: Pixels) -> Pixels:
    return pixels[8:-8, 8:-8]


def test_eight_pictures_beat_one_by_more_than_a_decibel(generators: Registry[Generator]) -> None:
    made = burst(8)
    merged = merge(generators.get("burst"), as_media(made.pictures))
    (single,) = make(generators.get("compact"), media(made.pictures[0]))
    gain = psnr(inner(merged.frame.pixels), inner(made.truth)) - psnr(inner(single.frame.pixels), inner(made.truth))
    assert gain > 1
    assert np.array_equal(np.asarray(opened(merged)), merged.frame.pixels)
    assert merged.notes["burst_pictures"] == 8
    assert float(merged.notes["burst_correlation_least"]) > 0.9


def test_more_pictures_are_better(plain: BurstMerger) -> None:
    made = burst(8)
    scores = [
        psnr(inner(merge(plain, as_media(made.pictures[:count])).frame.pixels), inner(made.truth))
        for count in (2, 4, 8)
    ]
    assert scores == sorted(scores)


def test_what_moved_comes_from_the_first_picture(plain: BurstMerger) -> None:
    """A bright patch that is elsewhere in every other picture leaves no ghosts."""
    made = burst(5, sigma=2.0)
    moving = [picture.copy() for picture in made.pictures]
    for number, picture in enumerate(moving[1:]):
        picture[10 + 14 * number : 22 + 14 * number, 60:80] = (255, 40, 200)
    still = merge(plain, as_media(made.pictures[:1] * 2)).frame.pixels
    merged = merge(plain, as_media(moving))
    assert psnr(inner(merged.frame.pixels), inner(made.truth)) > psnr(inner(still), inner(made.truth)) - 0.3
    assert float(merged.notes["burst_agreement"]) < 0.97


def test_windows_cannot_be_told_from_the_whole(plain: BurstMerger, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = as_media(burst(4, side=256).pictures)
    at_once = merge(plain, pictures).frame.pixels
    # The default of an argument, which is where the plan stands.
    monkeypatch.setattr(windows.windows, "__defaults__", (Plan(size=64, margin=48),))
    monkeypatch.setattr(windows.count, "__defaults__", (Plan(size=64, margin=48),))
    cut = merge(plain, pictures).frame.pixels
    assert np.abs(cut.astype(int) - at_once).max() <= 1


def test_greys_stay_grey_and_depth_is_kept(plain: BurstMerger) -> None:
    made = burst(3)
    greys = [np.repeat(picture[..., :1], 3, axis=2) for picture in made.pictures]
    merged = merge(plain, as_media(greys)).frame.pixels
    assert np.array_equal(merged[..., 0], merged[..., 2])
    deep = []
    for picture in made.pictures:
        frame = Frame(picture, deep=picture.astype(np.uint16) * 257)
        one = media(picture)
        object.__setattr__(one, "pictures", (frame,))
        deep.append(one)
    output = merge(plain, deep)
    assert output.frame.deep is not None
    assert len(np.unique(output.frame.deep)) > 256


def alpha(pixels: Pixels) -> Media:
    return media(pixels, alpha=np.full(pixels.shape[:2], 9, np.uint8))


def animation(pixels: Pixels) -> Media:
    one = media(pixels, mime="image/gif")
    object.__setattr__(one, "views", {"pixels": View({"n_frames": 3})})
    return one


SIDE = photo("stream.jpg", 96, 96)
REFUSED = {
    "one picture": ([media(SIDE)], "burst", "1"),
    "seventeen": ([media(SIDE)] * 17, "burst", "17"),
    "another size": ([media(SIDE), media(SIDE), media(SIDE[:, :90])], "burst[1]", "90×96"),
    "another scene": ([media(SIDE), media(photo("fig.jpg", 96, 96))], "burst[0]", None),
    "noise": ([media(SIDE), media(SIDE), media(noise(96, 96))], "burst[1]", None),
    "see-through": ([media(SIDE), alpha(SIDE)], "burst[0]", "alpha"),
    "see-through first": ([alpha(SIDE), media(SIDE)], "media", "alpha"),
    "an animation": ([media(SIDE), animation(SIDE)], "burst[0]", "3 pictures"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_burst(plain: BurstMerger, case: str) -> None:
    pictures, field, found = REFUSED[case]
    with pytest.raises(InvalidInput) as caught:
        merge(plain, pictures)
    assert caught.value.field == field
    assert found in (None, caught.value.found)
    assert caught.value.limit


def test_limits_and_ends(plain: BurstMerger) -> None:
    with pytest.raises(ConfigurationError):
        BurstMerger(Interpolation("bicubic", 4), CARD)
    with pytest.raises(LimitExceeded) as caught:
        merge(BurstMerger(Interpolation("bicubic", 2), CARD, max_pixels=1000), [media(SIDE), media(SIDE)])
    assert caught.value.field == "media"
    job = Job(media(SIDE), burst=(media(SIDE),))
    with pytest.raises(Cancelled):
        plain.generate([job], lambda _: None, lambda: True)


def test_progress_never_falls(plain: BurstMerger) -> None:
    told: list[float] = []
    pictures = as_media(
        [view(photo("crab.jpg", 128, 128), shift, 0.3, 1.0, np.random.default_rng(0)) for shift in (0, 1)]
    )
    plain.generate([Job(pictures[0], burst=(pictures[1],))], told.append, lambda: False)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_the_shipped_one_says_what_it_is(generators: Registry[Generator]) -> None:
    shipped = generators.get("burst")
    assert shipped.task == "misr"
    assert shipped.inputs == {"source", "burst"}
    assert shipped.card.profiles == {"photo"}
    assert shipped.source_type_of(shipped.inputs) == shipped.source_type == "algorithmicallyEnhanced"


def test_the_same_burst_gives_the_same_file_and_keys_refuse_what_generate_refuses(plain: BurstMerger) -> None:
    pictures = as_media(burst(3).pictures)
    assert merge(plain, pictures).data == merge(plain, pictures).data
    plain.batch_key(Job(pictures[0], burst=tuple(pictures[1:])))
    with pytest.raises(InvalidInput):
        plain.batch_key(Job(pictures[0]))
