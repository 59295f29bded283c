"""A caption says what the scene shows, in whatever words, and nothing else."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given, settings

from tests.training.scenes.laws import SCENES, SEEDS, VOCABULARY, facts_of, read_caption, swapped
from training.scenes.captions import caption, paraphrase
from training.scenes.scene import Group, Scene


@given(SCENES)
def test_the_plain_caption_says_what_the_scene_shows(scene: Scene) -> None:
    assert read_caption(caption(scene, VOCABULARY)) == facts_of(scene)


@settings(max_examples=300)
@given(SCENES, SEEDS)
def test_every_paraphrase_says_the_same(scene: Scene, seed: int) -> None:
    said = read_caption(paraphrase(scene, VOCABULARY, np.random.default_rng(seed)))
    wanted = facts_of(scene)
    assert said == wanted or (scene.relation and said == swapped(wanted))


@given(SCENES, SEEDS)
def test_articles_suit_the_word_that_follows(scene: Scene, seed: int) -> None:
    for text in (caption(scene, VOCABULARY), paraphrase(scene, VOCABULARY, np.random.default_rng(seed))):
        for article, following in re.findall(r"\b(an?) (\w)", text):
            assert (article == "an") == (following in "aeiou"), text
        assert text == " ".join(text.split())


def test_examples() -> None:
    apples, dog = Group("apple", count=3, colour="red"), Group("dog")
    scene = Scene((apples, dog), style="flat", relation="left of")
    assert caption(scene, VOCABULARY) == "three red apples left of a dog, flat style"
    doctor = Group("doctor", gender="woman", tone=5, gender_said=True, tone_said=True)
    scene = Scene((doctor,), style="3d", background="blue", style_said=False)
    assert caption(scene, VOCABULARY) == "a woman doctor with dark skin, on a blue background"
    assert caption(Scene((Group("umbrella"),), style="3d"), VOCABULARY) == "an umbrella, 3d style"


def test_paraphrases_differ_and_some_turn_the_relation() -> None:
    scene = Scene((Group("cat"), Group("dog")), style="flat", relation="above")
    texts = {paraphrase(scene, VOCABULARY, np.random.default_rng(seed)) for seed in range(200)}
    assert len(texts) > 50
    turned = [read_caption(text).relation == "below" for text in texts]
    assert any(turned)
    assert not all(turned)


def test_what_the_caption_does_not_say_is_not_to_be_read_from_it() -> None:
    unsaid = Group("doctor", gender="woman", tone=3)
    texts = [
        paraphrase(Scene((unsaid,), style="flat", style_said=False), VOCABULARY, np.random.default_rng(seed))
        for seed in range(50)
    ]
    assert not [text for text in texts if re.search("man|skin|flat", text)]
