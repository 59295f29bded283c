"""A thumbnail that fits, one that tells of a crop, and one that shows what is no longer there."""

from __future__ import annotations

import numpy as np
import pytest

from core.media import Pixels
from detectors.base import Finding, Verdict
from detectors.thumbnail import ThumbnailDetector
from tests.detectors.making import coded, drawn, halved, media
from tests.detectors.thumbnails import exif, photograph_of, reduced, with_exif
from training.evaluation.forgeries import to_jpeg

NAMES = ("mountains", "dogs", "jaguars", "crab")


def examine(data: bytes) -> Finding:
    return ThumbnailDetector().detect([media(data)])[0]


def barred(small: Pixels, height: int = 120) -> Pixels:
    """With black bars above and below, as cameras fill 3:2 up to 4:3."""
    missing = height - len(small)
    return np.pad(small, ((missing // 2, missing - missing // 2), (0, 0), (0, 0)))


@pytest.mark.parametrize("name", NAMES)
def test_a_thumbnail_of_the_picture_fits_it(name: str) -> None:
    finding = examine(photograph_of(halved(name), reduced(halved(name)), quality=70))
    assert finding.verdict is Verdict.NOT_DETECTED
    assert finding.probability is not None
    assert finding.probability < 0.5


def test_bars_and_tones_all_over_are_no_difference() -> None:
    picture = halved("jaguars")
    assert len(reduced(picture)) < 120
    brighter = (255 * (picture / 255) ** 0.7).astype(np.uint8)
    assert examine(photograph_of(brighter, barred(reduced(picture)))).verdict is Verdict.NOT_DETECTED


@pytest.mark.parametrize("name", NAMES)
def test_what_was_painted_over_is_marked(name: str) -> None:
    picture = halved(name)
    changed = picture.copy()
    height, width = picture.shape[:2]
    box = (slice(height // 4, height // 2), slice(width // 4, width // 2))
    changed[box] = np.where(picture[box].mean() > 128, 0, 255)
    finding = examine(photograph_of(changed, reduced(picture)))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("thumbnail.content",)
    assert [evidence.kind for evidence in finding.evidence] == ["mask", "picture"]
    heat = drawn(finding.evidence[0])
    assert heat[box].mean() > 5 * heat[height * 3 // 4 :].mean()
    assert finding.probability is not None
    assert finding.probability > 0.5


def test_a_crop_to_another_shape_is_told_by_the_shape() -> None:
    picture = halved("mountains")
    finding = examine(photograph_of(np.ascontiguousarray(picture[:, : picture.shape[1] // 2]), reduced(picture)))
    assert finding.verdict is Verdict.DETECTED
    assert "thumbnail.aspect" in finding.codes


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_picture_that_was_turned_still_shows_the_same(quarters: int) -> None:
    turned = np.ascontiguousarray(np.rot90(halved("dogs"), quarters))
    assert examine(photograph_of(turned, reduced(halved("dogs")))).verdict is Verdict.NOT_DETECTED


def test_without_a_thumbnail_nothing_can_be_said() -> None:
    assert examine(to_jpeg(halved("crab"), 80)).codes == ("thumbnail.none",)
    assert examine(coded(halved("crab"))).codes == ("thumbnail.none",)
    assert examine(with_exif(to_jpeg(halved("crab"), 80), exif(bytes(300)))).codes == ("thumbnail.damaged",)
    tiny = photograph_of(halved("crab"), reduced(halved("crab"), 40))
    assert examine(tiny).codes == ("thumbnail.too_small",)
