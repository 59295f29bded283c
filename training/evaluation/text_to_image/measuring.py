"""Pictures and prompts → figures. It knows a judge and a scorer by what they do, and no model that makes pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from generators.diffusion.neighbours import Neighbours
from training.evaluation.clip import Similar
from training.evaluation.text_to_image.figures import Closeness, Distances, Mean, Score, Share
from training.evaluation.text_to_image.kernel import distance
from training.evaluation.text_to_image.tasks import TASKS, Prompt, Seen, holds

_LEAST = 1e-3  # deviation of a feature that says next to nothing
_BLUR = 1.0  # deviation, pixels of the composites that show what softness alone costs


class Judging(Protocol):
    """See `training.judging.judge.Judge`."""

    def look(self, pictures: Sequence[Pixels]) -> Sequence[Seen]:
        """What each picture shows."""
        ...

    def features(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """float32 (n, width)."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Gallery:
    """Prompts, the model's pictures of them, and two sets of composites of the same scenes, in order."""

    prompts: Sequence[Prompt]
    made: Sequence[Pixels]
    composites: Sequence[Pixels]
    others: Sequence[Pixels]


def score_tasks(judge: Judging, gallery: Gallery) -> dict[str, Score]:
    """One score a task."""
    made, ceiling = judge.look(gallery.made), judge.look(gallery.composites)
    return {task: _score(_of_task(gallery.prompts, task), made, ceiling) for task in TASKS}


def distances(judge: Judging, gallery: Gallery) -> Distances:
    """Over the judge's features, each brought to the mean 0 and the deviation 1 that it has over composites.

    As they come some are large, and in a kernel of third degree those would speak for all.
    """
    sets = (gallery.made, gallery.composites, gallery.others, [_blurred(each) for each in gallery.others])
    made, composites, others, blurred = (judge.features(each) for each in sets)
    middle, spread = composites.mean(axis=0), composites.std(axis=0) + _LEAST
    made, composites, others, blurred = ((each - middle) / spread for each in (made, composites, others, blurred))
    return Distances(distance(made, composites), distance(others, composites), distance(blurred, composites))


def closeness(scorer: Similar, gallery: Gallery) -> Closeness:
    """Of each picture and its caption, or another's."""
    captions = [prompt.caption for prompt in gallery.prompts]
    made, ceiling = (scorer.similarity(each, captions) for each in (gallery.made, gallery.composites))
    own = np.arange(len(captions))
    scores = made[own, own], ceiling[own, own], made[own, np.roll(own, len(own) // 2)]
    right, best, wrong = (Mean.of([float(value) for value in each]) for each in scores)
    return Closeness(right, best, wrong)


def memorised(known: Neighbours, gallery: Gallery) -> tuple[Share, Share]:
    """Of the model's pictures and of composites: how many are as near to a training picture as it takes to say so."""
    shares = [
        Share.of([known.nearest(picture)[1] >= known.threshold for picture in pictures])
        for pictures in (gallery.made, gallery.composites)
    ]
    return shares[0], shares[1]


def _of_task(prompts: Sequence[Prompt], task: str) -> Mapping[int, Prompt]:
    """Its prompts by their place among all."""
    return {at: prompt for at, prompt in enumerate(prompts) if prompt.task == task}


def _score(asked: Mapping[int, Prompt], made: Sequence[Seen], ceiling: Sequence[Seen]) -> Score:
    places, wanted = list(asked), list(asked.values())
    # Half way round, so that no picture keeps its caption and neighbours in the draw do not meet.
    others = wanted[len(wanted) // 2 :] + wanted[: len(wanted) // 2]
    return Score(
        *(
            Share.of([holds(prompt, seen[at]) for at, prompt in zip(places, captions, strict=True)])
            for captions, seen in ((wanted, made), (wanted, ceiling), (others, made))
        )
    )


def _blurred(picture: Pixels) -> Pixels:
    return cv2.GaussianBlur(picture, (0, 0), _BLUR).astype(np.uint8)
