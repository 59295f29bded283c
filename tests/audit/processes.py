"""Writing processes of a test: `writer` from the outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Writers:
    """Forks processes that record. lines: everything that any of them said."""

    def __init__(self, parent: subprocess.Popen[str]) -> None:
        self.lines: list[list[str]] = []
        self._parent = parent
        self._running: set[int] = set()

    def start(self, **job: Any) -> int:
        """The id of a process that does `job` (see `writer.work`)."""
        self._tell(json.dumps(job))
        pid = int(self.wait_for("forked")[1])
        self._running.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        """SIGKILL, and wait until everything that it said is here."""
        os.kill(pid, signal.SIGKILL)
        self.wait_until_ended(pid)

    def wait_until_ended(self, pid: int) -> None:
        self._tell(f"reap {pid}")
        self.wait_for("ended", str(pid))
        self._running.discard(pid)

    def wait_for(self, *words: str) -> list[str]:
        """Read up to a line that begins so."""
        while True:
            line = self._read()
            self.lines.append(line)
            if line[: len(words)] == list(words):
                return line

    def said(self, word: str) -> list[list[str]]:
        """Lines that begin with `word`, without it."""
        return [line[1:] for line in self.lines if line[0] == word]

    def forget(self) -> None:
        """End what still runs, and what was said."""
        for pid in list(self._running):
            self.kill(pid)
        self.lines.clear()

    def end(self) -> None:
        for pid in list(self._running):
            os.kill(pid, signal.SIGKILL)
        self._parent.kill()

    def _tell(self, line: str) -> None:
        if self._parent.stdin is None:
            raise RuntimeError("the writers have no input")
        self._parent.stdin.write(f"{line}\n")
        self._parent.stdin.flush()

    def _read(self) -> list[str]:
        line = self._parent.stdout.readline() if self._parent.stdout else ""
        if not line:
            raise RuntimeError("the writers are gone")
        return line.split()


@contextmanager
def writers() -> Iterator[Writers]:
    command = [sys.executable, "-m", "tests.audit.writer"]
    # Threads of numerical libraries do not survive a fork.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        started = Writers(parent)
        try:
            yield started
        finally:
            started.end()
