"""What a run of the hammer is to do, and what each of its processes is told: values that cross a pipe as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    url: the log's database, whose schema is up to date. keys: the directory with the log's key. origin: the log's name.
    seconds: how long the load lasts. processes, callers: callers wait for one answer before they send the next one;
    each process has so many of them. kill: mean seconds between two SIGKILLs of a process, 0 for none. run: what the
    names of this run's requests begin with. A second run on one log needs another name.
    """

    url: str
    keys: Path
    origin: str
    run: str
    seconds: float = 10.0
    processes: int = 2
    callers: int = 16
    kill: float = 0.0


@dataclass(frozen=True, slots=True)
class Orders:
    """What one worker process is told. worker: its number. start: the number of its first request: a worker that
    takes the place of a killed one sends again what was under way. life: how many workers had its number before.
    """

    url: str
    keys: str
    origin: str
    run: str
    callers: int
    worker: int
    life: int = 0
    start: int = 0

    @classmethod
    def of(cls, plan: Plan, worker: int, life: int, start: int) -> Orders:
        """The orders of one worker of `plan`."""
        return cls(plan.url, str(plan.keys), plan.origin, plan.run, plan.callers, worker, life, start)

    def write(self) -> bytes:
        """One line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Orders:
        """The inverse of `write`."""
        values: Mapping[str, Any] = json.loads(line)
        return cls(**values)
