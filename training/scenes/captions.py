"""Says what a scene shows, in several ways.

It knows words and their order. It does not know pixels.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from training.scenes.scene import Group, Relation, Scene
from training.scenes.vocabulary import Vocabulary

NUMBERS = ("", "one", "two", "three", "four", "five")
_RELATIONS: Mapping[Relation, tuple[str, ...]] = {
    "and": ("and", "and", "next to", "with"),
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
    "above": ("above", "on top of", "over"),
    "below": ("below", "under", "beneath"),
}
OPPOSITE: Mapping[Relation, Relation] = {
    "and": "and",
    "left of": "right of",
    "right of": "left of",
    "above": "below",
    "below": "above",
}
"""What the second group is to the first."""
_LEADS = ("", "", "", "a picture of ", "an image of ", "an icon of ")
_SWAPPED = 0.25  # how often a relation is said from the other side


def caption(scene: Scene, vocabulary: Vocabulary) -> str:
    """The plain caption: "three red apples left of a dog, flat style"."""
    groups = [_said(group, vocabulary, "a") for group in scene.groups]
    return f" {scene.relation} ".join(groups) + _tail(scene, ", {} style", ", on a {} background")


def naming(word: str) -> str:
    """The caption that says no more than a word: "an apple"."""
    return f"{_article('a', word)} {word}"


def paraphrase(scene: Scene, vocabulary: Vocabulary, rng: np.random.Generator) -> str:
    """A caption in other words, of the same meaning."""
    groups, relation = list(scene.groups), scene.relation
    if relation and rng.random() < _SWAPPED:
        groups, relation = groups[::-1], OPPOSITE[relation]
    words = [_said(group, vocabulary, _pick(rng, ("a", "a", "a", "one", ""))) for group in groups]
    between = f" {_pick(rng, _RELATIONS[relation])} " if relation else ""
    style = _pick(rng, (", {} style", ", in {} style", ", {}", ", in the style of {} art"))
    ground = _pick(rng, (", on a {} background", ", {} background", " on a {} background"))
    return (_pick(rng, _LEADS) + between.join(words) + _tail(scene, style, ground)).strip()


def _said(group: Group, vocabulary: Vocabulary, article: str) -> str:
    """As in "three red apples" or "a woman doctor with dark skin". article: before a single thing; "a", "one" or ""."""
    gender = group.gender if group.gender_said else ""
    noun = group.word if group.count == 1 else vocabulary.plurals[group.word]
    words = " ".join(word for word in (group.colour, gender, noun) if word)
    number = NUMBERS[group.count] if group.count > 1 else _article(article, words)
    skin = f" with {vocabulary.tones[group.tone - 1]} skin" if group.tone and group.tone_said else ""
    return f"{number} {words}{skin}".strip()


def _article(article: str, words: str) -> str:
    return "an" if article == "a" and words[0] in "aeiou" else article


def _tail(scene: Scene, style: str, ground: str) -> str:
    return (style.format(scene.style) if scene.style_said else "") + (
        ground.format(scene.background) if scene.background else ""
    )


def _pick(rng: np.random.Generator, items: tuple[str, ...]) -> str:
    return items[int(rng.integers(len(items)))]
