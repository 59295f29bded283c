"""`make bench`: speed and memory in one run, every figure beside its physical limit.

Absolute figures depend on the machine and its neighbours; the ratios are what to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from server.provenance import Trust, development_identity
from tests.bench.audit.run import main as bench_log
from tests.bench.backtest import main as bench_backtest
from tests.bench.bare import BareLoop
from tests.bench.generation import bench as bench_generation
from tests.bench.policy import main as bench_policy
from tests.bench.provenance.run import main as bench_provenance
from tests.bench.recovery import bench as bench_recovery
from tests.bench.serving import drive, server
from tests.bench.watermark import bench as bench_watermark

MEDIA = Path(__file__).parents[1] / "media"
CONCURRENCIES = (1, 16, 64)


def main() -> None:
    """Runs the chosen parts."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--count", type=int, default=128, help="screenings per measurement")
    parser.add_argument("--memory-count", type=int, default=10_000, help="screenings of the memory run")
    parser.add_argument("--decisions", type=int, nargs="+", default=[10_000, 100_000], help="logs to be replayed")
    parser.add_argument("--full", action="store_true", help="also a log of a million entries")
    arguments = parser.parse_args()
    console = Console(width=110)
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for part in arguments.parts:
        PARTS[part](console, arguments)


def photographs() -> list[bytes]:
    """The photographs of tests/media: 0.3–0.7 megapixels, JPEG."""
    return [file.read_bytes() for file in sorted(MEDIA.glob("*.jpg"))]


def screening(console: Console, arguments: argparse.Namespace) -> None:
    """Screening through gRPC against the bare loop."""
    pictures = photographs()
    threads = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as running:
        loop = BareLoop(Trust(development_identity(Path(folder) / "data/provenance").root_pem))
        loop.rate(pictures, len(pictures), 1)
        asyncio.run(drive(running.address, pictures, 4, 2 * len(pictures)))
        bare = {count: loop.rate(pictures, arguments.count, count) for count in (1, threads)}
        loads = [asyncio.run(drive(running.address, pictures, each, arguments.count)) for each in CONCURRENCIES]
        again = loop.rate(pictures, arguments.count, threads)
        alone = latency(loop, pictures)
    table = Table(title=f"Screening, {len(pictures)} photographs of 0.3–0.7 megapixels", title_justify="left")
    for heading in ("what", "images/s", "of the bare loop", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    limit = statistics.mean((bare[threads], again))
    table.add_row("bare loop, 1 thread", f"{bare[1]:.1f}", f"{bare[1] / limit:.2f}", f"{alone:.0f}", "")
    table.add_row(f"bare loop, {threads} threads (before, after)", f"{bare[threads]:.1f}, {again:.1f}", "1.00", "", "")
    for load in loads:
        share = load.rate / (bare[1] if load.concurrency == 1 else limit)
        label = f"gRPC, {load.concurrency} callers"
        table.add_row(label, f"{load.rate:.1f}", f"{share:.2f}", f"{load.p50:.0f}", f"{load.p99:.0f}")
    console.print(table)
    console.print(f"added at one caller: p50 {loads[0].p50 - alone:+.1f} ms beside one thread of the bare loop")


def latency(loop: BareLoop, pictures: Sequence[bytes]) -> float:
    """Median milliseconds of one bare examination."""
    seconds = []
    for picture in [*pictures] * 3:
        started = time.perf_counter()
        loop.screen(picture)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1000


def memory(console: Console, arguments: argparse.Namespace) -> None:
    """Resident memory before and after many screenings."""
    pictures = [thumbnail(picture) for picture in photographs()]
    step = max(1, arguments.memory_count // 10)
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as running:
        asyncio.run(drive(running.address, pictures, 8, 200))
        sizes = [running.resident()]
        for _ in track(range(10), "memory", console=console, transient=True):
            asyncio.run(drive(running.address, pictures, 8, step))
            sizes.append(running.resident())
    console.print(
        f"resident memory of server and workers over {10 * step} screenings, MiB: "
        + " ".join(f"{size:.0f}" for size in sizes)
    )
    console.print(f"after / before: {sizes[-1] / sizes[0]:.3f}")


def thumbnail(picture: bytes) -> bytes:
    """The picture at 192 pixels, so that ten thousand of them take minutes."""
    image = Image.open(io.BytesIO(picture))
    image.thumbnail((192, 192))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def log(console: Console, arguments: argparse.Namespace) -> None:
    """Durable decisions against the limits of both stores, and what calls cost as the log grows."""
    bench_log(["--full"] if arguments.full else [])


def policy(console: Console, _arguments: argparse.Namespace) -> None:
    """Decisions a second against the CEL library alone."""
    bench_policy(console)


def recovery(console: Console, arguments: argparse.Namespace) -> None:
    """Look-ups among 10⁵ and 10⁶ signed files."""
    bench_recovery(console, MEDIA)


def provenance(console: Console, arguments: argparse.Namespace) -> None:
    """Signing and reading credentials beside the library's bare calls."""
    bench_provenance(console)


def watermark(console: Console, arguments: argparse.Namespace) -> None:
    """Embedding and reading the invisible mark."""
    bench_watermark(console)


def generation(console: Console, arguments: argparse.Namespace) -> None:
    """Text to image beside stock diffusers."""
    bench_generation(console)


def backtest(console: Console, arguments: argparse.Namespace) -> None:
    """A candidate policy over logs of these sizes."""
    bench_backtest(console, arguments.decisions)


PARTS = {
    "screening": screening,
    "provenance": provenance,
    "recovery": recovery,
    "watermark": watermark,
    "generation": generation,
    "log": log,
    "memory": memory,
    "policy": policy,
    "backtest": backtest,
}


if __name__ == "__main__":
    main()
