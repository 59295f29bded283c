"""Prints medians of signing and reading beside the bare calls, and how they grow with callers and with size."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial

import psutil
from rich.console import Console
from rich.table import Table

from core.parsers.catalog import PARSERS as CORE_PARSERS
from core.sandbox import Sandbox
from server.provenance import PARSERS, Identity, Imprint, Provenance, Trust
from server.provenance.passing import passing_identity
from tests.bench.provenance.bare import Bare
from tests.bench.provenance.files import film, photograph
from tests.bench.provenance.memory import peaks
from tests.provenance.signers import CLAIM

JPEG, MP4 = "image/jpeg", "video/mp4"
SMALL = "JPEG, 512 × 512"
CALLERS = (1, 2, 4, 8)
ROUNDS = 15
LARGE = 200_000_000

Files = Mapping[str, tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class Spent:
    """Medians in milliseconds: of the clock, and of processors, workers included."""

    clock: float
    processors: float

    def beside(self, bare: Spent) -> list[str]:
        """Ours, the bare figure and their ratio, of the clock and of processors."""
        pairs = ((self.clock, bare.clock), (self.processors, bare.processors))
        return [text for ours, other in pairs for text in (f"{ours:.1f}", f"{other:.1f}", f"{ours / other:.2f}")]


class Ours:
    """Our own path: as outputs are signed, and as the credentials of a file are read."""

    def __init__(self, sandbox: Sandbox, identity: Identity, trust: Trust) -> None:
        self._sandbox = sandbox
        self._options = trust.options()
        self._plain = Provenance(sandbox, identity, trust)
        self._thumbnails = Provenance(sandbox, identity, trust, Imprint(thumbnails=True))

    async def sign(self, data: bytes, mime: str) -> bytes:
        """Signed, read back and compared."""
        return (await self._plain.sign(data, mime, CLAIM)).data

    async def sign_with_thumbnail(self, data: bytes, mime: str) -> bytes:
        """As `sign`, with a small picture of itself in the manifest."""
        return (await self._thumbnails.sign(data, mime, CLAIM)).data

    async def read(self, data: bytes) -> None:
        """One trip of the parser that reads credentials; `Sandbox.open` makes it together with all others."""
        await self._sandbox.call("credentials", [data], self._options)


def main(console: Console) -> None:
    """All of it."""
    asyncio.run(run(console))


async def run(console: Console) -> None:
    """One identity, and all files."""
    files: Files = {
        SMALL: (photograph(512, 512), JPEG),
        "JPEG, 12 megapixels": (photograph(4000, 3000), JPEG),
        "MP4, 10 MB": (film(10_000_000), MP4),
    }
    identity = passing_identity()
    trust = Trust(identity.root_pem)
    bare = Bare(identity, trust)
    async with await started(trust, 1) as sandbox:
        console.print(await medians(Ours(sandbox, identity, trust), bare, files))
    async with await started(trust, 2) as sandbox:
        console.print(await throughput(Ours(sandbox, identity, trust), bare, files[SMALL]))
    console.print(await peaks(film(LARGE), MP4))


async def started(trust: Trust, workers: int) -> AbstractAsyncContextManager[Sandbox]:
    """A sandbox as servers have it."""
    options = {"credentials": trust.options()}
    return await Sandbox.start({**CORE_PARSERS, **PARSERS}, workers=workers, options=options)


async def medians(ours: Ours, bare: Bare, files: Files) -> Table:
    """Ours and the bare calls in turn, so that neighbours disturb both alike; every signed file is read again."""
    table = Table(title=f"One caller, medians of {ROUNDS}: ms by the clock, and of processors", title_justify="left")
    for heading in ("what", "ours", "bare", "ratio", "CPU, ours", "CPU, bare", "ratio"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for name, (data, mime) in files.items():
        signed = await ours.sign(data, mime)
        both = partial(bare.sign_and_read, data, mime)
        rows: dict[str, tuple[Callable[[], Awaitable[object]], Callable[[], object]]] = {
            "sign, read back": (partial(ours.sign, data, mime), both),
            "read": (partial(ours.read, signed), partial(bare.read, signed, mime)),
        }
        if mime == JPEG:
            rows["sign with a thumbnail"] = (partial(ours.sign_with_thumbnail, data, mime), both)
        for what, calls in rows.items():
            mine, other = await in_turn(*calls)
            table.add_row(f"{name}: {what}", *mine.beside(other))
    return table


async def in_turn(ours: Callable[[], Awaitable[object]], bare: Callable[[], object]) -> tuple[Spent, Spent]:
    """What each spends. Processor time has ticks of 10 ms in other processes, so its mean stands for the median."""
    await ours()
    bare()
    clocks: tuple[list[float], list[float]] = ([], [])
    processors = [0.0, 0.0]
    for _ in range(ROUNDS):
        began, used = time.perf_counter(), processor_seconds()
        await ours()
        between, used_between = time.perf_counter(), processor_seconds()
        bare()
        clocks[0].append(between - began)
        clocks[1].append(time.perf_counter() - between)
        processors[0] += used_between - used
        processors[1] += processor_seconds() - used_between
    mine, other = (
        Spent(1000 * statistics.median(clock), 1000 * total / ROUNDS)
        for clock, total in zip(clocks, processors, strict=True)
    )
    return mine, other


def processor_seconds() -> float:
    """Of this process and of its workers, from the start on."""
    workers = [child.cpu_times() for child in psutil.Process().children()]
    return time.process_time() + sum(each.user + each.system for each in workers)


async def throughput(ours: Ours, bare: Bare, file: tuple[bytes, str]) -> Table:
    """Files signed and read back per second, by the number of callers or threads; two workers."""
    table = Table(title=f"Signed and read back per second, {SMALL}", title_justify="left")
    for heading in ("callers", "ours", "bare, as many threads", "ratio"):
        table.add_column(heading, justify="right")
    for callers in CALLERS:
        count = 16 * callers
        began = time.perf_counter()
        with ThreadPoolExecutor(callers) as pool:
            list(pool.map(lambda _: bare.sign_and_read(*file), range(count)))
        between = time.perf_counter()
        order = iter(range(count))
        await asyncio.gather(*(caller(ours, file, order) for _ in range(callers)))
        rates = count / (time.perf_counter() - between), count / (between - began)
        table.add_row(str(callers), f"{rates[0]:.0f}", f"{rates[1]:.0f}", f"{rates[0] / rates[1]:.2f}")
    return table


async def caller(ours: Ours, file: tuple[bytes, str], order: Iterator[int]) -> None:
    """Signs one after the other until all are signed."""
    for _ in order:
        await ours.sign(*file)
