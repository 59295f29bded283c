"""What takes long to make, and may never be needed."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """Makes its value when it is first called for, once, however many threads call."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        """The value. Raises what making it raises, and tries again at the next call."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
