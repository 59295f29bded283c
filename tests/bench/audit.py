"""Durable decisions a second through the audit log, beside raw rows a second of the same SQLite in the same batches.

    python -m tests.bench.audit [--seconds 4]

Raw is the physical limit: one connection, one table, rows of the leaf's size, nothing else in the transaction. Both
commit with WAL and synchronous=FULL; raw uses the mean batch that the log reached, and is measured before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from core.media import digest_of
from server.audit import AuditLog, Entry, schema
from server.audit.store import sqlite_url
from server.audit.keys import CheckpointSigner, load_or_create

ORIGIN = "log.example/bench"
CALLERS = (64, 256)


@dataclass(frozen=True)
class Run:
    """One load on the log. rate: decisions/s. batch: mean entries in a commit. p50, p99: milliseconds to the answer."""

    rate: float
    batch: float
    p50: float
    p99: float


class CountingSigner:
    """Signs with another signer, and counts: the log signs once a commit."""

    def __init__(self, signer: CheckpointSigner) -> None:
        self._signer = signer
        self.count = 0

    @property
    def public_key(self) -> bytes:
        """The key that verifies."""
        return self._signer.public_key

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        self.count += 1
        return self._signer.sign(message)


def entries() -> Iterator[Entry]:
    """Decisions whose leaves have about 1 KB, with four findings each."""
    finding = {"detector": "copy_move", "version": digest_of(b""), "verdict": "not_detected", "score": 0.25}
    for number in itertools.count():
        yield Entry(
            kind="decision",
            tenant="bench",
            actor="caller",
            request_id=f"{number:032x}",
            request_digest=digest_of(b"%d" % number),
            body={"findings": [{**finding, "score": number / 7}] * 4, "policy": {"digest": digest_of(b"policy")}},
            action=1 + number % 4,
            direction="inbound",
            media_digest=digest_of(b"media %d" % number),
            detected=("copy_move",) if number % 10 == 0 else (),
        )


async def drive(folder: Path, callers: int, seconds: float) -> Run:
    """Callers that each wait for one answer before they send the next."""
    url = sqlite_url(folder / f"log-{callers}.db")
    schema.upgrade(url)
    signer = CountingSigner(load_or_create(folder, ORIGIN))
    log = await AuditLog.open(url, signer, ORIGIN)
    source, waits = entries(), list[float]()
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < end:
            started = time.perf_counter()
            await log.append(next(source))
            waits.append(time.perf_counter() - started)

    signer.count, started = 0, time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    rate = len(waits) / (time.perf_counter() - started)
    await log.close()
    cuts = statistics.quantiles(waits, n=100)
    return Run(rate, len(waits) / signer.count, cuts[49] * 1000, cuts[98] * 1000)


def raw(folder: Path, batch: int, row: bytes, seconds: float) -> float:
    """Rows a second, `batch` of them in a commit."""
    path = folder / "raw.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, data BLOB)")
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO rows (data) VALUES (?)", [(row,)] * batch)
            connection.execute("COMMIT")
            count += batch
        return count / (time.perf_counter() - started)


def compare(folder: Path, callers: int, seconds: float) -> tuple[str, ...]:
    """One line of the table."""
    row = b"x" * 1000
    before = raw(folder, callers, row, seconds / 2)
    run = asyncio.run(drive(folder, callers, seconds))
    after = raw(folder, max(1, round(run.batch)), row, seconds / 2)
    cells = (run.rate, run.batch, run.p50, run.p99, before, after)
    return (str(callers), *(f"{cell:,.0f}" for cell in cells), f"{run.rate / after:.2f}")


def main(argv: Sequence[str] | None = None) -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.audit", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each measurement")
    seconds = parser.parse_args(argv).seconds
    table = Table(title="Durable decisions through the log, SQLite, 1 KB leaves", title_justify="left")
    headings = ("callers", "decisions/s", "batch", "p50 ms", "p99 ms", "raw, full batch", "raw, same batch", "of raw")
    for heading in headings:
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for callers in CALLERS:
            table.add_row(*compare(Path(folder), callers, seconds))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
