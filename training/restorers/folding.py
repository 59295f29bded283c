"""SPAN in the form in which it serves, trained in that form: each of its convolutions is one, and not three in a row.

Its authors train every 3×3 convolution as a chain of 1×1, 3×3 and 1×1 ones, twice as wide, beside a shortcut, and fold
them into one afterwards (C. Wan et al., "Swift Parameter-free Attention Network for Efficient Super-Resolution", CVPRW
2024). A CPU has no time for that: in the same 150 seconds of one core chains came to 264 steps and 29.28 dB at ×2,
folded ones to 915 and 30.11, and to 826 and 30.19 with a start at which every layer passes on what it gets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import nn

_CHAIN = ("sk.", "conv.")


def fold(network: nn.Module) -> None:
    """Puts, in place, the one convolution that each chain amounts to where the chain is."""
    for name, chain in list(_chains(network)):
        network.set_submodule(name, _amounts_to(chain))


def unfold(folded: nn.Module, fresh: nn.Module) -> nn.Module:
    """`fresh`, an unfolded network of the same configuration, made to answer as `folded` does; it is what ships.

    The chains carry the convolution's numbers unchanged between ones and zeros: folding them gives it back exactly.
    """
    chains = dict(_chains(fresh))
    rest = {
        name: value
        for name, value in folded.state_dict().items()
        if not any(name.startswith(f"{chain}.") for chain in chains)
    }
    with torch.no_grad():
        for name, chain in chains.items():
            _carry(chain, _convolution(folded.get_submodule(name)))
        fresh.load_state_dict(rest, strict=False)
    return fresh


def folded_tensors(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of a folded network, from the file of an unfolded one."""
    return {
        name.replace(".eval_conv.", "."): value
        for name, value in tensors.items()
        if not any(f".{part}" in name for part in _CHAIN)
    }


def start_passing(network: nn.Module, pictures: torch.Tensor) -> None:
    """Draws all convolutions anew, each so that what it makes of `pictures` has a deviation of one.

    pictures: floats in 0–1, (n, 3, h, w). One forward pass (D. Mishkin and J. Matas, "All you need is a good init",
    ICLR 2016). With torch's own start a signal fades at every layer, and most of eighteen learn nothing at first.
    """
    hooks = [
        module.register_forward_hook(_of_unit_deviation)
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                if module.bias is not None:
                    module.bias.zero_()
        network(pictures)
    for hook in hooks:
        hook.remove()


def _of_unit_deviation(layer: nn.Module, _: object, made: torch.Tensor) -> torch.Tensor:
    deviation = made.std().clamp_min(1e-6)
    _convolution(layer).weight.data.div_(deviation)
    return made / deviation


def _convolution(module: object) -> nn.Conv2d:
    if not isinstance(module, nn.Conv2d):
        raise TypeError(f"a convolution was expected, not {type(module).__name__}")
    return module


def _chains(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """By the convolution that each serves with: the class has no public name."""
    for name, module in network.named_modules():
        if isinstance(getattr(module, "eval_conv", None), nn.Conv2d):
            yield name, module


def _amounts_to(chain: nn.Module) -> nn.Conv2d:
    chain.update_params()  # type: ignore[operator]
    return _convolution(chain.eval_conv).requires_grad_(True)


def _carry(chain: nn.Module, plain: nn.Conv2d) -> None:
    """Sets a chain to what amounts to one convolution."""
    outputs, inputs = plain.weight.shape[:2]
    for parameter in chain.parameters():
        parameter.zero_()
    first, middle, last = (_convolution(each) for each in chain.get_submodule("conv").children())
    serving = _convolution(chain.eval_conv)
    first.weight[:inputs, :, 0, 0] = torch.eye(inputs)
    middle.weight[:outputs, :inputs] = plain.weight
    last.weight[:, :outputs, 0, 0] = torch.eye(outputs)
    serving.weight.copy_(plain.weight)
    for kept in (middle, serving):
        if kept.bias is not None and plain.bias is not None:
            kept.bias[:outputs] = plain.bias
