"""What every enhancer of still pictures is: one source in, one picture out, each job by itself.

This module knows jobs and their order. It does not know what is done to a picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from core.media import Kind
from generators.base import SOURCE, Card, IsCancelled, Job, Output, Parameter, Progress, share, stop_if
from generators.still import STILL, source_of


class Enhancer(ABC):
    """A `generators.base.Generator` that improves what it is given. Subclasses say who they are and improve one job."""

    name: str
    version: str
    task: str
    parameters: tuple[Parameter, ...]
    card: Card
    kinds: frozenset[Kind] = STILL
    inputs = frozenset({SOURCE})
    # IPTC: correction by an algorithm that leaves the main content as it is; the vocabulary names noise reduction. The
    # next candidate, compositeWithTrainedAlgorithmicMedia, is for edits by generative models. An enhancer that samples,
    # such as a GAN or a diffusion model, would have to say so.
    source_type = "algorithmicallyEnhanced"

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        """See `generators.base.Generator`. The seed changes nothing. What cannot be done is refused before any work."""
        for job in batch:
            self.check(job)
        outputs = []
        for index, job in enumerate(batch):
            stop_if(cancelled)
            outputs.append(self.enhanced(job, share(progress, index, len(batch)), cancelled))
        return outputs

    def batch_key(self, job: Job) -> None:
        """None: pictures of several sizes share nothing."""
        self.check(job)

    def source_type_of(self, _inputs: Collection[str], /) -> str:
        """See `generators.base.Generator`."""
        return self.source_type

    def check(self, job: Job) -> None:
        """Raises InvalidInput or LimitExceeded for a job that cannot be done."""
        source_of(job)

    @abstractmethod
    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """The output of one job that `check` let pass."""
