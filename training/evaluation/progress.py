"""How far a long measurement is, on stderr: a bar for people at a terminal, a line now and then for those who log.

Knows counts and clocks, and nothing of what is measured.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

T = TypeVar("T")
Advance: TypeAlias = Callable[[int], None]
"""Told how many more are done."""
_BETWEEN_LINES = 10.0  # seconds


@contextmanager
def shown(total: int, unit: str) -> Iterator[Advance]:
    """Shows how many of `total` are done for as long as the block runs. unit: what is counted, such as "pictures"."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lines(total, unit, lambda line: print(line, file=sys.stderr, flush=True))
        return
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(unit, total=total)
        yield lambda count: bar.advance(task, count)


def lines(total: int, unit: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> Advance:
    """A line at once, after the first, after the last, and every ten seconds between. clock: seconds, never decreasing.

    What is left is reckoned without the first, which waits for what is set up on first use.
    """
    begun = clock()
    done, said = 0, 0.0
    first: tuple[int, float] | None = None
    say(f"0 of {total} {unit}")

    def advance(count: int) -> None:
        nonlocal done, said, first
        done += count
        seconds = clock() - begun
        if first is None or done == total or seconds - said >= _BETWEEN_LINES:
            said = seconds
            say(f"{done} of {total} {unit}, {seconds:.0f} s{_left(total, (done, seconds), first)}")
        first = first or (done, seconds)

    return advance


def _left(total: int, now: tuple[int, float], first: tuple[int, float] | None) -> str:
    """What remains at the pace since the first. now, first: how many were done, and after how many seconds."""
    if first is None:
        return ""
    pace = (now[1] - first[1]) / (now[0] - first[0])
    return f", about {max(total - now[0], 0) * pace:.0f} s left"


def followed(items: Iterable[T], advance: Advance) -> Iterator[T]:
    """The same items; each counts as done when the next one is asked for."""
    for item in items:
        yield item
        advance(1)
