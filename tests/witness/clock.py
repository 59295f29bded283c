from __future__ import annotations


class Clock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.75

    def __call__(self) -> float:
        return self.now
