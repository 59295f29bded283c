"""A judge that knows what composites show, because it was told; and makers that are right, wrong or late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from training.evaluation.text_to_image.makers import Advance, Composites
from training.evaluation.text_to_image.tasks import Prompt, Seen
from training.judging.reading import Thing
from training.scenes.scene import Box, Scene
from training.scenes.source import Source


def truth(scene: Scene, boxes: Sequence[Box]) -> tuple[Thing, ...]:
    """What a judge without fault sees."""
    return tuple(
        Thing(
            group.word,
            1.0,
            box.left + box.side / 2,
            box.top + box.side / 2,
            box.side,
            group.colour or "red",
            scene.style,
            group.gender or "man",
            group.tone,
        )
        for box in boxes
        for group in [scene.groups[box.group]]
    )


@dataclass(frozen=True, eq=False, slots=True)
class Knowing:
    """Sees in a composite of these prompts what it shows. Features: a few means of colour."""

    source: Source
    prompts: Sequence[Prompt]

    def look(self, pictures: Sequence[Pixels]) -> list[Seen]:
        known = {}
        for prompt in self.prompts:
            for draw in (0, 1):
                picture, boxes = Composites(self.source, draw).compose(prompt)
                known[picture.tobytes()] = truth(prompt.scene, boxes)
        return [known.get(picture.tobytes(), ()) for picture in pictures]

    def features(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        coarse = [picture.reshape(4, 16, 4, 16, 3).mean(axis=(1, 3)).ravel() / 255 for picture in pictures]
        return np.array(coarse, np.float32)


@dataclass(frozen=True, slots=True)
class Shuffler:
    """Makes for each prompt what another of its task asked for."""

    right: Composites

    def make(self, prompts: Sequence[Prompt], advance: Advance) -> list[Pixels]:
        tasks = list(dict.fromkeys(prompt.task for prompt in prompts))
        turned: list[Prompt] = []
        for task in tasks:
            of_task = [prompt for prompt in prompts if prompt.task == task]
            turned += of_task[1:] + of_task[:1]
        return self.right.make(turned, advance)
