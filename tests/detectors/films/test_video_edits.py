"""Real files with known edits, read by the parser in the sandbox where that matters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio

from core.errors import CorruptMedia
from core.limits import Limits
from core.media import Media, Pixels, View
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from core.sandbox.contract import Request
from detectors.base import Finding, Verdict
from detectors.films import parser, recording
from detectors.films.video_edits import LEAST_PICTURES, VideoEditsDetector
from tests.core.files import film as grey_film
from tests.detectors.films.making import HEIGHT, RATE, WIDTH, film, pan
from tests.detectors.making import film_of, media

SCENE, OTHER = "crab", "mountains"


def examine(data: bytes) -> Finding:
    return VideoEditsDetector().detect([media(data)])[0]


def told(finding: Finding) -> str:
    return "\n".join(each.data.decode() for each in finding.evidence if each.kind == "text")


def scene(start: int = 0, end: int = 100) -> Pixels:
    return pan(SCENE, 110)[start:end]


@pytest.mark.parametrize("crf", [20, 33])
def test_untouched_shots_and_cuts_between_them_are_no_edits(crf: int) -> None:
    finding = examine(film(scene(0, 60), pan(OTHER, 60), crf=crf))
    assert (finding.verdict, finding.codes) == (Verdict.NOT_DETECTED, ())
    assert dict(finding.measurements)["film.shots"] == 2


@pytest.mark.parametrize("crf", [20, 33])
def test_a_repeated_segment_is_told_with_both_places(crf: int) -> None:
    finding = examine(film(scene(0, 80), pan(OTHER, 25), scene(30, 55), crf=crf))
    assert (finding.verdict, finding.codes) == (Verdict.DETECTED, ("edit.repeated",))
    assert "repeated: 4.20–5.20 s shows again what stands at 1.20 s" in told(finding)
    assert [each.kind for each in finding.evidence] == ["text", "picture"]


@pytest.mark.parametrize("crf", [20, 33])
def test_what_was_put_into_a_shot_is_told(crf: int) -> None:
    finding = examine(film(scene(0, 40), pan(OTHER, 20), scene(40, 90), crf=crf))
    assert (finding.verdict, finding.codes) == (Verdict.DETECTED, ("edit.inserted",))
    assert "inserted: 1.60–2.40 s" in told(finding)


def test_who_cuts_away_and_comes_back_later_put_nothing_in() -> None:
    assert examine(film(scene(0, 35), pan(OTHER, 35), scene(70, 105))).verdict is Verdict.NOT_DETECTED


@pytest.mark.parametrize("crf", [20, 33])
def test_missing_pictures_are_told_and_are_no_verdict_alone(crf: int) -> None:
    finding = examine(film(scene(0, 40), scene(48, 105), crf=crf))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("edit.dropped",))
    assert "dropped: between 1.56 and 1.60 s" in told(finding)


def test_probability_rises_with_the_clearest_edit() -> None:
    clean, edited = examine(film(scene(0, 60))), examine(film(scene(0, 80), pan(OTHER, 25), scene(30, 55)))
    assert clean.probability is not None
    assert edited.probability is not None
    assert clean.probability < 0.5 < edited.probability
    assert (clean.score, clean.calibration) == (0.0, edited.calibration)


STILL = {
    "a picture that stands": (np.repeat(pan(SCENE, 1), 40, axis=0), "film.still"),
    "too few pictures": (pan(SCENE, LEAST_PICTURES - 1), "film.too_short"),
    "one picture": (pan(SCENE, 1), "film.one_picture"),
}


@pytest.mark.parametrize("name", STILL)
def test_what_tells_nothing_is_an_abstention(name: str) -> None:
    pictures, code = STILL[name]
    finding = examine(film(pictures))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, (code,))


def test_a_slideshow_is_an_abstention() -> None:
    finding = examine(film_of(*pan(SCENE, 30)))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("film.still",))


def test_a_narrow_film_is_an_abstention() -> None:
    finding = examine(grey_film("video/mp4", width=320, height=16))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("picture.too_small",))


def test_a_parser_that_failed_is_an_abstention() -> None:
    good = media(film(scene(0, 40)))
    failed = replace(good, views={**good.views, "film_timeline": View(error="the parser was ended")})
    (finding,) = VideoEditsDetector().detect([failed])
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("films.unread",))


def test_a_film_read_in_part_is_never_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST", 50)
    clean = examine(film(scene(0, 60)))
    assert (clean.verdict, clean.codes) == (Verdict.ABSTAINED, ("film.partly",))
    edited = examine(film(scene(0, 20), pan(OTHER, 8), scene(20, 60)))
    assert (edited.verdict, edited.codes) == (Verdict.DETECTED, ("edit.inserted", "film.partly"))


def test_the_same_film_gives_the_same_finding() -> None:
    data = film(scene(0, 40), pan(OTHER, 20), scene(40, 90))
    assert examine(data) == examine(data)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with await Sandbox.start({**PARSERS, **parser.PARSERS}, workers=1) as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
async def test_the_sandbox_reads_every_picture_with_its_time(sandbox: Sandbox) -> None:
    item: Media = await sandbox.open(film(scene(0, 40)), ("film_timeline",))
    view = item.view("film_timeline")
    assert view.error == ""
    assert view.arrays["pictures"].shape == (40, 72, 128)
    assert view.arrays["shown"].tolist() == view.arrays["times"].tolist()
    assert np.allclose(view.arrays["times"], np.arange(40) / RATE)
    assert view.arrays["keyframes"].tolist() == [1] + [0] * 39
    small = scene(0, 40).reshape(40, 72, HEIGHT // 72, 128, WIDTH // 128, 3).mean(axis=(2, 4, 5))
    assert np.abs(view.arrays["pictures"] - small).mean() < 12  # luma weighs colours, and is not as wide


@pytest.mark.asyncio(loop_scope="module")
async def test_a_still_picture_has_no_timeline(sandbox: Sandbox) -> None:
    view = await sandbox.call("film_timeline", [b"\x89PNG\r\n\x1a\n" + bytes(50)])
    assert (view.error, dict(view.arrays)) == ("", {})


def test_a_film_cut_short_is_corrupt() -> None:
    data = film(scene(0, 40))
    with pytest.raises(CorruptMedia):
        parser.parse(Request((data[: len(data) // 2],), "video/mp4", Limits()))
