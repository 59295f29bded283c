"""A server in a process of its own, as in production, and a caller that keeps many screenings in flight."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import psutil

from countersign.v1 import screening_pb2, screening_pb2_grpc

OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


@dataclass(frozen=True, slots=True)
class Load:
    """What one load came to. rate: screenings/s; p50, p99: milliseconds."""

    concurrency: int
    rate: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    address: str
    process: psutil.Process

    def resident(self) -> float:
        """Resident memory of the server and its workers together, MiB. Shared pages count for each (an upper bound)."""
        processes = [self.process, *self.process.children(recursive=True)]
        return float(sum(each.memory_info().rss for each in processes)) / 2**20


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    """`countersign serve` on a free port with its data in `folder`."""
    config = folder / "countersign.toml"
    config.write_text(f'[server]\naddress = "127.0.0.1:0"\ndata_dir = "{folder / "data"}"\n')
    command = [sys.executable, "-m", "countersign", "--config", str(config), "serve"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if " on " not in line:
            raise RuntimeError(f"the server did not start: {(folder / 'server.log').read_text()[-2000:]}")
        yield Server(line.split(" on ")[1].split(",")[0], psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)


async def drive(address: str, pictures: list[bytes], concurrency: int, count: int) -> Load:
    """Screens `count` pictures in turn, `concurrency` of them at any time."""
    seconds: list[float] = []
    order = iter(range(count))
    async with grpc.aio.insecure_channel(address, options=OPTIONS) as channel:
        stub = screening_pb2_grpc.ScreeningServiceStub(channel)

        async def caller() -> None:
            for number in order:
                request = screening_pb2.ScreenRequest(
                    request_id=uuid.uuid4().hex, media=pictures[number % len(pictures)]
                )
                started = time.perf_counter()
                await stub.Screen(request, timeout=300)
                seconds.append(time.perf_counter() - started)

        started = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(concurrency)))
        elapsed = time.perf_counter() - started
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return Load(concurrency, count / elapsed, statistics.median(seconds) * 1000, cuts[98] * 1000)
