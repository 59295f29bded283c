"""Memory that runs out is told as that, holds nothing back, and does not reach a job's batch-mates."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import pytest
import torch

from core.errors import LimitExceeded, OutOfMemory
from generators.base import IsCancelled, Progress
from generators.diffusion import memory, sampling
from generators.diffusion.asked import Asked
from generators.diffusion.components import Components
from generators.diffusion.text_to_image import TextToImage
from tests.generators.diffusion.painting import Watcher, order, paint

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried to allocate"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_every_way_in_which_memory_runs_out(error: Exception) -> None:
    with pytest.raises(OutOfMemory) as refusal, memory.bounded("8 × 64×64 pixels", CPU):
        raise error
    assert isinstance(refusal.value, LimitExceeded)
    found = (refusal.value.field, refusal.value.limit, refusal.value.found)
    assert found == ("parameters.size", "the memory of cpu", "8 × 64×64 pixels")


def test_a_real_allocation_that_cannot_be() -> None:
    with pytest.raises(OutOfMemory), memory.bounded("too much", CPU):
        torch.empty(2**60, dtype=torch.uint8)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape") as failure, memory.bounded("work", CPU):
        raise RuntimeError("shape mismatch")
    assert not isinstance(failure.value, OutOfMemory)


def test_what_the_work_held_is_free_while_the_error_is_looked_at() -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def work() -> None:
        large = torch.zeros(8)
        held.append(weakref.ref(large))
        raise MemoryError

    with pytest.raises(OutOfMemory), memory.bounded("work", CPU):
        work()
    gc.collect()
    assert held[0]() is None


class Cramped:
    """Samples as ever, for at most `room` jobs at a time."""

    def __init__(self, room: int) -> None:
        self.sizes: list[int] = []
        self._room = room
        self._sample = sampling.sample

    def __call__(
        self, components: Components, batch: Sequence[Asked], progress: Progress, cancelled: IsCancelled
    ) -> torch.Tensor:
        self.sizes.append(len(batch))
        if len(batch) > self._room:
            progress(0.5)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self._sample(components, batch, progress, cancelled)


def test_a_batch_that_memory_does_not_hold_is_made_one_by_one(
    painter: TextToImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [order(seed=seed) for seed in (1, 2, 3)]
    expected = [picture.tobytes() for job in jobs for picture in paint(painter, job)]
    cramped, watcher = Cramped(1), Watcher()
    monkeypatch.setattr(sampling, "sample", cramped)
    made = painter.generate(jobs, watcher.heard.append, watcher.gone)
    assert [output.frame.pixels.tobytes() for output in made] == expected
    assert cramped.sizes == [3, 1, 1, 1]
    assert watcher.heard == sorted(watcher.heard)


def test_a_job_that_memory_does_not_hold_alone_is_refused_and_the_next_one_made(
    painter: TextToImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sampling, "sample", Cramped(0))
        with pytest.raises(OutOfMemory, match="1 × 64×64 pixels"):
            paint(painter, order())
    assert len(paint(painter, order())) == 1
