"""Finds groups of keypoints that repeat elsewhere in the same picture under one affine map.

Method: SIFT (Lowe 2004), the generalised two-nearest-neighbour test (Amerini et al. 2011, "A SIFT-based forensic
method for copy–move attack detection"), and grouping by agreement of the matches' own scale, rotation and shift, which
needs no random sampling. Knows keypoints; whether the pixels agree too is `detectors.correlation`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Pixels

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Settings:
    """How keypoints are found, matched and grouped; distances in pixels of the picture that is searched.

    features: at most so many keypoints. contrast: SIFT's threshold, lower finds more in soft areas.
    neighbours: candidates a keypoint. ratio: g2NN threshold on distances. pairs: the most that are grouped.
    apart: least distance between a keypoint and its repetition. rotation: degrees, scale: factor, by which the matches
    of one group may differ. slack: distance, drift: share of the distance, by which a match may miss what another
    predicts. residual: distance off the fitted map. members: fewest matches of a group. groups: the most looked for.
    """

    features: int = 2000
    contrast: float = 0.005
    neighbours: int = 5
    ratio: float = 0.7
    pairs: int = 1000
    apart: float = 24.0
    rotation: float = 20.0
    scale: float = 1.3
    slack: float = 4.0
    drift: float = 0.15
    residual: float = 3.0
    members: int = 4
    groups: int = 3


@dataclass(frozen=True, eq=False, slots=True)
class Keypoints:
    """positions: float32 (n, 2), x and y. sizes: (n,), pixels. angles: (n,), degrees. descriptors: (n, 128), unit."""

    positions: Floats
    sizes: Floats
    angles: Floats
    descriptors: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Repetition:
    """Points that repeat. source, target: float32 (n, 2). affine: float64 (2, 3), takes source to target."""

    source: Floats
    target: Floats
    affine: NDArray[np.float64]


def keypoints(grey: Pixels, settings: Settings) -> Keypoints:
    """Keypoints of a grey picture, uint8 (h, w), the strongest `features`."""
    sift = cv2.SIFT.create(nfeatures=settings.features, contrastThreshold=settings.contrast)
    points, descriptors = sift.detectAndCompute(grey, None)
    if not points:
        empty = np.empty(0, np.float32)
        return Keypoints(empty.reshape(0, 2), empty, empty, empty.reshape(0, 128))
    root = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))  # RootSIFT
    return Keypoints(
        np.array([point.pt for point in points], np.float32),
        np.array([point.size for point in points], np.float32),
        np.array([point.angle for point in points], np.float32),
        root.astype(np.float32),
    )


def match(points: Keypoints, settings: Settings) -> NDArray[np.intp]:
    """Pairs of indices, (m, 2), in both directions, of keypoints alike beyond what their next neighbour allows."""
    count = len(points.positions)
    wanted = settings.neighbours + 3
    if count <= wanted + 1:
        return np.empty((0, 2), np.intp)
    likeness = points.descriptors @ points.descriptors.T
    np.fill_diagonal(likeness, -1.0)
    near = np.argpartition(likeness, count - wanted, axis=1)[:, -wanted:]
    values = np.take_along_axis(likeness, near, axis=1)
    order = np.argsort(-values, axis=1)
    near, values = np.take_along_axis(near, order, axis=1), np.take_along_axis(values, order, axis=1)
    distances = np.sqrt(np.maximum(2.0 - 2.0 * values, 1e-9))
    # Another keypoint of the same spot is no repetition, and says nothing about how unique the match is.
    offsets = points.positions[near] - points.positions[:, None]
    same_spot = (offsets**2).sum(axis=2) < settings.apart**2
    distances = np.where(same_spot, np.inf, distances)
    order = np.argsort(distances, axis=1, kind="stable")
    near, distances = np.take_along_axis(near, order, axis=1), np.take_along_axis(distances, order, axis=1)
    following = np.where(np.isfinite(distances[:, 1:]), distances[:, 1:], 0.0)
    unique = distances[:, :-1] < settings.ratio * following
    # g2NN: everything before the last jump in distance is a repetition.
    accepted = np.flip(np.logical_or.accumulate(np.flip(unique, axis=1), axis=1), axis=1)[:, : settings.neighbours]
    rows, columns = np.nonzero(accepted)
    best = np.argsort(distances[rows, columns], kind="stable")[: settings.pairs // 2]
    forward = np.stack([rows[best], near[rows[best], columns[best]]], axis=1)
    return np.unique(np.concatenate([forward, forward[:, ::-1]]), axis=0)


def repetitions(points: Keypoints, pairs: NDArray[np.intp], settings: Settings) -> list[Repetition]:
    """Groups of pairs that one affine map explains, largest first; a pair belongs to one group."""
    found: list[Repetition] = []
    agreement = _agreement(points, pairs, settings)
    left = np.ones(len(pairs), bool)
    for _ in range(settings.groups):
        votes = (agreement & left).sum(axis=1) * left
        if not len(votes) or votes.max() < settings.members:
            break
        members = np.flatnonzero(agreement[int(votes.argmax())] & left)
        group = _fit(points, pairs[left], pairs[members], settings)
        if group is not None:
            found.append(group)
            left &= ~_explained(points, pairs, group, settings)
        left[members] = False
    return sorted(found, key=lambda group: -len(group.source))


def _agreement(points: Keypoints, pairs: NDArray[np.intp], settings: Settings) -> NDArray[np.bool_]:
    """(m, m): whether pair b lands where the similarity that pair a stands for would put it."""
    first, second = pairs[:, 0], pairs[:, 1]
    turn = np.deg2rad(points.angles[second] - points.angles[first])
    growth = np.log(points.sizes[second] / points.sizes[first])
    spin = np.angle(np.exp(1j * (turn[:, None] - turn[None, :])))
    agree = np.abs(spin) < np.deg2rad(settings.rotation)
    agree &= np.abs(growth[:, None] - growth[None, :]) < np.log(settings.scale)
    source = points.positions[first] @ np.array([1, 1j])
    target = points.positions[second] @ np.array([1, 1j])
    arms = source[None, :] - source[:, None]
    predicted = target[:, None] + np.exp(growth + 1j * turn)[:, None] * arms
    misses = np.abs(predicted - target[None, :])
    result: NDArray[np.bool_] = agree & (misses < settings.slack + settings.drift * np.abs(arms))
    return result


def _fit(
    points: Keypoints, pairs: NDArray[np.intp], members: NDArray[np.intp], settings: Settings
) -> Repetition | None:
    """The affine map of a group, refined by taking in all pairs that it explains."""
    source, target = points.positions[members[:, 0]], points.positions[members[:, 1]]
    everything = points.positions[pairs[:, 0]], points.positions[pairs[:, 1]]
    affine = None
    for tolerance in (4.0, 2.0, 1.0, 1.0):
        affine = _least_squares(source, target)
        if affine is None:
            return None
        close = _residuals(affine, *everything) < tolerance * settings.residual
        source, target = everything[0][close], everything[1][close]
        if len(np.unique(source.round(), axis=0)) < settings.members:
            return None
    return Repetition(source, target, affine) if affine is not None else None


def _least_squares(source: Floats, target: Floats) -> NDArray[np.float64] | None:
    """The affine map of least squared error; None for points on a line, or a map that no copy would use."""
    design = np.column_stack([source, np.ones(len(source))]).astype(np.float64)
    solution, _, rank, _ = np.linalg.lstsq(design, target.astype(np.float64), rcond=1e-4)
    if rank < 3:
        return None
    stretch = np.linalg.svd(solution[:2], compute_uv=False)
    sane = stretch[1] > 0.3 and stretch[0] < min(3.3, 1.6 * stretch[1])
    return np.ascontiguousarray(solution.T) if sane else None


def _residuals(affine: NDArray[np.float64], source: Floats, target: Floats) -> NDArray[np.float64]:
    off: NDArray[np.float64] = np.linalg.norm(source @ affine[:, :2].T + affine[:, 2] - target, axis=1)
    return off


def _explained(points: Keypoints, pairs: NDArray[np.intp], group: Repetition, settings: Settings) -> NDArray[np.bool_]:
    first, second = points.positions[pairs[:, 0]], points.positions[pairs[:, 1]]
    there = _residuals(group.affine, first, second) < 2 * settings.residual
    back: NDArray[np.bool_] = _residuals(group.affine, second, first) < 2 * settings.residual
    return there | back
