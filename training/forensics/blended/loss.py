"""What the training of the blend network lowers, and what it is told of each cell."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from detectors.blends.network import BORDER
from detectors.manipulation.traces import STRIDE
from training.forensics.scripted.regions import Mask

_OVERLAP, _WHOLE = 0.5, 1.0  # weights beside the cells' cross-entropy
_WIDE = 1.5  # sigma in pixels, by which a border is widened: a hard one would lie between two cells
_SEEN = 0.5  # of a border's cell: where there is none above it, nothing of a blend is in the square


def truth_of(shares: NDArray[np.float32]) -> torch.Tensor:
    """Shares of the source (n, side, side) → what is true of cells, (n, 2, side/4, side/4), 0–1, part and border.

    The border is 4·s·(1−s), after Li et al. (2020), at its strongest within the cell.
    """
    part = functional.avg_pool2d(torch.from_numpy(shares)[:, None], STRIDE)
    soft = torch.from_numpy(np.stack([_widened(each) for each in shares]))[:, None]
    border = functional.max_pool2d(4 * soft * (1 - soft), STRIDE)
    return torch.cat([part, border], dim=1)


def blend_loss(
    scores: torch.Tensor, maps: torch.Tensor, truth: torch.Tensor
) -> tuple[torch.Tensor, Mapping[str, float]]:
    """scores: (n,). maps, truth: (n, 2, h, w). Cross-entropy of cells and of pictures, and 1 − Dice of both maps where
    there is a blend.
    """
    seen = truth[:, BORDER].flatten(1).amax(1) > _SEEN
    truth = truth * seen[:, None, None, None]
    cells = functional.binary_cross_entropy_with_logits(maps, truth)
    chance = torch.sigmoid(maps)
    overlap = _dice(chance[seen], truth[seen]) if seen.any() else scores.new_zeros(())
    whole = functional.binary_cross_entropy_with_logits(scores, seen.to(scores.dtype))
    loss = cells + _OVERLAP * (1 - overlap) + _WHOLE * whole
    right = ((scores > 0) == seen).float().mean()
    return loss, {"cells": cells.item(), "dice": overlap.item(), "whole": whole.item(), "right": right.item()}


def _widened(share: Mask) -> Mask:
    return np.asarray(cv2.GaussianBlur(share, (0, 0), _WIDE), dtype=np.float32)


def _dice(chance: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    both = (chance * truth).flatten(2).sum(2)
    return ((2 * both + 1) / (chance.flatten(2).sum(2) + truth.flatten(2).sum(2) + 1)).mean()
