"""Whether a model follows a control picture: things stand in the boxes, and the edges come back.

Held-out scenes are composed where no training picture's things stand; their boxes, or their edges, are the control, and
the scene's caption is the prompt. What follows from the prompt alone shows in the pictures of the same seeds without a
control; what any control brings about, in those of another scene's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from core.media import Pixels
from training.evaluation.text_to_image.figures import Mean, Steering
from training.evaluation.text_to_image.makers import Advance, Composites
from training.evaluation.text_to_image.measuring import Judging
from training.evaluation.text_to_image.tasks import Prompt, Seen
from training.judging.reading import Thing
from training.scenes.controls import Control, edges, outlines
from training.scenes.scene import Box

CONTROLS: tuple[Control, ...] = ("boxes", "edges")
_STANDS = 0.5  # of intersection over union
_NEAR = np.ones((3, 3), np.uint8)  # an edge one pixel away is the same edge
Fit = Callable[[Sequence[Pixels], Sequence["Steered"]], list[float]]


class Follower(Protocol):
    """Prompts, and a control picture or none for each → pictures. See `training.evaluation.text_to_image.makers`."""

    def follow(self, prompts: Sequence[Prompt], controls: Sequence[Pixels | None], advance: Advance) -> list[Pixels]:
        """See the class."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class Steered:
    """A composite, where its things stand, and the control that is made of it: RGB uint8 (side, side, 3)."""

    picture: Pixels
    boxes: tuple[Box, ...]
    control: Pixels


@dataclass(frozen=True, slots=True)
class Trial:
    """The same prompts under each kind of control. advance: told of `len(CONTROLS) + 1` pictures a prompt."""

    judge: Judging
    composites: Composites
    prompts: Sequence[Prompt]
    advance: Advance

    def of(self, maker: Follower) -> tuple[Steering, ...]:
        """One row for each of `CONTROLS`."""
        unsteered = maker.follow(self.prompts, [None] * len(self.prompts), self.advance)
        return tuple(self._row(kind, maker, unsteered) for kind in CONTROLS)

    def _row(self, kind: Control, maker: Follower, unsteered: Sequence[Pixels]) -> Steering:
        wanted = [steered(kind, self.composites, prompt) for prompt in self.prompts]
        made = maker.follow(self.prompts, [each.control for each in wanted], self.advance)
        # Half way round: neighbours in the list are of one task.
        others = wanted[len(wanted) // 2 :] + wanted[: len(wanted) // 2]
        measure = _boxes_of(self.judge) if kind == "boxes" else _edges
        ceiling = [each.picture for each in wanted]
        pairs = ((made, wanted), (ceiling, wanted), (unsteered, wanted), (made, others))
        return Steering(kind, *(Mean.of(measure(pictures, controls)) for pictures, controls in pairs))


def steered(kind: Control, composites: Composites, prompt: Prompt) -> Steered:
    """The control of a held-out scene, and what following it would give."""
    picture, boxes = composites.compose(prompt)
    control = outlines(boxes, len(picture)) if kind == "boxes" else edges(picture)
    return Steered(picture, boxes, control)


def _boxes_of(judge: Judging) -> Fit:
    def fit(pictures: Sequence[Pixels], wanted: Sequence[Steered]) -> list[float]:
        seen = judge.look(pictures)
        return [in_place(each.boxes, things) for each, things in zip(wanted, seen, strict=True)]

    return fit


def _edges(pictures: Sequence[Pixels], wanted: Sequence[Steered]) -> list[float]:
    return [traced(edges(each.picture), edges(picture)) for each, picture in zip(wanted, pictures, strict=True)]


def in_place(boxes: Sequence[Box], seen: Seen) -> float:
    """F1, 0–1, of things that stand in a box, each in one of its own and whatever they are, against the boxes."""
    left = list(boxes)
    hits = 0
    for thing in seen:
        around = next((box for box in left if _shared(thing, box) >= _STANDS), None)
        if around is not None:
            left.remove(around)
            hits += 1
    return 2 * hits / max(1, len(boxes) + len(seen))


def traced(wanted: Pixels, made: Pixels) -> float:
    """F1, 0–1, of edge pixels that have one of the other picture at most one pixel away. Both white on black."""
    here, there = wanted[..., 0] > 0, made[..., 0] > 0
    if not here.any() or not there.any():
        return float(here.any() == there.any())
    precision = float(_widened(here)[there].mean())
    recall = float(_widened(there)[here].mean())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _widened(drawn: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(cv2.dilate(drawn.astype(np.uint8), _NEAR) > 0)


def _shared(thing: Thing, box: Box) -> float:
    """Intersection over union of two squares."""
    widths = (
        min(middle + thing.side / 2, edge + box.side) - max(middle - thing.side / 2, edge)
        for middle, edge in ((thing.across, box.left), (thing.down, box.top))
    )
    both = math.prod(max(0.0, width) for width in widths)
    return both / (thing.side**2 + box.side**2 - both)
