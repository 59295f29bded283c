"""How well the judge sees: on composites, where what is there is known.

What it misses here, no generator is blamed for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from training.evaluation.intervals import shares
from training.judging.judge import Judge
from training.judging.reading import Thing
from training.scenes.scene import Box, Group, Scene

_THRESHOLDS = tuple(np.arange(0.15, 0.65, 0.05))
_NEAR = 0.5  # of a thing's side: a centre within this of the true one is the thing's
Seen = Sequence[Thing]
Truth = tuple[Scene, Sequence[Box]]


def best_threshold(judge: Judge, pictures: Sequence[np.ndarray], truths: Sequence[Truth]) -> float:
    """The one at which most pictures are told whole: every word as often as it is there, and nothing else."""
    everything = replace(judge, threshold=min(_THRESHOLDS)).look(pictures)

    def whole(threshold: float) -> int:
        return sum(
            Counter(thing.word for thing in seen if thing.sure >= threshold) == words_of(scene)
            for seen, (scene, _) in zip(everything, truths, strict=True)
        )

    return round(float(max(_THRESHOLDS, key=whole)), 2)


def words_of(scene: Scene) -> Counter[str]:
    """How often each word is in a scene."""
    return Counter({group.word: group.count for group in scene.groups})


def measured(seen: Iterable[Seen], truths: Iterable[Truth]) -> dict[str, float]:
    """Shares of what was there that the judge saw, each with its 95% interval and count.

    found: things found by place and word. whole: pictures of which every word and count is right, and no more. colour,
    style, gender, tone: of the things found whose scene tells it.
    """
    counts: dict[str, list[bool]] = {"found": [], "whole": [], "colour": [], "style": [], "gender": [], "tone": []}
    for things, (scene, boxes) in zip(seen, truths, strict=True):
        counts["whole"].append(Counter(thing.word for thing in things) == words_of(scene))
        for box in boxes:
            group = scene.groups[box.group]
            thing = next((each for each in things if _is(each, group, box)), None)
            counts["found"].append(thing is not None)
            if thing is not None:
                for kind, right in _right(thing, group, scene).items():
                    counts[kind].append(right)
    return shares(counts)


def _is(thing: Thing, group: Group, box: Box) -> bool:
    apart = max(abs(thing.across - box.left - box.side / 2), abs(thing.down - box.top - box.side / 2))
    return thing.word == group.word and apart < _NEAR * box.side


def _right(thing: Thing, group: Group, scene: Scene) -> dict[str, bool]:
    right = {"style": thing.style == scene.style}
    if group.colour:
        right["colour"] = thing.colour == group.colour
    if group.gender:
        right |= {"gender": thing.gender == group.gender, "tone": thing.tone == group.tone}
    return right
