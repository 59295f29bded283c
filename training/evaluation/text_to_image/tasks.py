"""What is asked for, and whether it is there: eight tasks after GenEval (Ghosh et al. 2023), on held-out combinations.

It knows scenes and what a judge saw. It does not know who makes pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from training.judging.reading import Thing
from training.scenes.captions import caption
from training.scenes.grammar import MAX_COUNT, Grammar
from training.scenes.held_out import held_out
from training.scenes.scene import Group, Relation, Scene
from training.scenes.vocabulary import GENDERS

Rng = np.random.Generator
Seen = Sequence[Thing]
Item = TypeVar("Item")

_TRIES = 20
_APART = 0.12  # of the picture's side: centres nearer than this along an axis stand in no relation
_SIDEWAYS: tuple[Relation, ...] = ("left of", "right of", "above", "below")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One order. index: of its task, from 0; pictures of it are seeded by `seed`."""

    task: str
    scene: Scene
    caption: str
    index: int
    seed: int


@dataclass(frozen=True, slots=True)
class Task:
    """draw: a scene of this task. unseen: kinds of combination of which one must be held out. holds: is it there."""

    draw: Callable[[Grammar, Rng], Scene]
    unseen: frozenset[str]
    holds: Callable[[Scene, Seen], bool]


def prompts(grammar: Grammar, count: int, seed: int) -> list[Prompt]:
    """`count` of every task, in its order. The same for the same arguments, however many other tasks there are."""
    return [prompt for name in TASKS for prompt in _of_task(grammar, name, count, seed)]


def _of_task(grammar: Grammar, name: str, count: int, seed: int) -> Iterator[Prompt]:
    task = TASKS[name]
    rng = np.random.default_rng((seed, *name.encode()))
    said: set[str] = set()
    for index in range(count):
        # Of some kinds few are held out: a caption comes again once no other is found.
        drawn = (_unseen(task, grammar, rng) for _ in range(_TRIES))
        scene = next((each for each in drawn if caption(each, grammar.vocabulary) not in said), None)
        scene = scene or _unseen(task, grammar, rng)
        said.add(caption(scene, grammar.vocabulary))
        yield Prompt(name, scene, caption(scene, grammar.vocabulary), index, int(rng.integers(2**31)))


def _unseen(task: Task, grammar: Grammar, rng: Rng) -> Scene:
    while not held_out(scene := task.draw(grammar, rng)) & task.unseen:
        pass
    return scene


def holds(prompt: Prompt, seen: Seen) -> bool:
    """Whether a picture, of which this was seen, shows what the prompt asks for."""
    return TASKS[prompt.task].holds(prompt.scene, seen)


def _scene(grammar: Grammar, rng: Rng, *groups: Group, relation: Relation = "", style_said: bool = False) -> Scene:
    style = _pick(rng, grammar.vocabulary.styles)
    return Scene(groups, style=style, relation=relation, style_said=style_said)


def _single(grammar: Grammar, rng: Rng) -> Scene:
    return _scene(grammar, rng, _plain(grammar, rng), style_said=True)


def _two(grammar: Grammar, rng: Rng) -> Scene:
    return _scene(grammar, rng, *_pair(grammar, rng), relation="and")


def _counting(grammar: Grammar, rng: Rng) -> Scene:
    return _scene(grammar, rng, replace(_plain(grammar, rng), count=int(rng.integers(2, MAX_COUNT + 1))))


def _colour(grammar: Grammar, rng: Rng) -> Scene:
    return _scene(grammar, rng, _coloured(grammar, rng))


def _position(grammar: Grammar, rng: Rng) -> Scene:
    return _scene(grammar, rng, *_pair(grammar, rng), relation=_pick(rng, _SIDEWAYS))


def _binding(grammar: Grammar, rng: Rng) -> Scene:
    first = _coloured(grammar, rng)
    while (second := _coloured(grammar, rng)).word == first.word or second.colour == first.colour:
        pass
    return _scene(grammar, rng, first, second, relation="and")


def _person(grammar: Grammar, rng: Rng) -> Scene:
    """A role with its gender and skin both said; each task looks at one of them."""
    role, gender = _pick(rng, tuple(grammar.vocabulary.roles)), _pick(rng, GENDERS)
    tone = int(rng.integers(1, len(grammar.vocabulary.tones) + 1))
    return _scene(grammar, rng, Group(role, gender=gender, tone=tone, gender_said=True, tone_said=True))


def _plain(grammar: Grammar, rng: Rng) -> Group:
    return Group(_pick(rng, tuple(grammar.vocabulary.objects)))


def _coloured(grammar: Grammar, rng: Rng) -> Group:
    return Group(_pick(rng, grammar.vocabulary.coloured), colour=_pick(rng, tuple(grammar.vocabulary.colours)))


def _pair(grammar: Grammar, rng: Rng) -> tuple[Group, Group]:
    first = _plain(grammar, rng)
    while (second := _plain(grammar, rng)).word == first.word:
        pass
    return first, second


def _pick(rng: Rng, items: Sequence[Item]) -> Item:
    return items[int(rng.integers(len(items)))]


def _all_there(scene: Scene, seen: Seen) -> bool:
    return all(_of_word(seen, group.word) for group in scene.groups)


def _counted(scene: Scene, seen: Seen) -> bool:
    return len(_of_word(seen, scene.groups[0].word)) == scene.groups[0].count


def _all_coloured(scene: Scene, seen: Seen) -> bool:
    return all(any(thing.colour == group.colour for thing in _of_word(seen, group.word)) for group in scene.groups)


def _placed(scene: Scene, seen: Seen) -> bool:
    first, second = (_of_word(seen, group.word) for group in scene.groups)
    return bool(first and second) and _stand(first[0], second[0], scene.relation)


def _stand(first: Thing, second: Thing, relation: Relation) -> bool:
    across, down = second.across - first.across, second.down - first.down
    return {"left of": across, "right of": -across, "above": down, "below": -down}[relation] > _APART


def _gendered(scene: Scene, seen: Seen) -> bool:
    return any(thing.gender == scene.groups[0].gender for thing in _of_word(seen, scene.groups[0].word)[:1])


def _toned(scene: Scene, seen: Seen) -> bool:
    return any(thing.tone == scene.groups[0].tone for thing in _of_word(seen, scene.groups[0].word)[:1])


def _of_word(seen: Seen, word: str) -> list[Thing]:
    """The surest first."""
    return [thing for thing in seen if thing.word == word]


TASKS: Mapping[str, Task] = {
    "single object": Task(_single, frozenset({"style"}), _all_there),
    "two objects": Task(_two, frozenset({"pair"}), _all_there),
    "counting": Task(_counting, frozenset({"count"}), _counted),
    "colour": Task(_colour, frozenset({"colour"}), _all_coloured),
    "position": Task(_position, frozenset({"pair"}), _placed),
    "attribute binding": Task(_binding, frozenset({"colour", "pair"}), _all_coloured),
    "role, gender": Task(_person, frozenset({"role"}), _gendered),
    "role, skin tone": Task(_person, frozenset({"role"}), _toned),
}
"""single object: in a style it was not seen in. two objects, position: of a pair that was not seen together. counting:
exactly as many. attribute binding: two things, each in its colour. roles: gender and skin that were not seen in it.
"""
