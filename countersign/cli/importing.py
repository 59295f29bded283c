"""Imports that the garbage collector does not look at. Knows nothing of what is imported."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """What is imported here is kept for good, so nobody looks through it for garbage, neither meanwhile nor later.

    A library makes objects by the hundred thousand, and the collector begins anew after each few hundred of them: a
    seventh of the time that a server's imports take. For the start of a process, which has no garbage yet.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
