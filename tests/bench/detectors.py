"""What each detector costs, and the line-up as the server runs it; beside another checkout, in the same run.

    python -m tests.bench.detectors [--against DIR] [--only NAME …] [--rounds 5]

Both checkouts are asked in turn, call by call, so that what else the machine does slows both: the ratio is what counts.
One megapixel alone is measured in processor time, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from core.media import Kind
from detectors.catalog import build, tower_of
from detectors.hash_list import HashList

WORKER = Path(__file__).with_name("detecting.py")
HERE = Path(__file__).parents[2]
SIZES = {"512²": 512**2, "1 MP": 1_000_000, "12 MP": 12_000_000}
BATCHES, THREADS = (1, 16), (1, 2)
_MOST = 16_000_000  # pixels a call: more take minutes, and tell nothing else


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked of a worker; see there."""

    detector: str
    size: str
    batch: int
    threads: int

    def line(self) -> str:
        """As a worker reads it."""
        asked = {"detector": self.detector, "pixels": SIZES[self.size], "batch": self.batch, "threads": self.threads}
        return json.dumps(asked) + "\n"


class Worker:
    """A process that measures in one checkout."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, case: Case) -> dict[str, float]:
        """Seconds and MiB. Raises RuntimeError where the worker is gone."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a worker without pipes")
        self._process.stdin.write(case.line())
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"the worker ended at {case}")
        answer: dict[str, float] = json.loads(line)
        return answer


@contextmanager
def worker(checkout: Path) -> Iterator[Worker]:
    """One in that folder. -P: the folder of the script holds a `detectors.py`, too."""
    command = [sys.executable, "-P", str(WORKER)]
    environment = {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1", "PATH": ""}
    process = subprocess.Popen(
        command, cwd=checkout, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Worker(process)
    finally:
        process.terminate()
        process.wait()


def cases(names: Sequence[str]) -> Iterator[Case]:
    """Of every detector, then of the line-up."""
    for name, size, batch, threads in product(names, SIZES, BATCHES, THREADS):
        if SIZES[size] * batch <= _MOST and (threads == 1 or batch == 1):
            yield Case(name, size, batch, threads)
    yield from (Case("", size, 1, threads) for size, threads in product(SIZES, THREADS))


def measured(workers: Sequence[Worker], case: Case, rounds: int) -> list[dict[str, float]]:
    """Medians of each worker, asked in turn; the first round makes networks, and is not counted."""
    answers = [[each.ask(case) for each in workers] for _ in range(rounds + 1)][1:]
    return [
        {key: float(np.median([answer[place][key] for answer in answers])) for key in answers[0][place]}
        for place in range(len(workers))
    ]


def row(case: Case, found: Sequence[dict[str, float]]) -> list[str]:
    """As it is printed."""
    now, before = found[0], found[-1]
    told = [case.detector or "line-up, as served", case.size, str(case.batch), str(case.threads)]
    told += [f"{1000 * now['processor'] / case.batch:.0f}", f"{1000 * now['wall'] / case.batch:.0f}"]
    told += [f"{case.batch / now['wall']:.1f}", f"{now['peak']:.0f}"]
    if len(found) > 1:
        told += [f"{1000 * before['processor'] / case.batch:.0f}", f"{before['processor'] / now['processor']:.2f}"]
        told += [f"{before['peak']:.0f}"]
    return told


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.detectors", description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout, measured in the same run")
    parser.add_argument("--only", nargs="+", help="detectors; line-up for all of them as the server runs them")
    parser.add_argument("--sizes", nargs="+", choices=[*SIZES], default=[*SIZES])
    parser.add_argument("--batches", nargs="+", type=int, choices=BATCHES, default=[*BATCHES])
    parser.add_argument("--threads", nargs="+", type=int, choices=THREADS, default=[*THREADS])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    known = [each.name for each in build(HashList(), tower=tower_of()) if Kind.IMAGE in each.kinds]
    wanted = set(arguments.only or [*known, "line-up"])
    columns = ["", "size", "batch", "threads", "CPU ms", "wall ms", "images/s", "peak MiB"]
    columns += ["before: CPU ms", "times", "peak MiB"] if arguments.against else []
    table = Table(*columns)
    with ExitStack() as stack:
        checkouts = [HERE, *([arguments.against.resolve()] if arguments.against else [])]
        workers = [stack.enter_context(worker(each)) for each in checkouts]
        for case in cases(known):
            here = (
                case.size in arguments.sizes and case.batch in arguments.batches and case.threads in arguments.threads
            )
            if here and (case.detector or "line-up") in wanted:
                table.add_row(*row(case, measured(workers, case, arguments.rounds)))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
