"""A near miss's caption is false of the picture, and in one thing only."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.training.scenes.laws import GRAMMAR, SCENES, SEEDS, VOCABULARY, facts_of, read_caption, swapped
from training.scenes.captions import caption
from training.scenes.near_misses import KINDS, near_misses
from training.scenes.scene import Group, Scene

CAR, CAT = Group("car", colour="red"), Group("cat", count=2)
# Where in a group's facts (number, colour, gender, tone, word) each kind differs.
PLACES = {"count": 0, "colour": 1, "binding": 1, "gender": 2, "tone": 3, "word": 4}


@given(SCENES, SEEDS)
def test_its_caption_says_something_else(scene: Scene, seed: int) -> None:
    misses = near_misses(scene, VOCABULARY, np.random.default_rng(seed))
    assert "word" in misses
    for miss in misses.values():
        said = read_caption(caption(miss, VOCABULARY))
        assert said != facts_of(scene)
        if said.relation:
            assert said != swapped(facts_of(scene))


@given(SCENES, SEEDS)
def test_nothing_else_differs(scene: Scene, seed: int) -> None:
    true = facts_of(scene)
    for kind, miss in near_misses(scene, VOCABULARY, np.random.default_rng(seed)).items():
        said = facts_of(miss)
        assert (said.relation != true.relation) == (kind == "relation")
        assert (said.style != true.style) == (kind == "style")
        assert said.background == true.background
        pairs = [
            (at, one, other)
            for ones in zip(true.groups, said.groups, strict=True)
            for at, (one, other) in enumerate(zip(*ones, strict=True))
        ]
        changed = {at for at, one, other in pairs if one != other}
        assert changed == ({PLACES[kind]} if kind in PLACES else set())


def test_every_kind_comes_up() -> None:
    rng = np.random.default_rng(1)
    seen = Counter(kind for _ in range(400) for kind in near_misses(GRAMMAR.any(rng), VOCABULARY, rng))
    assert seen.keys() == KINDS.keys()


@given(st.sampled_from(sorted(VOCABULARY.colours)), SEEDS)
def test_binding_swaps_colours_and_keeps_them(colour: str, seed: int) -> None:
    scene = Scene((CAR, Group("hat", colour=colour)), style="flat", relation="and")
    miss = near_misses(scene, VOCABULARY, np.random.default_rng(seed)).get("binding")
    assert (miss is None) == (colour == "red")
    if miss:
        assert [group.colour for group in miss.groups] == [colour, "red"]
        assert [group.word for group in miss.groups] == ["car", "hat"]


def test_what_the_caption_does_not_say_is_no_miss() -> None:
    person = Group("doctor", gender="woman", tone=2)
    rng = np.random.default_rng(1)
    assert near_misses(Scene((person,), style="flat", style_said=False), VOCABULARY, rng).keys() == {"word"}
    assert "relation" not in near_misses(Scene((CAR, CAT), style="flat", relation="and"), VOCABULARY, rng)
