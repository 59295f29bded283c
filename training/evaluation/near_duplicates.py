"""Measures how well a changed photograph is found among others: by PDQ, and by a classical description of its parts.

    python -m training.evaluation.near_duplicates [--cache DIR] [--words N] [--seed N]

All photographs are listed; those of the test split are asked for after every attack. The description is VLAD (Jégou
et al., CVPR 2010) of RootSIFT (Arandjelović and Zisserman, CVPR 2012), its words learned on the train split. Two
figures for each: whether the nearest is the right one, and whether it is nearer than any stranger was to any question,
which is what a list that blocks needs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.media import Frame, Pixels
from detectors.fingerprints import LEAST_QUALITY, ways
from detectors.pdq import BITS, pdq
from training.corpora.photographs import DEFAULT_CACHE, load_split
from training.evaluation.attacks import ATTACKS, fitted
from training.evaluation.intervals import proportion

LONGEST = 480
_POINTS = 300
ASKED = (
    "jpeg_50",
    "resize_0.5",
    "two_hops",
    "crop_10",
    "crop_25_jpeg_50",
    "crop_to_a_quarter",
    "rotate_5",
    "mirror",
)


@dataclass(frozen=True, eq=False, slots=True)
class Words:
    """The visual words. centres: float32 (words, 128), RootSIFT."""

    centres: NDArray[np.float32]

    def describe(self, pixels: Pixels) -> NDArray[np.float32]:
        """float32 (words × 128,) of length 1: what keypoints differ by from their words, each word alike in weight."""
        points = root_sift(pixels)
        nearest = np.argmax(points @ self.centres.T - (self.centres**2).sum(axis=1) / 2, axis=1)
        sums = np.zeros_like(self.centres)
        np.add.at(sums, nearest, points - self.centres[nearest])
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        whole: NDArray[np.float32] = sums.ravel() / max(float(np.linalg.norm(sums)), 1e-9)
        return whole


def root_sift(pixels: Pixels) -> NDArray[np.float32]:
    """float32 (n, 128): the strongest keypoints of an RGB picture."""
    grey = cv2.cvtColor(fitted(pixels, LONGEST), cv2.COLOR_RGB2GRAY)
    points, found = cv2.SIFT.create(_POINTS).detectAndCompute(grey, None)
    if not points:
        return np.zeros((0, 128), np.float32)
    shares: NDArray[np.float32] = np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9))
    return shares


def learned(pictures: Sequence[Pixels], words: int, seed: int) -> Words:
    """The words of some pictures, by k-means."""
    points = np.concatenate([root_sift(pixels) for pixels in pictures])
    cv2.setRNGSeed(seed)
    labels = np.empty((len(points), 1), np.int32)  # unread: k-means begins by itself
    criteria = (cv2.TERM_CRITERIA_MAX_ITER, 15, 0.0)
    _, _, centres = cv2.kmeans(points, words, labels, criteria, 1, cv2.KMEANS_PP_CENTERS)
    return Words(np.asarray(centres, np.float32))


def by_pdq(asked: Pixels, listed: Sequence[int]) -> NDArray[np.float64]:
    """Likeness to each listed hash: bits that agree, in the best way to see the picture; 0 where it is too plain."""
    found = [each.pdq for each in ways(Frame(asked))] if pdq(asked).quality >= LEAST_QUALITY else []
    return np.array([max((BITS - (one ^ each).bit_count() for one in found), default=0) for each in listed], np.float64)


def table(scores: NDArray[np.float64], right: Sequence[int], attacks: Sequence[str]) -> list[str]:
    """A line an attack: how often the nearest is right, and how often it is nearer than any stranger to any question.

    scores: likenesses, (questions, listed). right: of each question, which is listed. attacks: what was done for each.
    """
    true = scores[np.arange(len(right)), right]
    others = scores.copy()
    others[np.arange(len(right)), right] = -np.inf
    highest = others.max()
    lines = []
    for attack in dict.fromkeys(attacks):
        rows = [at for at, each in enumerate(attacks) if each == attack]
        first = sum(bool(true[at] > others[at].max()) for at in rows)
        alone = sum(bool(true[at] > highest) for at in rows)
        lines.append(f"  {attack:20} {proportion(first, len(rows)):28} {proportion(alone, len(rows))}")
    return lines


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.near_duplicates", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--words", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    train, test = (load_split(arguments.cache, split) for split in ("train", "test"))
    listed = {name: fitted(pixels, 2 * LONGEST) for name, pixels in {**test, **train}.items()}
    words = learned(list(train.values()), arguments.words, arguments.seed)
    hashes = [pdq(pixels).value for pixels in listed.values()]
    described = np.stack([words.describe(pixels) for pixels in listed.values()])
    rng = np.random.default_rng(arguments.seed)
    asked = [(ATTACKS[attack](listed[name], rng), at, attack) for attack in ASKED for at, name in enumerate(test)]
    right, attacks = [at for _, at, _ in asked], [attack for _, _, attack in asked]
    print(f"{len(listed)} listed, {len(test)} asked for after each attack")
    print("  attack               the nearest is right         no stranger is as near to any question")
    print("PDQ, in every orientation and tilt")
    print(*table(np.stack([by_pdq(pixels, hashes) for pixels, _, _ in asked]), right, attacks), sep="\n")
    print(f"VLAD of RootSIFT, {arguments.words} words")
    scores = np.stack([described @ words.describe(pixels) for pixels, _, _ in asked]).astype(np.float64)
    print(*table(scores, right, attacks), sep="\n")


if __name__ == "__main__":
    main()
