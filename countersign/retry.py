"""When a failed call is worth another attempt: only UNAVAILABLE, within the deadline, with growing pauses.

A repeated attempt carries the same request_id, so the server answers it with the same decision and one record
(AIP-155). Knows nothing of gRPC.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from countersign.errors import ServerUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long to wait.

    attempts: calls in all, at least 1. first_delay, max_delay: seconds before the second call, and at most.
    sleep, clock: seconds; tests pass their own.
    """

    attempts: int = 4
    first_delay: float = 0.2
    max_delay: float = 5.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def run(self, attempt: Callable[[float], T], timeout: float) -> T:
        """The first answer of `attempt`, which gets the seconds left until the deadline.

        Raises the last ServerUnavailable when attempts or time run out, and any other error at once.
        """
        deadline = self.clock() + timeout
        number = 1
        while True:
            try:
                return attempt(deadline - self.clock())
            except ServerUnavailable as error:
                delay = self.delay(number, error.retry_after)
                if number >= self.attempts or self.clock() + delay >= deadline:
                    raise
            self.sleep(delay)
            number += 1

    def resume(self, start: Callable[[], Iterator[T]], patience: float) -> Iterator[T]:
        """What `start` gives, which is called again, to go on where it was, whenever ServerUnavailable cuts it off.

        Raises the last ServerUnavailable when nothing has come for `patience` seconds, and any other error at once.
        """
        number, deadline = 1, self.clock() + patience
        while True:
            try:
                for each in start():
                    yield each
                    number, deadline = 1, self.clock() + patience
                return
            except ServerUnavailable as error:
                delay = self.delay(number, error.retry_after)
                if self.clock() + delay >= deadline:
                    raise
            self.sleep(delay)
            number += 1

    def delay(self, number: int, retry_after: float | None) -> float:
        """Seconds to wait after attempt `number`. The server's own word (RetryInfo) goes before ours.

        Ours is spread by a random factor, so that callers turned away together do not come back together.
        """
        if retry_after is not None:
            return max(retry_after, 0.0)
        ceiling = min(self.first_delay * 2.0 ** (number - 1), self.max_delay)
        return ceiling * random.SystemRandom().uniform(0.5, 1.0)
