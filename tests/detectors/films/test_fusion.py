"""What shots say together: laws of the fusion, and a film judged by a detector of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import Frame, Kind, Media
from detectors.base import Finding, Verdict
from detectors.films.consistency import LEAST, consistency
from detectors.films.frame_wise import A_SHOT, MOST, FrameWise, Naming
from detectors.films.fusion import BETWEEN, judged, of_film
from detectors.films.scenes import Scene, thinned
from detectors.verdicts.calibration import Calibration
from detectors.verdicts.learned import LearnedDetector, Reading
from tests.core.files import film as grey_film
from tests.detectors.films.making import film, pan
from tests.detectors.making import media

RATIOS = st.lists(st.floats(-2, 2), min_size=1, max_size=12)
LEVELS = st.lists(st.floats(0, 255), min_size=1, max_size=12)
NAMING = Naming("lit_film", "lit", "Tells lit films.", "A fake of these tests.")
CALIBRATION = Calibration(
    knots=(0.0, 128.0, 255.0),
    log10_lrs=(-2.0, 0.0, 2.0),
    detected_from=190.0,
    absent_to=70.0,
    fpr=0.02,
    fpr_low=0.01,
    fpr_high=0.04,
    photographs=100,
)


@given(RATIOS)
def test_order_says_nothing(ratios: list[float]) -> None:
    assert of_film(sorted(ratios), 2.0) == pytest.approx(of_film(ratios, 2.0))


@given(st.floats(-2, 2), st.integers(1, 50))
def test_more_of_the_same_says_a_little_more_and_never_as_much_as_independent_ones(ratio: float, count: int) -> None:
    once, often = of_film([ratio], 1e3), of_film([ratio] * count, 1e3)
    assert once == pytest.approx(ratio)
    assert abs(often) <= abs(ratio) / BETWEEN + 1e-9
    assert often >= ratio - 1e-9 or ratio < 0


@given(RATIOS, st.floats(0.1, 6))
def test_nothing_goes_beyond_the_bound(ratios: list[float], bound: float) -> None:
    assert abs(of_film(ratios, bound)) <= bound


@given(RATIOS, st.integers(0, 11), st.floats(0, 2))
def test_a_shot_that_says_more_never_makes_the_film_say_less(ratios: list[float], at: int, more: float) -> None:
    raised = list(ratios)
    raised[at % len(ratios)] += more
    assert of_film(raised, 2.0) >= of_film(ratios, 2.0) - 1e-9


def test_one_strong_shot_is_not_drowned_and_pays_for_the_others() -> None:
    assert of_film([2.0, -1.0, -1.0], 2.0) > 1.0
    assert of_film([2.0, *[-1.0] * 30], 2.0) < of_film([2.0, -1.0, -1.0], 2.0)


@given(LEVELS)
def test_a_film_is_detected_only_with_a_shot_and_cleared_only_without(levels: list[float]) -> None:
    verdict = judged(levels, CALIBRATION).verdict
    some = any(level >= CALIBRATION.detected_from for level in levels)
    assert verdict is Verdict.ABSTAINED or (verdict is Verdict.DETECTED) == some
    assert judged(levels[:1], CALIBRATION) == CALIBRATION.judge(levels[0])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(1, 4), st.integers(1, 9))
def test_few_pictures_are_looked_at_and_every_shot_before_one_twice(held: list[int], a_shot: int, most: int) -> None:
    numbers = iter(range(sum(held)))
    cut = [Scene(at, at + 1, tuple(next(numbers) for _ in range(count))) for at, count in enumerate(held)]
    kept = thinned(cut, a_shot, most)
    counts = [len(scene.frames) for scene in kept]
    assert sum(counts) <= most
    assert max(counts) <= a_shot
    assert all(set(new.frames) <= set(old.frames) for new, old in zip(kept, cut, strict=True))
    seen = sum(count > 0 for count in held)
    assert sum(count > 0 for count in counts) == min(seen, most)


class Light(LearnedDetector):
    """A detector of pictures: the lighter, the more; cannot read black ones. Counts nothing, keeps nothing."""

    name, label = "light", "lit"
    kinds, views = frozenset((Kind.IMAGE,)), frozenset[str]()
    summary, limits = "Tells light pictures.", "A fake of these tests."
    least_side = 32
    seen, unseen, score_scale = "Lit.", "Dark.", "grey levels"

    def __init__(self) -> None:
        super().__init__("sha256:" + "1" * 64, CALIBRATION)

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        return [self._read(item) for item in batch]

    def _read(self, item: Media) -> Reading:
        assert (item.kind, len(item.pictures), dict(item.views)) == (Kind.IMAGE, 1, {})
        light = float(item.pictures[0].pixels.mean())
        return Reading(None, "Black.", codes=("too_dark",)) if light < 5 else Reading(light)


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
    assert (finding.calibration, finding.fpr_at_threshold) == (CALIBRATION.digest, None)
    assert [each.kind for each in finding.evidence] == ["text", "picture"]


def test_the_rate_of_single_shots_is_told_of_films_of_one_alone() -> None:
    one = examine(lit(media(film(pan("crab", 50))), 250, 250))
    several = examine(lit(two_shots(), 250, 250))
    of_one, of_several = dict(one.measurements), dict(several.measurements)
    assert (one.fpr_at_threshold, of_one["fpr_low"], of_one["fpr_high"]) == (0.02, 0.01, 0.04)
    assert several.fpr_at_threshold is None
    assert not {"fpr_low", "fpr_high"} & set(of_several)


def test_one_shot_of_two_is_told_apart() -> None:
    finding = examine(lit(two_shots(), 40, 40, 255, 255))
    assert (finding.verdict, finding.codes) == (Verdict.DETECTED, ("shots.some",))
    first, second = told(finding).splitlines()
    assert first.startswith("0.00–2.00 s: -1.38")
    assert second.startswith("2.00–4.00 s: +2.00")
    measured = dict(finding.measurements)
    assert (measured["film.shots_detected"], measured["shots.highest"]) == (1, 255)


def test_a_dark_film_is_not_detected() -> None:
    finding = examine(lit(two_shots(), 40, 40, 30, 20))
    assert (finding.verdict, finding.codes) == (Verdict.NOT_DETECTED, ())
    assert finding.probability is not None
    assert finding.probability < 0.1


def test_a_shot_that_nobody_can_call_keeps_a_film_from_being_clean() -> None:
    finding = examine(lit(two_shots(), 20, 20, 150, 160))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("between",))
    assert (finding.probability, finding.log10_lr) == (None, None)
    assert "+0.43" in told(finding)


def test_of_a_shot_few_pictures_are_looked_at() -> None:
    finding = examine(lit(two_shots(), *[40] * 12, *[250] * 12))
    assert dict(finding.measurements)["frames.judged"] == 2 * A_SHOT <= MOST


def test_pictures_that_cannot_be_judged_are_left_out_and_counted() -> None:
    finding = examine(lit(two_shots(), 0, 250, 250, 0))
    assert finding.verdict is Verdict.DETECTED
    measured = dict(finding.measurements)
    assert (measured["frames.judged"], measured["frames.abstained"]) == (2, 2)
    none = examine(lit(two_shots(), 0, 0))
    assert (none.verdict, none.codes) == (Verdict.ABSTAINED, ("frames.unread", "too_dark"))
    assert (none.probability, none.evidence) == (None, ())


def test_pictures_that_are_too_small_are_told_as_such() -> None:
    item = two_shots()
    small = [replace(frame, pixels=frame.pixels[:31, :31]) for frame in item.pictures]
    assert examine(replace(item, pictures=tuple(small))).codes == ("frames.unread", "picture.too_small")


def test_shots_between_the_sampled_pictures_are_told_as_unseen_and_nobody_calls_the_film_clean() -> None:
    item = media(film(pan("crab", 40), pan("mountains", 10), pan("stream", 40)))
    finding = examine(lit(item, 40, 40))
    assert "1.60–2.00 s: no picture was looked at" in told(finding)
    assert dict(finding.measurements)["film.shots_unseen"] == 1
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("shots.unseen",))
    assert "2 of 3 shots" in finding.explanation
    assert (finding.probability, finding.log10_lr, finding.calibration) == (None, None, "")


def test_one_clean_shot_does_not_launder_one_that_could_not_be_judged() -> None:
    finding = examine(lit(two_shots(), 0, 0, 20, 20))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("shots.unjudged", "too_dark"))
    assert "1 of 2 shots" in finding.explanation
    assert "0.00–2.00 s: not judged" in told(finding)


def test_what_is_detected_stays_so_beside_shots_that_could_not_be_judged() -> None:
    finding = examine(lit(two_shots(), 0, 0, 255, 255))
    assert (finding.verdict, finding.codes) == (Verdict.DETECTED, ())
    assert "1 of 2 shots" in finding.explanation


def test_a_film_of_more_shots_than_pictures_are_looked_at_is_not_called_clean() -> None:
    names = ("crab", "mountains", "stream")
    item = media(film(*(pan(names[number % 3], 6) for number in range(MOST + 4))))
    dark, light = (examine(lit(item, *[level] * MOST)) for level in (20, 255))
    assert (dark.verdict, dark.codes) == (Verdict.ABSTAINED, ("shots.unseen",))
    assert light.verdict is Verdict.DETECTED


def test_a_film_whose_end_nobody_saw_is_not_called_clean() -> None:
    item = two_shots()
    view = item.views["film_timeline"]
    arrays = {**view.arrays, "shown": view.arrays["shown"][:60], "pictures": view.arrays["pictures"][:60]}
    cut = replace(item, views={"film_timeline": replace(view, arrays=arrays)})
    dark, light = (examine(lit(cut, *[level] * 4)) for level in (20, 255))
    assert (dark.verdict, dark.codes) == (Verdict.ABSTAINED, ("shots.unseen",))
    assert light.verdict is Verdict.DETECTED


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
