"""Scenes as tensors, a batch ahead of the one that is being learned from."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import torch

Batch = TypeVar("Batch")


def as_tensor(pictures: npt.NDArray[np.uint8]) -> torch.Tensor:
    """RGB uint8 (n, h, w, 3) → float (n, 3, h, w), -1 to 1, channels last."""
    values = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    return values.to(torch.float32).div_(127.5).sub_(1)


class Ahead(Generic[Batch]):
    """Makes batch `step + 1` in a thread while batch `step` is in use. Order and content are the maker's alone."""

    def __init__(self, make: Callable[[int], Batch]) -> None:
        self._make = make
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._next: tuple[int, Future[Batch]] | None = None

    def __call__(self, step: int) -> Batch:
        """The batch of that step."""
        waiting, self._next = self._next, None
        batch = waiting[1].result() if waiting and waiting[0] == step else self._make(step)
        self._next = (step + 1, self._pool.submit(self._make, step + 1))
        return batch
