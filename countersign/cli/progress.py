"""Progress bars on stderr, for people at a terminal; where there is none, silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from countersign.cli.text import plain
from countersign.results import StageProgress
from countersign.uploads import UploadProgress


class Bars:
    """One line for each file in work; lines disappear when the command is done."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def uploading(self, name: str) -> UploadProgress:
        """A bar of bytes sent, which pulses while the server examines what it got."""
        task = self._progress.add_task(f"sending {plain(name)}", total=None)

        def report(sent: int, total: int) -> None:
            if sent < total:
                self._progress.update(task, completed=sent, total=total)
            else:
                self._progress.update(task, description=f"examining {plain(name)}", total=None)

        return report

    def working(self, name: str) -> StageProgress:
        """A bar of the stage that the server is in."""
        return self._staged(name)[1]

    @contextmanager
    def one_of_several(self, name: str) -> Iterator[StageProgress]:
        """As `working`, with a line that goes when its file is done: a thousand would not fit a screen."""
        task, report = self._staged(name)
        try:
            yield report
        finally:
            self._progress.remove_task(task)

    def several(self, total: int) -> Callable[[], None]:
        """A bar of how many of `total` files are done, told after each."""
        task = self._progress.add_task(f"0 of {total} files", total=total)
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            self._progress.update(task, description=f"{done} of {total} files", completed=done)

        return advance

    def examining(self) -> Callable[[str, int, int], None]:
        """A bar of how much of something long was looked at; it pulses before anybody can tell how long it is."""
        task = self._progress.add_task("examining", total=None)

        def report(what: str, done: int, size: int) -> None:
            self._progress.update(task, description=f"examining {plain(what)}", completed=done, total=size or None)

        return report

    def replaying(self) -> Callable[[int, int], None]:
        """A bar of decisions that were decided again."""
        task = self._progress.add_task("deciding again", total=None)

        def report(done: int, total: int) -> None:
            self._progress.update(
                task, description=f"deciding again: {done:,} of {total:,}", completed=done, total=total
            )

        return report

    def counting(self, name: str) -> Callable[[int, int], None]:
        """A count of what came, for work whose end nobody knows: more bytes, and more lines where there are any."""
        task = self._progress.add_task(plain(name), total=None)
        size = lines = 0

        def report(more_bytes: int, more_lines: int) -> None:
            nonlocal size, lines
            size, lines = size + more_bytes, lines + more_lines
            count = f"{lines:,} lines, " if lines else ""
            self._progress.update(task, description=f"{plain(name)}: {count}{size / 1e6:,.1f} MB")

        return report

    def _staged(self, name: str) -> tuple[TaskID, StageProgress]:
        task = self._progress.add_task(f"sending {plain(name)}", total=None)

        def report(stage: str, fraction: float) -> None:
            self._progress.update(task, description=f"{plain(stage)} {plain(name)}", completed=fraction, total=1.0)

        return task, report
