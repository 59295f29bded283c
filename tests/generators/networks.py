"""Tiny networks of spandrel's architectures with random weights, pinned in a folder as shipped ones are."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from spandrel.architectures.DnCNN import DnCNN
from spandrel.architectures.NAFNet import NAFNet
from spandrel.architectures.SAFMN import SAFMN
from torch import nn

from core.weights import PinnedWeights


def compact(scale: int, seed: int = 0) -> nn.Module:
    """Two 3×3 convolutions and the last one: looks three pixels far."""
    torch.manual_seed(seed)
    network: nn.Module = Compact(num_feat=8, num_conv=1, upscale=scale)
    return network


def safmn(scale: int) -> nn.Module:
    """Pools on a grid of eight pixels."""
    torch.manual_seed(0)
    network: nn.Module = SAFMN(dim=8, n_blocks=1, ffn_scale=2.0, upscaling_factor=scale)
    return network


def grey_denoiser() -> nn.Module:
    """One channel in, one out."""
    torch.manual_seed(0)
    network: nn.Module = DnCNN(in_nc=1, out_nc=1, nc=8, nb=8, act_mode="R")
    return network


def told_denoiser() -> nn.Module:
    """Red, green, blue and the noise's σ in, and as many out. Pools on a grid of two pixels."""
    return _nafnet(4)


def deblurrer() -> nn.Module:
    """The same of three channels."""
    return _nafnet(3)


def _nafnet(channels: int) -> nn.Module:
    """What it makes is near what it is given, as a trained one's is."""
    torch.manual_seed(0)
    network = NAFNet(img_channel=channels, width=4, enc_blk_nums=[1], middle_blk_num=1, dec_blk_nums=[1])
    with torch.no_grad():
        network.ending.weight.mul_(0.1)
        network.ending.bias.zero_()
    made: nn.Module = network
    return made


def pin(folder: Path, name: str, network: nn.Module) -> PinnedWeights:
    """Saves in half precision, as the recipes do."""
    return pin_tensors(folder, name, {key: value.half() for key, value in network.state_dict().items()})


def pin_tensors(folder: Path, name: str, tensors: dict[str, torch.Tensor]) -> PinnedWeights:
    path = folder / f"{name}.safetensors"
    save_file({key: value.contiguous() for key, value in tensors.items()}, path)
    return PinnedWeights(name, path, hashlib.sha256(path.read_bytes()).hexdigest(), architecture="any")
