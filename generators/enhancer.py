"""What every enhancer of still pictures is: one source in, one picture out, each job by itself.

This module knows jobs and their order. It does not know what is done to a picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from core.dicom.facts import is_dicom
from core.errors import InvalidInput
from core.media import Kind
from generators.base import SOURCE, Card, IsCancelled, Job, Output, Parameter, Progress, share, stop_if
from generators.medical import enhancement
from generators.medical.enhancement import Work
from generators.medical.uncertainty import refuse_map
from generators.profiles import refuse_unfit
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
            outputs.append(self._made(job, share(progress, index, len(batch)), cancelled))
        return outputs

    def _made(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """The output of one job, by the way that what it brings asks for."""
        if job.source is not None and is_dicom(job.source):
            return enhancement.enhanced(job.source, self.medical(job, cancelled), progress, cancelled)
        return self.enhanced(job, progress, cancelled)

    def batch_key(self, job: Job) -> None:
        """None: pictures of several sizes share nothing."""
        self.check(job)

    def source_type_of(self, _inputs: Collection[str], /) -> str:
        """See `generators.base.Generator`."""
        return self.source_type

    def check(self, job: Job) -> None:
        """Raises InvalidInput or LimitExceeded for a job that cannot be done."""
        source = source_of(job)
        refuse_unfit(self.name, self.card, source)
        refuse_map(source, job.parameters)

    @abstractmethod
    def enhanced(self, job: Job, progress: Progress, cancelled: IsCancelled) -> Output:
        """The output of one job that `check` let pass."""

    def medical(self, _job: Job, _cancelled: IsCancelled, /) -> Work:
        """How one job on a medical picture is done. Every model whose card has that profile MUST have such a way.

        Raises InvalidInput naming "model" where there is none.
        """
        raise InvalidInput(f"{self.name} has no way for medical pictures", field="model", found=self.name)
