"""Text to image: pictures made of words by latent diffusion, maybe from a picture, within a mask or along lines.

The order of one batch: check every job, sample latents together, then for each decode, hold the picture against what
the model was trained on, enlarge, put back what a mask kept, and write the file. This module knows that order. It does
not know any of the steps' insides.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import torch

from core.encoding import encode_image
from core.errors import OutOfMemory
from core.media import Frame
from generators.base import Card, IsCancelled, Job, Output, Progress, share, stop_if
from generators.diffusion import decoding, memory, pictures, sampling
from generators.diffusion.asked import Asked, asked_of
from generators.diffusion.components import Components
from generators.diffusion.enlarging import Enlarger
from generators.diffusion.lexicon import Lexicon
from generators.diffusion.neighbours import Neighbours
from generators.diffusion.offer import Offer
from generators.diffusion.painting import Painting

_SAMPLED = 0.8
"""The share of the work that is done when the latents are there, as progress tells it."""
_MIME = "image/png"


class TextToImage(Painting):
    """A generator of the task "text_to_image".

    neighbours: of the model's training pictures, lexicon: its words, where they are known.
    """

    def __init__(
        self,
        name: str,
        components: Components,
        card: Card,
        digest: str,
        offer: Offer,
        *,
        enlarger: Enlarger | None = None,
        neighbours: Neighbours | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        super().__init__(name, card, digest, offer, enlarger or Enlarger())
        self._components = components
        self._neighbours = neighbours
        self._lexicon = lexicon

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        """See `generators.base.Generator`.

        The same seed gives the same picture on one device and build; in a batch, up to rounding. Raises InvalidInput
        for a job that cannot be done, before any work on the batch, and OutOfMemory.
        """
        asked = [self._asked(job) for job in batch]
        groups = _groups(asked)
        outputs: dict[int, Output] = {}
        for index, group in enumerate(groups):
            stop_if(cancelled)
            made = self._made([asked[at] for at in group], share(progress, index, len(groups)), cancelled)
            outputs |= dict(zip(group, made, strict=True))
        return [outputs[at] for at in range(len(batch))]

    def batch_key(self, job: Job) -> Hashable:
        """Jobs of the same settings go together."""
        return self._asked(job).settings

    def _asked(self, job: Job) -> Asked:
        return asked_of(job, self._offer, self._components)

    def _made(self, batch: Sequence[Asked], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        """One batch of the same settings; where memory does not hold it, one by one: none suffers for its company."""
        rising = _rising(progress)
        try:
            return self._together(batch, rising, cancelled)
        except OutOfMemory:
            if len(batch) == 1:
                raise
        return [
            output
            for index, asked in enumerate(batch)
            for output in self._together([asked], share(rising, index, len(batch)), cancelled)
        ]

    def _together(self, batch: Sequence[Asked], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        size = batch[0].settings.size
        with memory.bounded(f"{len(batch)} × {size}×{size} pixels", self._components.device):
            latents = sampling.sample(
                self._components, batch, lambda fraction: progress(fraction * _SAMPLED), cancelled
            )
            return [
                self._finished(asked, latents[index], share(_last_part(progress), index, len(batch)), cancelled)
                for index, asked in enumerate(batch)
            ]

    def _finished(self, asked: Asked, latents: torch.Tensor, progress: Progress, cancelled: IsCancelled) -> Output:
        """Decoded, compared, enlarged, put together, written."""
        stop_if(cancelled)  # the decoder is a large part of few steps' work
        pixels = decoding.decode(self._components, latents)
        # At the model's own size, where its training pictures are, too.
        notes = self._neighbours.notes(pixels) if self._neighbours else {}
        notes |= self._lexicon.notes(asked.prompt.text) if self._lexicon else {}
        pixels = self._enlarger.enlarged(pixels, asked.settings.size, progress, cancelled)
        frame, icc = Frame(pixels), b""
        if asked.area is not None and asked.source is not None:
            frame, icc = pictures.pasted(pixels, asked.source, asked.area), asked.source.icc
        stop_if(cancelled)
        data = encode_image(frame, _MIME, icc=icc)
        progress(1.0)
        return Output(data, _MIME, frame, notes)


def _groups(batch: Sequence[Asked]) -> list[list[int]]:
    """The jobs' numbers by equal settings, in the order in which those come first."""
    groups: dict[Hashable, list[int]] = {}
    for at, asked in enumerate(batch):
        groups.setdefault(asked.settings, []).append(at)
    return list(groups.values())


def _last_part(progress: Progress) -> Progress:
    """The progress of what comes after sampling."""
    return lambda fraction: progress(_SAMPLED + (1 - _SAMPLED) * fraction)


def _rising(progress: Progress) -> Progress:
    """`progress` told nothing less than it was told before: work that is done again is no news."""
    most = 0.0

    def told(fraction: float) -> None:
        nonlocal most
        most = max(most, fraction)
        progress(most)

    return told
