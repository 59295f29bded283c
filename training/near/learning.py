"""The visual words of `detectors.near.description`, learned from photographs: principal components and k-means.

What is usual of a vector is taken from windows of their points, which stand for crops of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.random import Generator
from pydantic import BaseModel, ConfigDict, Field

from core.errors import InvalidInput
from core.media import Pixels
from detectors.near.description import LEAST, unit, vlad
from detectors.near.keypoints import Floats, Points, points_of


class NearPlan(BaseModel):
    """points: of a photograph. width: numbers that a point is made short to. words: visual ones, by `rounds` of k-means
    on `sampled` points. windows: of each photograph's points, whose sides are `least_window` of its own or more.
    bits: of a code, of which width × words could be had.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    seed: int
    points: int = Field(gt=0)
    width: int = Field(gt=0, le=128)
    words: int = Field(gt=1)
    rounds: int = Field(gt=0)
    sampled: int = Field(gt=1)
    windows: int = Field(gt=0)
    least_window: float = Field(gt=0, le=1)
    bits: int = Field(gt=0, multiple_of=8)


def learn(pictures: Sequence[Pixels], plan: NearPlan) -> dict[str, Floats]:
    """The arrays of a `Describer`, by name, of RGB pictures uint8 (h, w, 3). Raises InvalidInput where all are too
    plain.
    """
    rng = np.random.default_rng(plan.seed)
    found = [points for points in (points_of(pixels, plan.points) for pixels in pictures) if len(points) >= LEAST]
    if not found:
        raise InvalidInput("no picture has points to learn from", field="pictures", found=str(len(pictures)))
    every = np.concatenate([points.seen for points in found])
    mean = every.mean(axis=0)
    basis = _principal(every - mean, plan.width)
    short = unit((every - mean) @ basis)
    words = _words(short[rng.permutation(len(short))[: plan.sampled]], plan)
    windows = [window for points in found for window in _windows(points, plan, rng)]
    centre = np.mean([vlad(unit((each.seen - mean) @ basis), words) for each in windows], axis=0)
    flips = rng.choice([-1.0, 1.0], (2, words.size))
    made = {"mean": mean, "basis": basis, "words": words, "centre": centre, "flips": flips}
    return {name: np.ascontiguousarray(array, np.float32) for name, array in made.items()}


def _principal(rows: Floats, count: int) -> Floats:
    """The first principal directions, (d, count)."""
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    directions: Floats = vectors[:, np.argsort(values)[::-1][:count]].astype(np.float32)
    return directions


def _words(points: Floats, plan: NearPlan) -> Floats:
    cv2.setRNGSeed(plan.seed)
    labels = np.empty((len(points), 1), np.int32)  # unread: k-means begins by itself
    criteria = (cv2.TERM_CRITERIA_MAX_ITER, plan.rounds, 0.0)
    _, _, centres = cv2.kmeans(points, plan.words, labels, criteria, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(centres, np.float32)


def _windows(points: Points, plan: NearPlan, rng: Generator) -> Iterator[Points]:
    """Parts of a picture's points that have enough of them."""
    places = points.places[:, :2]
    low, size = places.min(axis=0), np.ptp(places, axis=0)
    for _ in range(plan.windows):
        keep = rng.uniform(plan.least_window, 1.0)
        start = low + size * (1 - keep) * rng.uniform(size=2)
        inside = ((places >= start) & (places <= start + size * keep)).all(axis=1)
        if inside.sum() >= LEAST:
            yield Points(points.places[inside], points.seen[inside], points.width)
