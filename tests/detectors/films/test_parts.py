"""The parts that find edits, on pictures made for it, and laws that hold for any film."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import Kind, Media, Pixels, View
from detectors.base import Verdict
from detectors.films import insertions, repeats
from detectors.films.packets import gaps, unexpected_keyframes
from detectors.films.shots import quick_shots, shots
from detectors.films.timeline import Follower, steps_of
from detectors.films.video_edits import VideoEditsDetector
from tests.detectors.films.making import pan


def small(name: str, count: int = 100) -> Pixels:
    """Grey pictures as the parser hands them out, (n, 72, 128)."""
    grey: Pixels = pan(name, count)[:, ::2, ::2].mean(axis=3).astype(np.uint8)
    return grey


def noisy(pictures: Pixels, spread: float) -> Pixels:
    noise = np.random.default_rng(3).normal(0, spread, pictures.shape)
    return np.clip(pictures + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("shift", [(0, 0), (3, 1), (12, -7), (20, 5)])
def test_a_shift_is_followed_whether_small_or_large(shift: tuple[int, int]) -> None:
    source = pan("stream", 1)[0].mean(axis=2).astype(np.uint8)
    first = source[30:102, 60:188].copy()
    second = source[30 + shift[1] : 102 + shift[1], 60 + shift[0] : 188 + shift[0]].copy()
    step = Follower(first.shape).step(first, second)
    assert step.likeness > 0.93
    assert step.motion == pytest.approx(np.hypot(*shift), abs=1.0)


def test_pictures_of_two_scenes_are_not_alike_whatever_is_undone() -> None:
    first, second = small("crab", 1)[0], small("mountains", 1)[0]
    assert Follower(first.shape).step(first, second).likeness < 0.55


def test_shots_are_found_both_ways() -> None:
    film = np.concatenate([small("crab", 30), small("mountains", 40), small("stream", 25)])
    assert shots(steps_of(film)) == quick_shots(film) == [(0, 30), (30, 70), (70, 95)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 60), st.integers(14, 40), st.integers(0, 3), st.integers(-30, 30))
def test_whatever_segment_repeats_is_found_where_it_is(start: int, count: int, noise: int, light: int) -> None:
    """However noisy, and lighter or darker; and nothing else is."""
    scene = small("crab")
    segment = scene[start : start + count].astype(np.int16) + light
    film = np.concatenate([scene, small("mountains", 15), np.clip(segment, 0, 255).astype(np.uint8)])
    (found,) = repeats.repeats(noisy(film, noise), repeats.Settings())
    assert found.lag == 115 - start
    assert abs(found.start - 115) <= 3
    assert abs(found.end - (115 + count)) <= 3


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 100), st.integers(0, 255), st.integers(0, 6))
def test_what_does_not_move_repeats_nothing(count: int, level: int, noise: int) -> None:
    flat = np.full((count, 40, 60), level, np.uint8)
    assert repeats.repeats(noisy(flat, noise), repeats.Settings()) == []
    scene = np.repeat(small("crab", 1), count, axis=0)
    assert repeats.repeats(noisy(scene, noise), repeats.Settings()) == []


def test_repeats_do_not_overlap_at_both_ends() -> None:
    part = small("crab", 30)
    found = repeats.repeats(np.concatenate([part, part, part]), repeats.Settings())
    assert [(one.start, one.end, one.lag) for one in found] == [(30, 90, 30)]


def test_an_insertion_is_where_the_shot_goes_on_as_if_nothing_had_been() -> None:
    scene, other = small("crab"), small("mountains", 20)
    put_in = np.concatenate([scene[:40], other, scene[40:]])
    found = insertions.insertions(put_in, quick_shots(put_in), insertions.Settings())
    assert [(one.start, one.end) for one in found] == [(40, 60)]
    instead = np.concatenate([scene[:40], other, scene[60:]])
    assert insertions.insertions(instead, quick_shots(instead), insertions.Settings()) == []


def test_an_insertion_of_several_shots_is_one() -> None:
    scene = small("crab")
    film = np.concatenate([scene[:40], small("mountains", 10), small("stream", 12), scene[40:]])
    found = insertions.insertions(film, quick_shots(film), insertions.Settings())
    assert [(one.start, one.end) for one in found] == [(40, 62)]


def test_nothing_is_said_of_a_scene_that_stands() -> None:
    scene = np.repeat(small("crab", 1), 40, axis=0)
    film = noisy(np.concatenate([scene, small("mountains", 20), scene]), 1)
    assert insertions.insertions(film, quick_shots(film), insertions.Settings()) == []


def test_gaps_of_an_even_pace_are_told_and_of_an_uneven_one_are_not() -> None:
    even = np.delete(np.arange(200) / 25, slice(100, 110))
    (gap,) = gaps(even)
    assert (round(gap.start, 2), round(gap.end, 2)) == (3.96, 4.4)
    assert gaps(np.cumsum(np.random.default_rng(1).uniform(0.01, 0.09, 200))) == ()
    assert gaps(np.array([0.0])) == ()


def test_keyframes_are_unexpected_only_where_a_pattern_is_kept_and_no_shot_begins() -> None:
    keyframes = np.zeros(130, np.uint8)
    keyframes[[0, 12, 24, 36, 43, 55, 67, 79, 91, 103, 115]] = 1
    assert unexpected_keyframes(keyframes, set()) == (43,)
    assert unexpected_keyframes(keyframes, {43}) == ()
    keyframes[[17, 30, 61, 95]] = 1
    assert unexpected_keyframes(keyframes, set()) == ()


def test_a_film_made_of_repeats_keeps_few_of_them() -> None:
    random = np.random.default_rng(5)
    clips = [random.integers(0, 256, (10, 32, 32), np.uint8) for _ in range(2)]
    parts = [part for pick in random.integers(0, 2, 60) for part in (clips[pick], random.integers(0, 256, (3, 32, 32)))]
    found = repeats.repeats(np.concatenate(parts).astype(np.uint8), repeats.Settings())
    assert len(found) == repeats.Settings().most
    assert all(one.end - one.start >= two.end - two.start for one, two in pairwise(found))


@pytest.mark.parametrize("shown", [np.zeros(40), np.arange(40.0)[::-1] / 25])
def test_a_film_whose_clock_does_not_run_is_not_judged(shown: np.typing.NDArray[np.float64]) -> None:
    arrays: dict[str, np.typing.NDArray[Any]] = {
        "times": shown,
        "keyframes": np.ones(40, np.uint8),
        "shown": shown,
        "pictures": small("crab", 40),
    }
    film = Media(b"", Kind.VIDEO, "video/mp4", "", 128, 72, 1.6, (), {"film_timeline": View({}, arrays)})
    (finding,) = VideoEditsDetector().detect([film])
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("film.disordered",))
