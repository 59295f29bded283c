"""What the in-house CLIP tells apart on scenes whose combinations it was not trained on.

It knows scenes and similarities. It does not know the network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from training.evaluation.intervals import shares
from training.scenes.captions import caption, naming
from training.scenes.held_out import held_out
from training.scenes.near_misses import near_misses
from training.scenes.scene import Scene
from training.scenes.source import Source

STREAM = 23
"""Of the chance that scenes are drawn by."""
UNSEEN = 2**41
"""From here on, no training picture stands."""
AMONG = 64
"""Captions that the true one is found among."""


class Similar(Protocol):
    """What scores: see `detectors.clip.Scorer`."""

    def similarity(self, pictures: Sequence[Pixels], captions: Sequence[str]) -> NDArray[np.float32]:
        """float32 (pictures, captions)."""
        ...


def measured(scorer: Similar, source: Source, count: int) -> dict[str, float]:
    """Shares, each with its 95% interval and count, over `count` scenes with held-out combinations.

    word: of scenes of one kind of thing, those whose word is nearest among all words. retrieval: those whose caption is
    the nearest among `AMONG`. miss_…: those that are nearer to their caption than to a near miss of that kind.
    """
    rng = np.random.default_rng((source.seed, STREAM))
    scenes = [unseen(source, rng) for _ in range(count)]
    pictures = [source.picture(scene, UNSEEN + index)[0] for index, scene in enumerate(scenes)]
    found = {
        "word": _words(scorer, source, scenes, pictures),
        "retrieval": _retrieved(scorer, source, scenes, pictures),
    }
    found |= _misses(scorer, source, scenes, pictures, rng)
    return shares(found)


def unseen(source: Source, rng: np.random.Generator) -> Scene:
    """A scene with a held-out combination."""
    while not held_out(scene := source.grammar.any(rng)):
        pass
    return scene


def _words(scorer: Similar, source: Source, scenes: Sequence[Scene], pictures: Sequence[Pixels]) -> list[bool]:
    words = (*source.grammar.vocabulary.objects, *source.grammar.vocabulary.roles)
    alone = [index for index, scene in enumerate(scenes) if len(scene.groups) == 1]
    if not alone:
        return []
    best = scorer.similarity([pictures[index] for index in alone], [naming(word) for word in words]).argmax(axis=1)
    return [words[at] == scenes[index].groups[0].word for at, index in zip(best, alone, strict=True)]


def _retrieved(scorer: Similar, source: Source, scenes: Sequence[Scene], pictures: Sequence[Pixels]) -> list[bool]:
    captions = [caption(scene, source.grammar.vocabulary) for scene in scenes]
    hits: list[bool] = []
    for start in range(0, len(scenes), AMONG):
        part = slice(start, start + AMONG)
        scores = scorer.similarity(pictures[part], captions[part])
        # A caption that stands there twice is right both times.
        hits += [captions[part][int(at)] == captions[start + row] for row, at in enumerate(scores.argmax(axis=1))]
    return hits


def _misses(
    scorer: Similar, source: Source, scenes: Sequence[Scene], pictures: Sequence[Pixels], rng: np.random.Generator
) -> dict[str, list[bool]]:
    hits: dict[str, list[bool]] = defaultdict(list)
    for scene, picture in zip(scenes, pictures, strict=True):
        misses = near_misses(scene, source.grammar.vocabulary, rng)
        captions = [caption(each, source.grammar.vocabulary) for each in (scene, *misses.values())]
        true, *wrong = scorer.similarity([picture], captions)[0]
        for kind, score in zip(misses, wrong, strict=True):
            hits[f"miss_{kind}"].append(bool(true > score))
    return hits
