"""What the laws of scenes are stated over: scenes of every kind, and what a caption says, read back."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from training.scenes.grammar import Grammar
from training.scenes.prior import read_prior
from training.scenes.scene import Group, Scene
from training.scenes.vocabulary import Vocabulary, read_vocabulary

VOCABULARY = read_vocabulary()
GRAMMAR = Grammar(VOCABULARY, read_prior("balanced"))
SEEDS = st.integers(0, 2**32 - 1)
SCENES = SEEDS.map(lambda seed: GRAMMAR.any(np.random.default_rng(seed)))
"""Scenes as the grammar draws them, held-out combinations among them."""
OPPOSITES = {"and": "and", "left of": "right of", "right of": "left of", "above": "below", "below": "above"}
_PHRASES = {
    "and": ("and", "next to", "with"),
    "left of": ("to the left of", "on the left of", "left of"),
    "right of": ("to the right of", "on the right of", "right of"),
    "above": ("on top of", "above", "over"),
    "below": ("beneath", "below", "under"),
}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a caption says. groups: number, colour, gender, tone and word of each, first before second."""

    groups: tuple[tuple[int, str, str, int, str], ...]
    relation: str
    style: str
    background: str


def facts_of(scene: Scene) -> Facts:
    """What a caption of a scene has to say, and all that it may."""
    return Facts(
        tuple(_told(group) for group in scene.groups),
        scene.relation,
        scene.style if scene.style_said else "",
        scene.background,
    )


def swapped(facts: Facts) -> Facts:
    """The same, said from the other side."""
    return Facts(facts.groups[::-1], OPPOSITES[facts.relation], facts.style, facts.background)


def read_caption(text: str) -> Facts:
    """What a caption says. Raises ValueError for one that the grammar does not write."""
    text = re.sub(r"^(a picture|an image|an icon) of ", "", text)
    text, background = _take(text, rf",? (?:on a )?({'|'.join(VOCABULARY.backgrounds)}) background$")
    styles = "|".join(VOCABULARY.styles)
    text, style = _take(text, rf", (?:in the style of |in )?({styles})(?: art| style)?$")
    # A tone is said with "with", as "and" may be: it is marked before the groups are cut apart.
    text = re.sub(r" with (\S+) skin", r" skin:\1", text)
    phrases = {phrase: relation for relation, said in _PHRASES.items() for phrase in said}
    ordered = sorted(phrases, key=len, reverse=True)
    parts = re.split(rf" ({'|'.join(ordered)}) ", text, maxsplit=1)
    relation = phrases[parts[1]] if len(parts) > 1 else ""
    return Facts(tuple(_group(part) for part in parts[::2]), relation, style, background)


def _told(group: Group) -> tuple[int, str, str, int, str]:
    gender = group.gender if group.gender_said else ""
    return group.count, group.colour, gender, group.tone if group.tone_said else 0, group.word


def _take(text: str, pattern: str) -> tuple[str, str]:
    found = re.search(pattern, text)
    return (text[: found.start()], found[1]) if found else (text, "")


def _group(text: str) -> tuple[int, str, str, int, str]:
    text, tone = _take(text, r" skin:(\S+)$")
    words = text.split()
    number = _NUMBERS[words.pop(0)] if words[0] in _NUMBERS else 1
    colour = words.pop(0) if words[0] in VOCABULARY.colours else ""
    gender = words.pop(0) if words[0] in {"man", "woman"} else ""
    word = _singular(VOCABULARY, " ".join(words), number)
    return number, colour, gender, VOCABULARY.tones.index(tone) + 1 if tone else 0, word


def _singular(vocabulary: Vocabulary, noun: str, number: int) -> str:
    if number == 1 and noun in vocabulary.plurals:
        return noun
    (word,) = [word for word, plural in vocabulary.plurals.items() if number > 1 and plural == noun]
    return word
