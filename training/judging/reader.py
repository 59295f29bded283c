"""A reader of another network's features: what a generator's own middle has to tell of the scene that it is denoising.

A generator that must say which thing stands where, from a noisy picture and its caption, learns sooner what the words
mean. After representation alignment (Yu et al., ICLR 2025), with what the grammar knows in the place of another
network's features. It shares labels with the judge and no weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from training.judging.labels import Labels, Maps
from training.judging.loss import judging_loss
from training.judging.targets import Targets, targets_of
from training.scenes.scene import Box, Scene


@contextmanager
def watched(module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """What `module` hands on while the context lasts, in a list that fills."""
    seen: list[torch.Tensor] = []
    handle = module.register_forward_hook(lambda _, __, output: seen.append(output))
    try:
        yield seen
    finally:
        handle.remove()


def reader(width: int, labels: Labels) -> nn.Module:
    """From features (n, width, cells, cells) to maps of a judge's labels, a cell by itself."""
    return nn.Conv2d(width, labels.channels, 1)


def reading_loss(
    made: torch.Tensor, scenes: Sequence[Scene], boxes: Sequence[Sequence[Box]], labels: Labels
) -> tuple[torch.Tensor, float]:
    """See `judging_loss`, and the share of things whose word stands at their place.

    made: a reader's maps, float (n, channels, cells, cells). boxes: where each scene's things stand.
    """
    wanted = targets_of(list(zip(scenes, boxes, strict=True)), labels, made.shape[-1])
    targets = Targets(*(getattr(wanted, name).to(made.device) for name in ("heat", "things", "geometry")))
    maps = Maps.of(made, labels)
    picture, row, column, word, *_ = targets.things.unbind(1)
    right = maps.heat.detach()[picture, :, row, column].argmax(dim=1).eq(word)
    return judging_loss(maps, targets), right.float().mean().item()
