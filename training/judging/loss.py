"""How far the judge is from what it should say. It knows maps and targets."""

from __future__ import annotations

import torch
from torch.nn import functional

from training.judging.labels import Maps
from training.judging.targets import Targets

_SURE, _NEAR = 2, 4  # the exponents of Zhou et al. 2019, equation 1
_SIDE, _KIND = 0.2, 0.5  # weights of geometry and of each kind of word for a thing, beside the heat


def judging_loss(maps: Maps, targets: Targets) -> torch.Tensor:
    """A scalar: focal loss of heat, distances of squares, cross-entropies of word, colour, style, gender and tone."""
    picture, row, column, word, *kinds = targets.things.unbind(1)
    loss = heat_loss(maps.heat, targets.heat)
    # Which word it is, where it is known that there is one: from rare heat alone it learns this half as fast.
    loss = loss + functional.cross_entropy(maps.heat[picture, :, row, column], word)
    made = maps.geometry[picture, :, row, column]
    loss = loss + _SIDE * (made - targets.geometry).abs().mean()
    for logits, wanted in zip((maps.colour, maps.style, maps.gender, maps.tone), kinds, strict=True):
        loss = loss + _KIND * _told(logits[picture, :, row, column], wanted)
    return loss


def heat_loss(heat: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The focal loss for each thing. heat: logits. wanted: 0–1, 1 at centres; both (n, words, cells, cells)."""
    chance = heat.sigmoid()
    centres = wanted.eq(1).float()
    hit = functional.logsigmoid(heat) * (1 - chance) ** _SURE * centres
    miss = functional.logsigmoid(-heat) * chance**_SURE * (1 - wanted) ** _NEAR * (1 - centres)
    return -(hit + miss).sum() / centres.sum().clamp(min=1)


def _told(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The mean over things of which it is told, 0 where it is of none: no scene of a small batch may tell a gender."""
    total = functional.cross_entropy(logits, wanted, reduction="sum")
    return total / wanted.ge(0).sum().clamp(min=1)
