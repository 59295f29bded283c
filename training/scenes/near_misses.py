"""Scenes that are nearly another: what a caption may be mistaken for, and must not be.

It knows scenes. A near miss differs from the scene in what a caption says, so that its caption is false of the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from training.scenes.captions import OPPOSITE
from training.scenes.grammar import MAX_COUNT
from training.scenes.scene import Group, Scene
from training.scenes.vocabulary import GENDERS, Vocabulary

Item = TypeVar("Item")
Miss = Callable[[Scene, Vocabulary, np.random.Generator], Scene | None]


def near_misses(scene: Scene, vocabulary: Vocabulary, rng: np.random.Generator) -> dict[str, Scene]:
    """One of every kind of `KINDS` that the scene allows: "word" always."""
    made = {kind: miss(scene, vocabulary, rng) for kind, miss in KINDS.items()}
    return {kind: miss for kind, miss in made.items() if miss is not None}


def _word(scene: Scene, vocabulary: Vocabulary, rng: np.random.Generator) -> Scene | None:
    at = int(rng.integers(len(scene.groups)))
    group = scene.groups[at]
    words = vocabulary.roles if group.gender else vocabulary.coloured if group.colour else vocabulary.objects
    there = {each.word for each in scene.groups}
    return _with(scene, at, replace(group, word=_pick(rng, [word for word in words if word not in there])))


def _colour(scene: Scene, vocabulary: Vocabulary, rng: np.random.Generator) -> Scene | None:
    coloured = [at for at, group in enumerate(scene.groups) if group.colour]
    if not coloured:
        return None
    at = _pick(rng, coloured)
    group = scene.groups[at]
    return _with(scene, at, replace(group, colour=_other(rng, list(vocabulary.colours), group.colour)))


def _binding(scene: Scene, _: Vocabulary, __: np.random.Generator) -> Scene | None:
    """The colours of two groups change places."""
    colours = [group.colour for group in scene.groups]
    if len(scene.groups) == 1 or not all(colours) or colours[0] == colours[1]:
        return None
    first, second = scene.groups
    return replace(scene, groups=(replace(first, colour=second.colour), replace(second, colour=first.colour)))


def _count(scene: Scene, _: Vocabulary, rng: np.random.Generator) -> Scene | None:
    at = int(rng.integers(len(scene.groups)))
    group = scene.groups[at]
    if group.gender:
        return None
    near = [count for count in (group.count - 1, group.count + 1) if 1 <= count <= MAX_COUNT]
    return _with(scene, at, replace(group, count=_pick(rng, near)))


def _relation(scene: Scene, _: Vocabulary, __: np.random.Generator) -> Scene | None:
    if scene.relation in {"", "and"}:
        return None
    return replace(scene, relation=OPPOSITE[scene.relation])


def _gender(scene: Scene, _: Vocabulary, rng: np.random.Generator) -> Scene | None:
    at = next((at for at, group in enumerate(scene.groups) if group.gender_said), None)
    if at is None:
        return None
    return _with(scene, at, replace(scene.groups[at], gender=_other(rng, GENDERS, scene.groups[at].gender)))


def _tone(scene: Scene, vocabulary: Vocabulary, rng: np.random.Generator) -> Scene | None:
    at = next((at for at, group in enumerate(scene.groups) if group.tone and group.tone_said), None)
    if at is None:
        return None
    tones = range(1, len(vocabulary.tones) + 1)
    # Neighbouring tones are hard to tell in a few pixels even for people: a miss is two steps away at least.
    far = [tone for tone in tones if abs(tone - scene.groups[at].tone) > 1]
    return _with(scene, at, replace(scene.groups[at], tone=_pick(rng, far)))


def _style(scene: Scene, vocabulary: Vocabulary, rng: np.random.Generator) -> Scene | None:
    return replace(scene, style=_other(rng, vocabulary.styles, scene.style)) if scene.style_said else None


def _with(scene: Scene, at: int, group: Group) -> Scene:
    return replace(scene, groups=(*scene.groups[:at], group, *scene.groups[at + 1 :]))


def _other(rng: np.random.Generator, items: Sequence[Item], than: Item) -> Item:
    return _pick(rng, [item for item in items if item != than])


def _pick(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    return items[int(rng.integers(len(items)))]


KINDS: Mapping[str, Miss] = {
    "word": _word,
    "colour": _colour,
    "binding": _binding,
    "count": _count,
    "relation": _relation,
    "gender": _gender,
    "tone": _tone,
    "style": _style,
}
"""What is changed: binding swaps the colours of two groups, the others give one thing another word, colour, …"""
