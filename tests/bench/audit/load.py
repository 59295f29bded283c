"""Durable decisions through the log: callers that each wait for one answer before they send the next."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server.audit import AuditLog
from server.audit.tree.keys import load_or_create
from tests.bench.audit.process import Job, Outcome
from tests.bench.audit.source import ORIGIN, CountingSigner, decisions

PROCESSES = 4
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Run:
    """One load. rate: decisions/s. batch: mean entries in a commit, 0 where nobody counted. p50, p99: milliseconds."""

    rate: float
    batch: float
    p50: float
    p99: float


async def drive(url: str, keys: Path, callers: int, seconds: float) -> Run:
    """Callers of this process."""
    signer = CountingSigner(load_or_create(keys, ORIGIN))
    log = await AuditLog.open(url, signer, ORIGIN)
    before = signer.count
    source, waits = decisions("one"), list[float]()
    started = time.perf_counter()

    async def caller() -> None:
        while (sent := time.perf_counter()) - started < seconds:
            await log.append(next(source))
            waits.append(time.perf_counter() - sent)

    await asyncio.gather(*(caller() for _ in range(callers)))
    elapsed = time.perf_counter() - started
    await log.close()
    return _run(waits, elapsed, len(waits) / (signer.count - before))


def drive_processes(url: str, keys: Path, callers: int, seconds: float) -> Run:
    """`callers` of each of four processes, which start together."""
    command = [sys.executable, "-m", "tests.bench.audit.process"]
    crew = [
        subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        for number, process in enumerate(crew):
            _tell(process, Job(url, str(keys), callers, seconds, f"p{number}").write())
        for process in crew:
            _hear(process)
        for process in crew:
            _tell(process, "go")
        outcomes = [Outcome.read(_hear(process)) for process in crew]
    finally:
        for process in crew:
            process.communicate(timeout=30)
    waits = [wait for outcome in outcomes for wait in outcome.waits]
    return _run(waits, max(outcome.seconds for outcome in outcomes), 0)


def _run(waits: Sequence[float], seconds: float, batch: float) -> Run:
    cuts = statistics.quantiles(waits, n=100)
    return Run(len(waits) / seconds, batch, cuts[49] * 1000, cuts[98] * 1000)


def _tell(process: subprocess.Popen[str], line: str) -> None:
    if process.stdin is None:
        raise RuntimeError("the process has no input")
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError("a process of the load ended")
    return line
