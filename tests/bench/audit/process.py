"""One process of a load on a log that others write to as well.

python -m tests.bench.audit.process    < a job, then "go"    > "ready", then the outcome
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from server.audit import AuditLog
from server.audit.tree.keys import load_or_create
from tests.bench.audit.source import ORIGIN, decisions


@dataclass(frozen=True)
class Job:
    """keys: the directory of the log's key. name: of the requests, its own for each process."""

    url: str
    keys: str
    callers: int
    seconds: float
    name: str

    def write(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, line: str) -> Job:
        """The inverse of `write`."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Outcome:
    """seconds: of the load. waits: seconds from each call to its answer."""

    seconds: float
    waits: list[float]

    def write(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, line: str) -> Outcome:
        """The inverse of `write`."""
        return cls(**json.loads(line))


async def work(job: Job) -> Outcome:
    """The load, once everybody is ready."""
    log = await AuditLog.open(job.url, load_or_create(Path(job.keys), ORIGIN), ORIGIN)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    source, waits = decisions(job.name), list[float]()
    started = time.perf_counter()

    async def caller() -> None:
        while (sent := time.perf_counter()) - started < job.seconds:
            await log.append(next(source))
            waits.append(time.perf_counter() - sent)

    await asyncio.gather(*(caller() for _ in range(job.callers)))
    elapsed = time.perf_counter() - started
    await log.close()
    return Outcome(elapsed, waits)


if __name__ == "__main__":
    print(asyncio.run(work(Job.read(sys.stdin.readline()))).write(), flush=True)
