"""Memory that runs out is the size of the work's fault and no defect: it gets an error of its own, and is given back.

This module knows how torch says so. It does not know what was tried.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from core.errors import OutOfMemory

# torch has a class for GPUs alone; its CPU allocator raises RuntimeError with one of these texts.
_CPU_TEXTS = ("not enough memory", "can't allocate memory", "Cannot allocate memory")


@contextmanager
def bounded(work: str, device: torch.device) -> Iterator[None]:
    """Turns running out of memory into OutOfMemory; what the work held on a GPU is free for others then.

    work: what it is ("8 pictures of 512×512"), for the message.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _ran_out(error):
            raise
        # The frames that the error went through hold what filled the memory, for as long as somebody holds the error.
        traceback.clear_frames(error.__traceback__)
        if device.type == "cuda":
            torch.cuda.empty_cache()
        message = f"there is not enough memory for {work}"
        raise OutOfMemory(message, field="parameters.size", limit=f"the memory of {device}", found=work) from None


def _ran_out(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return any(text in str(error) for text in _CPU_TEXTS)
