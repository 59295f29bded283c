"""The generators of brought networks, and of those that ship and may invent: they say how steady such a network is.

This module knows jobs and networks. It does not know files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.media import Pixels
from generators.base import Card, IsCancelled, Job, Output, Parameter, Progress, stop_if, version_of
from generators.deep import enhanced
from generators.enhancer import Enhancer
from generators.fidelity import RISK_SPREAD, reported
from generators.probing import corners
from generators.restoration import Restorer
from generators.still import encode_like, source_of
from generators.tiling import Plan
from generators.upscale import Upscaler

INVENTED = "compositeWithTrainedAlgorithmicMedia"
"""IPTC: made by a generative model of what somebody else made."""
_SIDE = 64  # of a piece on which a network is asked eight times, pixels
_EVERY = 5  # of up to sixteen pieces, those on the diagonal: four


class OwnUpscaler(Upscaler):
    """A network that enlarges. perceptual: it may invent."""

    def __init__(
        self, name: str, network: Restorer, card: Card, plan: Plan, *, perceptual: bool, max_pixels: int
    ) -> None:
        super().__init__(name, [network], card, plan=plan, max_pixels=max_pixels)
        self._network = network
        self._perceptual = perceptual
        if perceptual:
            self.source_type = INVENTED

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`."""
        output = super().enhanced(job, progress, cancelled)
        return with_spread(output, self._network, job, cancelled) if self._perceptual else output


class OwnRestorer(Enhancer):
    """A network whose output is as large as the picture. perceptual: it may invent."""

    parameters: tuple[Parameter, ...] = ()

    def __init__(self, name: str, task: str, network: Restorer, card: Card, plan: Plan, *, perceptual: bool) -> None:
        self.name = name
        self.task = task
        self.card = card
        self.version = version_of(name, plan, network.digest)
        self._network = network
        self._plan = plan
        self._perceptual = perceptual
        if perceptual:
            self.source_type = INVENTED

    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """See `Enhancer`. Alpha is kept as it is."""
        source = source_of(job)
        frame = source.frames()[0]
        plan = self._plan.aligned(self._network.multiple_of)
        made = enhanced(self._network, frame, plan, 1, progress, cancelled)
        stop_if(cancelled)  # a large file takes seconds to write
        output = reported(frame.pixels, encode_like(source, made))
        return with_spread(output, self._network, job, cancelled) if self._perceptual else output


def with_spread(output: Output, network: Callable[[Pixels], Pixels], job: Job, cancelled: IsCancelled) -> Output:
    """`output` with a note of how far the network's answer depends on how a picture lies, see `spread`."""
    found = spread(network, source_of(job).frames()[0].pixels, cancelled)
    return replace(output, notes={**output.notes, RISK_SPREAD: round(found, 3)})


def spread(network: Callable[[Pixels], Pixels], pixels: Pixels, cancelled: IsCancelled) -> float:
    """Root mean square, 8-bit steps, by which answers for the eight ways to turn and flip a picture differ.

    What a picture supports is there whichever way it lies; what is made up comes out otherwise each time (the eight are
    those of the self-ensemble of R. Timofte et al., CVPR 2016, whose mean it uses and whose spread is used here). On up
    to four pieces of 64 pixels a side. Raises Cancelled between them.
    """
    squares: list[float] = []
    for top, left in list(corners(pixels, _SIDE))[::_EVERY]:
        stop_if(cancelled)
        piece = pixels[top : top + _SIDE, left : left + _SIDE]
        answers = np.stack(
            [_asked(network, piece, turns, mirrored) for turns in range(4) for mirrored in (False, True)]
        )
        squares.append(float(np.mean(np.var(answers, axis=0))))
    return float(np.sqrt(np.mean(squares)))


def _asked(
    network: Callable[[Pixels], Pixels], piece: Pixels, turns: int, mirrored: bool
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The answer for a piece that was turned so many times by 90° and maybe flipped, as it lies without."""
    lying = np.rot90(piece[:, ::-1] if mirrored else piece, turns)
    back = np.rot90(network(np.ascontiguousarray(lying)), -turns)
    return np.asarray(back[:, ::-1] if mirrored else back, np.float32)
