"""The grammar draws what it declares: every kind of scene, every word, and nothing held out for training."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.stats import chisquare

from tests.training.scenes.laws import GRAMMAR, SCENES, SEEDS, VOCABULARY
from training.scenes.grammar import KINDS, MAX_COUNT, Grammar
from training.scenes.held_out import held_out
from training.scenes.prior import read_prior
from training.scenes.scene import Group, Scene

SURE = 1e-4  # the chance of a draw as far from the declared as this is smaller; the seeds are fixed


def kind_of(scene: Scene) -> str:
    if len(scene.groups) > 1:
        return "two"
    (group,) = scene.groups
    return "role" if group.gender else "many" if group.count > 1 else "one"


@settings(max_examples=300)
@given(SEEDS)
def test_training_never_sees_what_is_held_out(seed: int) -> None:
    assert not held_out(GRAMMAR.training(np.random.default_rng(seed)))


@given(SCENES)
def test_scenes_are_of_the_vocabulary(scene: Scene) -> None:
    assert scene.style in VOCABULARY.styles
    assert scene.background in {"", *VOCABULARY.backgrounds}
    assert bool(scene.relation) == (len(scene.groups) > 1)
    assert len({group.word for group in scene.groups}) == len(scene.groups)
    for group in scene.groups:
        assert 1 <= group.count <= MAX_COUNT
        assert group.word in (VOCABULARY.roles if group.gender else VOCABULARY.objects)
        assert not group.colour or group.word in VOCABULARY.coloured
        # What is said is there to be said.
        assert group.gender or not (group.gender_said or group.tone or group.tone_said)
        assert group.tone or not group.tone_said


def test_every_kind_of_combination_is_held_out_somewhere() -> None:
    rng = np.random.default_rng(1)
    seen = Counter(kind for _ in range(3000) for kind in held_out(GRAMMAR.any(rng)))
    assert seen.keys() == {"colour", "style", "count", "pair", "role"}
    assert min(seen.values()) >= 30


def test_every_word_is_left_to_learn() -> None:
    """No word, colour, number, style, role or skin is held out altogether: only combinations are."""
    rng = np.random.default_rng(2)
    seen: set[tuple[str, object]] = set()
    for _ in range(6000):
        scene = GRAMMAR.training(rng)
        seen |= {("style", scene.style), ("background", scene.background), ("relation", scene.relation)}
        for group in scene.groups:
            seen |= {("word", group.word), ("colour", group.colour), ("count", group.count)}
            seen |= {("gender", group.gender), ("tone", group.tone)}
    wanted: set[tuple[str, object]] = {("word", word) for word in (*VOCABULARY.objects, *VOCABULARY.roles)}
    wanted |= {("colour", colour) for colour in VOCABULARY.colours} | {("style", style) for style in VOCABULARY.styles}
    wanted |= {("background", name) for name in VOCABULARY.backgrounds} | {("tone", tone) for tone in range(6)}
    wanted |= {("count", count) for count in range(1, MAX_COUNT + 1)} | {("gender", "man"), ("gender", "woman")}
    wanted |= {("relation", name) for name in ("", "and", "left of", "right of", "above", "below")}
    assert wanted <= seen


@pytest.mark.parametrize(
    ("scene", "kinds"),
    [
        (Scene((Group("apple", colour="red"),), style="flat"), {"colour", "style"}),
        (Scene((Group("apple", count=3),), style="flat"), {"count", "style"}),
        (Scene((Group("doctor", gender="man", tone=1),), style="flat"), {"role"}),
        (Scene((Group("cat"), Group("dog")), style="flat", relation="and"), {"style", "pair"}),
    ],
)
def test_what_is_held_out_is_a_combination_of_the_scene(scene: Scene, kinds: set[str]) -> None:
    assert held_out(scene) <= kinds


def test_a_pair_is_held_out_whichever_comes_first() -> None:
    pairs = [(first, second) for first in VOCABULARY.objects for second in VOCABULARY.objects if first < second]
    for first, second in pairs[:200]:
        one = Scene((Group(first), Group(second)), style="flat", relation="left of")
        other = Scene((Group(second), Group(first)), style="flat", relation="below")
        assert ("pair" in held_out(one)) == ("pair" in held_out(other))


def test_kinds_come_as_often_as_declared() -> None:
    assert sum(KINDS.values()) == pytest.approx(1)
    rng = np.random.default_rng(3)
    seen = Counter(kind_of(GRAMMAR.any(rng)) for _ in range(4000))
    wanted = [4000 * share for share in KINDS.values()]
    assert chisquare([seen[kind] for kind in KINDS], wanted).pvalue > SURE


@pytest.mark.parametrize("name", ["balanced", "skewed"])
def test_people_come_as_the_prior_has_them(name: str) -> None:
    grammar = Grammar(VOCABULARY, read_prior(name))
    rng = np.random.default_rng(4)
    people = [grammar.person(rng) for _ in range(4000)]
    untoned = Counter(person.tone == 0 for person in people)
    assert chisquare([untoned[True], untoned[False]], [4000 * 0.15, 4000 * 0.85]).pvalue > SURE
    for role in ("doctor", "cook", "pilot", "teacher"):
        women, tones = grammar.prior.of(role)
        genders = Counter(person.gender for person in people if person.word == role)
        total = genders.total()
        assert chisquare([genders["woman"], genders["man"]], [total * women, total * (1 - women)]).pvalue > SURE
        toned = Counter(person.tone for person in people if person.word == role and person.tone)
        wanted = [toned.total() * share for share in tones]
        assert chisquare([toned[tone] for tone in range(1, 6)], wanted).pvalue > SURE
