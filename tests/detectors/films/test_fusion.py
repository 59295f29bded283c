"""What pictures say together: laws of the fusion, and a film judged by a detector of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import Frame, Kind, Media
from detectors.base import Finding, Verdict, abstention, finding_of
from detectors.films.consistency import LEAST, consistency
from detectors.films.frame_wise import FrameWise, Naming
from detectors.films.fusion import Settings, of_film, of_shot
from tests.core.files import film as grey_film
from tests.detectors.films.making import film, pan
from tests.detectors.making import media

RATIOS = st.lists(st.floats(-2, 2), min_size=1, max_size=12)
NAMING = Naming("lit_film", "lit", "Tells lit films.", "A fake of these tests.")


@given(RATIOS, st.randoms())
def test_order_says_nothing(ratios: list[float], random: object) -> None:
    mixed = sorted(ratios)
    assert of_shot(mixed, Settings()) == pytest.approx(of_shot(ratios, Settings()))
    assert of_film(mixed, Settings()) == pytest.approx(of_film(ratios, Settings()))


@given(st.floats(-2, 2))
def test_one_picture_says_what_it_says(ratio: float) -> None:
    assert of_film([of_shot([ratio], Settings())], Settings()) == pytest.approx(ratio)


@given(st.floats(-2, 2), st.integers(1, 50))
def test_more_of_the_same_says_a_little_more_and_never_as_much_as_independent_ones(ratio: float, count: int) -> None:
    wide = Settings(bound=1e3)
    once, often = of_shot([ratio], wide), of_shot([ratio] * count, wide)
    assert abs(once) <= abs(often) + 1e-9
    assert abs(often) <= abs(ratio) / wide.within + 1e-9
    assert of_shot([ratio] * count, Settings(within=1.0)) == pytest.approx(ratio)
    assert of_shot([ratio] * count, Settings(within=0.0, bound=1e3)) == pytest.approx(ratio * count)


@given(RATIOS, st.floats(0.1, 6))
def test_nothing_goes_beyond_the_bound(ratios: list[float], bound: float) -> None:
    assert abs(of_film(ratios, Settings(bound=bound))) <= bound
    assert abs(of_shot(ratios, Settings(bound=bound))) <= bound


@given(RATIOS, st.integers(0, 11), st.floats(0, 2))
def test_a_shot_that_says_more_never_makes_the_film_say_less(ratios: list[float], at: int, more: float) -> None:
    raised = list(ratios)
    raised[at % len(ratios)] += more
    assert of_film(raised, Settings()) >= of_film(ratios, Settings()) - 1e-9


def test_one_strong_shot_is_not_drowned_and_pays_for_the_others() -> None:
    assert of_film([2.0, -1.0, -1.0], Settings()) > 1.0
    assert of_film([2.0, *[-1.0] * 30], Settings()) < of_film([2.0, -1.0, -1.0], Settings())


class Light:
    """A detector of pictures: the lighter, the more; abstains on black ones. Counts nothing, keeps nothing."""

    name, label, version = "light", "lit", "sha256:" + "1" * 64
    kinds, views = frozenset((Kind.IMAGE,)), frozenset[str]()
    summary, limits = "Tells light pictures.", "A fake of these tests."

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        return [self._said(item) for item in batch]

    def _said(self, item: Media) -> Finding:
        assert (item.kind, len(item.pictures), dict(item.views)) == (Kind.IMAGE, 1, {})
        light = float(item.pictures[0].pixels.mean())
        if light < 5:
            return abstention(self, "Black.", ("too_dark",))
        verdict = Verdict.DETECTED if light > 160 else Verdict.NOT_DETECTED
        return finding_of(self, verdict, "Lit.", log10_lr=(light - 128) / 64, calibration="sha256:" + "2" * 64)


def examine(item: Media) -> Finding:
    return FrameWise(Light(), NAMING).detect([item])[0]


def lit(item: Media, *levels: int) -> Media:
    """The film with pictures of these levels in place of those that were sampled, evenly spaced."""
    share = item.duration / len(levels)
    frames = [
        Frame(np.full((48, 64, 3), level, np.uint8), time=share * (number + 0.5)) for number, level in enumerate(levels)
    ]
    return replace(item, pictures=tuple(frames))


def two_shots() -> Media:
    return media(film(pan("crab", 50), pan("mountains", 50)))


def told(finding: Finding) -> str:
    return finding.evidence[0].data.decode()


def test_a_film_that_is_lit_throughout() -> None:
    finding = examine(lit(two_shots(), 250, 240, 230, 250))
    assert (finding.verdict, finding.codes) == (Verdict.DETECTED, ())
    assert finding.log10_lr is not None
    assert finding.log10_lr > 1
    assert finding.calibration == "sha256:" + "2" * 64
    assert [each.kind for each in finding.evidence] == ["text", "picture"]


def test_one_shot_of_two_is_told_apart() -> None:
    finding = examine(lit(two_shots(), 40, 40, 255, 255))
    assert (finding.verdict, finding.codes) == (Verdict.DETECTED, ("shots.some",))
    first, second = told(finding).splitlines()
    assert first.startswith("0.00–2.00 s: -1.5")
    assert second.startswith("2.00–4.00 s: +2.0")
    assert dict(finding.measurements)["film.shots_detected"] == 1


def test_a_dark_film_is_not_detected() -> None:
    finding = examine(lit(two_shots(), 40, 40, 30, 20))
    assert (finding.verdict, finding.codes) == (Verdict.NOT_DETECTED, ())
    assert finding.probability is not None
    assert finding.probability < 0.1


def test_a_single_picture_that_stands_out_keeps_a_film_from_being_clean() -> None:
    finding = examine(lit(two_shots(), 20, 20, 20, 170))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("between",))
    assert (finding.probability, finding.log10_lr) == (None, None)
    assert "+0.66" in told(finding)


def test_pictures_that_cannot_be_judged_are_left_out_and_counted() -> None:
    finding = examine(lit(two_shots(), 0, 250, 250, 0))
    assert finding.verdict is Verdict.DETECTED
    measured = dict(finding.measurements)
    assert (measured["frames.judged"], measured["frames.abstained"]) == (2, 2)
    none = examine(lit(two_shots(), 0, 0))
    assert (none.verdict, none.codes) == (Verdict.ABSTAINED, ("frames.unread", "too_dark"))


def test_shots_between_the_sampled_pictures_are_told_as_unseen() -> None:
    item = media(film(pan("crab", 40), pan("mountains", 10), pan("stream", 40)))
    finding = examine(lit(item, 40, 40))
    assert "1.60–2.00 s: no picture was looked at" in told(finding)
    assert dict(finding.measurements)["film.shots_unseen"] == 1


def test_without_a_timeline_shots_are_told_from_the_sampled_pictures() -> None:
    item = replace(two_shots(), views={})
    finding = examine(lit(item, 40, 40, 250, 250))
    assert [line.split(":")[0] for line in told(finding).splitlines()] == ["0.50–1.50 s", "2.50–3.50 s"]


@pytest.mark.parametrize("frames", [1, 5])
def test_films_of_hardly_anything_do_not_raise(frames: int) -> None:
    finding = examine(media(grey_film("video/mp4", frames=frames)))
    assert dict(finding.measurements)["film.shots"] >= 1


def test_a_batch_says_what_each_film_says() -> None:
    batch = [lit(two_shots(), 250, 250), lit(two_shots(), 20, 20), lit(two_shots(), 0)]
    assert FrameWise(Light(), NAMING).detect(batch) == [examine(item) for item in batch]
    assert FrameWise(Light(), NAMING).detect([]) == []


def test_steadiness_tells_flicker_and_is_silent_on_short_shots() -> None:
    scene = pan("crab", 40)[:, ::2, ::2].mean(axis=3).astype(np.uint8)
    flickering = np.clip(scene.astype(np.int16) + np.array([0, 9] * 20)[:, None, None], 0, 255).astype(np.uint8)
    calm, uneasy = (consistency(each, [(0, 40)]) for each in (scene, flickering))
    assert uneasy["consistency.flicker"] > calm["consistency.flicker"] + 5
    assert uneasy["consistency.second_order"] > calm["consistency.second_order"]
    assert consistency(scene, [(0, LEAST - 1)]) == {}
