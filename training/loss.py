"""Distances between pictures that training lowers."""

from __future__ import annotations

import torch


def pixel_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of two (n, 3, h, w) batches."""
    return (made - wanted).abs().mean()


def frequency_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of orthonormal spectra, real and imaginary parts apart (Cho et al., ICCV 2021)."""
    difference = torch.fft.rfft2(made, norm="ortho") - torch.fft.rfft2(wanted, norm="ortho")
    return torch.view_as_real(difference).abs().mean()
