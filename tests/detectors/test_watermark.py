"""Marks are made by the embedder and read by the detector that ship, on photographs that no training saw."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image

from core.media import Pixels
from core.watermark.weights import shipped
from detectors.base import Verdict
from detectors.watermark.detector import WatermarkDetector
from detectors.watermark.reader import Reader
from generators.marking.watermark import Embedder, Marked
from tests.detectors.making import PHOTOGRAPHS, coded, film_of, media, photograph
from training.evaluation.attacks import ATTACKS

IDENTIFIER = 0x5EED0C0FFEE5
NAMES = sorted(path.stem for path in PHOTOGRAPHS.glob("*.jpg"))


@cache
def embedder() -> Embedder:
    return Embedder.load(shipped())


@cache
def reader() -> Reader:
    return Reader.load(shipped())


@cache
def detector() -> WatermarkDetector:
    return WatermarkDetector()


@cache
def marked(name: str, identifier: int = IDENTIFIER) -> Marked:
    return embedder().embed(photograph(name), identifier)


def identifier_of(pixels: Pixels) -> int | None:
    mark = reader().read(pixels)
    return None if mark is None else mark.identifier


@pytest.mark.parametrize("attack", ["jpeg_70", "resize_0.5", "crop_25", "rotate_5", "two_hops"])
@pytest.mark.parametrize("name", NAMES[::3])
def test_the_identifier_survives(name: str, attack: str) -> None:
    attacked = ATTACKS[attack](marked(name).pixels, np.random.default_rng(1))
    assert identifier_of(attacked) == IDENTIFIER


@pytest.mark.parametrize("name", NAMES[::2])
def test_unmarked_pictures_are_silent(name: str) -> None:
    assert reader().read(photograph(name)) is None
    assert reader().read(photograph(name)[100:356, 100:356]) is None


@pytest.mark.parametrize("identifier", [0, 2**48 - 1])
def test_the_edges_of_the_range(identifier: int) -> None:
    assert identifier_of(marked("dogs", identifier).pixels) == identifier


def test_where_a_mark_lies_is_told() -> None:
    turned = np.ascontiguousarray(np.rot90(marked("crab").pixels))
    mirrored = np.ascontiguousarray(marked("crab").pixels[:, ::-1])
    plain, quarter, mirror = (reader().read(each) for each in (marked("crab").pixels, turned, mirrored))
    assert plain is not None
    assert quarter is not None
    assert mirror is not None
    assert (plain.identifier, quarter.identifier, mirror.identifier) == (IDENTIFIER,) * 3
    assert (plain.mirrored, quarter.mirrored, mirror.mirrored) == (False, False, True)
    assert abs(plain.angle) < 1
    assert abs(quarter.angle - 90) < 1
    assert plain.period == pytest.approx(64 * 576 / 512, rel=0.01)


def test_two_pictures_side_by_side_are_two_marks() -> None:
    both = np.hstack([marked("crab").pixels[:, :600], marked("dandelion", 7).pixels[:, :600]])
    mark = reader().read(both)
    assert mark is not None
    assert {mark.identifier, *mark.others} == {IDENTIFIER, 7}
    finding = detector().detect([media(coded(both))])[0]
    assert set(finding.codes) == {"watermark.multiple", "watermark.id.5eed0c0ffee5", "watermark.id.000000000007"}


def test_a_picture_marked_again_names_a_mark_that_it_carries() -> None:
    again = embedder().embed(marked("jaguars").pixels, 99).pixels
    mark = reader().read(again)
    assert mark is not None
    assert {mark.identifier, *mark.others} <= {IDENTIFIER, 99}


def test_grey_stays_grey_and_is_read() -> None:
    grey = np.repeat(photograph("stream")[..., 1:2], 3, axis=2)
    made = embedder().embed(grey, 12345).pixels
    assert (made == made[..., :1]).all()
    assert identifier_of(ATTACKS["jpeg_70"](made, np.random.default_rng(1))) == 12345


def test_long_pictures_are_read() -> None:
    strip = np.hstack([photograph(name)[200:360, :600] for name in ("crab", "dogs", "jaguars")])
    assert strip.shape[0] * 10 < strip.shape[1]
    assert identifier_of(embedder().embed(strip, 5).pixels) == 5


def test_a_finding_names_the_identifier() -> None:
    finding = detector().detect([media(coded(marked("fig").pixels, "JPEG", quality=90))])[0]
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("watermark.id.5eed0c0ffee5",)
    assert finding.score is not None
    assert reader().threshold <= finding.score <= 1


def test_a_picture_too_small_for_a_mark_is_an_abstention() -> None:
    small = photograph("fig")[:60, :60]
    finding = detector().detect([media(coded(small))])[0]
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("picture.too_small",))


def test_a_film_votes() -> None:
    frames = []
    for start in range(0, 48, 8):
        picture = np.asarray(Image.fromarray(photograph("jaguars")).crop((start, 0, start + 512, 512)), dtype=np.uint8)
        frames.append(embedder().embed(picture, IDENTIFIER).pixels)
    finding = detector().detect([media(film_of(*frames))])[0]
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("watermark.id.5eed0c0ffee5",)
    plain = [np.ascontiguousarray(photograph("jaguars")[start : start + 512, :512]) for start in (0, 8)]
    assert detector().detect([media(film_of(*plain))])[0].verdict is Verdict.NOT_DETECTED
