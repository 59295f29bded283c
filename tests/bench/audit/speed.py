"""One store's speed: its limits, and the log beside them, in one run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from tests.bench.audit.limits import bare, same_rows, written
from tests.bench.audit.load import Run, drive, drive_processes
from tests.bench.audit.stores import Place

CALLERS = (64, 256)
CALLERS_OF_A_PROCESS = 64
BARE_BATCH = 100
_MOST = 60_000


@dataclass(frozen=True)
class Measured:
    """One load with its limits. bare, same: rows/s (see `limits`); those of four processes are
    those of the first load."""

    label: str
    run: Run
    bare: float
    same: float


def measure(place: Place, keys: Path, seconds: float, tell: Callable[[str], None]) -> list[Measured]:
    """Callers of one process, then of four. tell: hears what is going on."""
    found = []
    for callers in CALLERS:
        tell(f"{place.name}: {callers} callers")
        before = bare(place, BARE_BATCH, seconds / 2)
        with place.log() as url:
            run = asyncio.run(drive(url, keys, callers, seconds))
            batches = written(url, max(1, round(run.batch)), _MOST)
        tell(f"{place.name}: limits")
        same = [same_rows(place, batches, seconds / 2) for _ in range(2)]
        after = bare(place, BARE_BATCH, seconds / 2)
        found.append(Measured(f"{callers} callers", run, mean((before, after)), mean(same)))
    tell(f"{place.name}: 4 processes")
    with place.log() as url:
        run = drive_processes(url, keys, CALLERS_OF_A_PROCESS, seconds)
    found.append(Measured(f"4 processes × {CALLERS_OF_A_PROCESS}", run, found[0].bare, found[0].same))
    return found
