"""What a list of near duplicates is asked: copies of listed photographs, as numbers. Knows no index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.media import Pixels
from detectors.near.description import Describer
from detectors.near.keypoints import Floats
from training.corpora.photographs import load_split
from training.evaluation.near_copies import asked, listed, props_of
from training.near.copies import COPIES, copy_of
from training.near.figures import PEOPLE

BESIDE = 30
"""Photographs of the train split that stand beside others in collages."""
_KINDS = ("crop_60", "stickers", "caption", "screen", "collage", "mirror_edited")


@dataclass(frozen=True, eq=False, slots=True)
class Questions:
    """listed: codes of real pictures, uint8 (n, bytes). copies: numbers of each copy and of its mirror image, float32
    (2, bits). own: of each copy, which of the listed it was made of.
    """

    listed: Pixels
    copies: Sequence[Floats]
    own: Sequence[int]


def hard(
    describer: Describer, real: Pixels, pictures: Sequence[Pixels], cache: Path, others: Sequence[Pixels]
) -> Questions:
    """Copies of the kinds that are hard to find. real: codes of the pictures. others: for collages, to stand beside."""
    props, rng = props_of(cache, others), np.random.default_rng(1)
    made = [copy_of(pixels, kind, rng, props) for pixels in pictures for kind in _KINDS]
    own = [at // len(_KINDS) for at in range(len(made))]
    return Questions(real, [_numbers(describer, each) for each in made], own)


def of_all(describer: Describer, cache: Path, collection: Path) -> Questions:
    """Those by which `training.evaluation.near_copies` measures what is found, of photographs that nothing was fitted
    on; all that it lists is listed.
    """
    rows = listed(cache, collection)
    props = props_of(cache, list(load_split(cache, "train").values())[:BESIDE])
    kinds, copies, own = list(COPIES), [], []
    for at, name in asked(rows, PEOPLE):
        made = copy_of(rows[at].pixels, name, np.random.default_rng([1, at, kinds.index(name)]), props)
        if describer.asked(made):
            copies.append(_numbers(describer, made))
            own.append(at)
    described = [describer.listed(row.pixels) for row in rows]
    plain = np.zeros(describer.bits // 8, np.uint8)
    return Questions(np.stack([plain if each is None else each.code for each in described]), copies, own)


def _numbers(describer: Describer, pixels: Pixels) -> Floats:
    return np.stack([way.numbers for way in describer.asked(pixels)])
