"""What the localiser's training lowers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

from detectors.manipulation.network import scores

_OVERLAP, _WHOLE, _CONFIDENCE = 0.5, 0.3, 0.2  # weights beside the cells' cross-entropy


def localising_loss(maps: torch.Tensor, cells: torch.Tensor) -> tuple[torch.Tensor, Mapping[str, float]]:
    """maps: the network's, (n, 2, h, w). cells: share of each that is manipulated, (n, h, w), 0–1.

    Cross-entropy of the cells; 1 − Dice where anything is manipulated; cross-entropy of the picture by its score; and
    the confidence's distance from the probability that the truth was given, through which no gradient comes back to the
    first head (Corbière et al. 2019).
    """
    odds, trust = maps[:, 0], maps[:, 1]
    touched = cells.flatten(1).amax(1) > 0.5
    chance = torch.sigmoid(odds)
    each = functional.binary_cross_entropy_with_logits(odds, cells)
    overlap = _dice(chance[touched], cells[touched]) if touched.any() else odds.new_zeros(())
    whole = functional.binary_cross_entropy_with_logits(scores(maps), touched.to(odds.dtype))
    truth = (chance * cells + (1 - chance) * (1 - cells)).detach()
    confidence = functional.mse_loss(torch.sigmoid(trust), truth)
    loss = each + _OVERLAP * (1 - overlap) + _WHOLE * whole + _CONFIDENCE * confidence
    figures = {"cells": each.item(), "dice": overlap.item(), "whole": whole.item(), "confidence": confidence.item()}
    return loss, figures


def _dice(chance: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    both = (chance * cells).flatten(1).sum(1)
    return ((2 * both + 1) / (chance.flatten(1).sum(1) + cells.flatten(1).sum(1) + 1)).mean()
