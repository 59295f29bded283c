"""Draws scenes: which things, how many, in which colours, relations, styles and skins.

It knows words and odds. It does not know how a scene is worded or drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

import numpy as np

from training.scenes.held_out import held_out
from training.scenes.prior import Prior
from training.scenes.scene import Group, Relation, Scene
from training.scenes.vocabulary import Vocabulary

Item = TypeVar("Item")

KINDS: Mapping[str, float] = {"one": 0.42, "role": 0.14, "many": 0.14, "two": 0.3}
"""How often a training scene shows one thing, one person, several of a kind, or two groups."""
MAX_COUNT = 5
_RELATIONS: tuple[Relation, ...] = tuple(relation for relation in get_args(Relation) if relation)
_COLOURED = 0.6  # of things that can be recoloured
_STYLE_SAID = 0.6
_ON_COLOUR = 0.25
UNTONED = 0.15
"""Of people: drawn in the yellow of no tone."""
_SAID = 0.7  # how often a caption says a person's gender, and tone
_MANY_IN_TWO = 0.2
_ROLE_IN_TWO = 0.1


@dataclass(frozen=True, slots=True)
class Grammar:
    """Scenes of a vocabulary under a prior. Every draw is a function of the generator it is given."""

    vocabulary: Vocabulary
    prior: Prior

    def training(self, rng: np.random.Generator) -> Scene:
        """A scene that shows no held-out combination."""
        while held_out(scene := self.any(rng)):
            pass
        return scene

    def any(self, rng: np.random.Generator) -> Scene:
        """A scene of any kind, in the proportions of `KINDS`."""
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        makers: Mapping[str, Callable[[np.random.Generator], Scene]] = {
            "one": lambda rng: self._scene(rng, (self.thing(rng),)),
            "role": lambda rng: self._scene(rng, (self.person(rng),)),
            "many": lambda rng: self._scene(rng, (self.several(rng),)),
            "two": self.two,
        }
        return makers[kind](rng)

    def two(self, rng: np.random.Generator) -> Scene:
        """Two groups of different words, and how they stand to each other."""
        first = self._part(rng)
        while (second := self._part(rng)).word == first.word:
            pass
        return self._scene(rng, (first, second), _pick(rng, _RELATIONS))

    def thing(self, rng: np.random.Generator) -> Group:
        """One thing, recoloured at times."""
        word = _pick(rng, tuple(self.vocabulary.objects))
        coloured = word in self.vocabulary.coloured and rng.random() < _COLOURED
        return Group(word, colour=_pick(rng, tuple(self.vocabulary.colours)) if coloured else "")

    def several(self, rng: np.random.Generator) -> Group:
        """Two to five things of a kind."""
        return replace(self.thing(rng), count=int(rng.integers(2, MAX_COUNT + 1)))

    def person(self, rng: np.random.Generator) -> Group:
        """One person in a role, as the prior has it."""
        role = _pick(rng, tuple(self.vocabulary.roles))
        gender, tone = self.prior.draw(role, rng)
        if rng.random() < UNTONED:
            return Group(role, gender=gender, gender_said=bool(rng.random() < _SAID))
        said = rng.random(2) < _SAID
        return Group(role, gender=gender, tone=tone, gender_said=bool(said[0]), tone_said=bool(said[1]))

    def _part(self, rng: np.random.Generator) -> Group:
        """A group of a scene of two: one thing mostly."""
        drawn = rng.random()
        if drawn < _ROLE_IN_TWO:
            return self.person(rng)
        thing = self.thing(rng)
        return replace(thing, count=int(rng.integers(2, 4))) if drawn < _ROLE_IN_TWO + _MANY_IN_TWO else thing

    def _scene(self, rng: np.random.Generator, groups: tuple[Group, ...], relation: Relation = "") -> Scene:
        on_colour = rng.random() < _ON_COLOUR
        return Scene(
            groups,
            style=_pick(rng, self.vocabulary.styles),
            relation=relation,
            background=_pick(rng, tuple(self.vocabulary.backgrounds)) if on_colour else "",
            style_said=bool(rng.random() < _STYLE_SAID),
        )


def _pick(rng: np.random.Generator, items: tuple[Item, ...]) -> Item:
    return items[int(rng.integers(len(items)))]
