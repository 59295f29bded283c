"""What signing one large file takes: private memory of the server's process and of its worker, and what they share."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path

import psutil

from core.sandbox import Sandbox
from server.provenance import PARSERS, Provenance, Trust
from server.provenance.passing import passing_identity
from tests.provenance.signers import CLAIM

EVERY = 0.002  # seconds between looks


class Watch:
    """Looks at two processes again and again, and keeps the largest that it saw, MiB above the first look."""

    def __init__(self, worker: int) -> None:
        self._processes = os.getpid(), worker
        self._first = self._look()
        self._stopped = threading.Event()
        self.largest = (0.0, 0.0, 0.0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No further looks."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(EVERY):
            grown = (now - first for now, first in zip(self._look(), self._first, strict=True))
            self.largest = tuple(map(max, self.largest, grown))  # type: ignore[assignment]

    def _look(self) -> tuple[float, float, float]:
        """Private memory of each, and all shared memory of the machine, where memory files are."""
        return (*(private(process) for process in self._processes), psutil.virtual_memory().shared / 2**20)  # type: ignore[return-value]


def private(process: int) -> float:
    """MiB of anonymous memory."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


async def peaks(data: bytes, mime: str) -> str:
    """One line. The file itself is in the server's memory before, and is not counted."""
    identity = passing_identity()
    trust = Trust(identity.root_pem)
    async with await Sandbox.start(PARSERS, workers=1, options={"credentials": trust.options()}) as sandbox:
        provenance = Provenance(sandbox, identity, trust)
        await provenance.self_test()
        await asyncio.sleep(0.1)
        (worker,) = (child.pid for child in psutil.Process().children())
        watch = Watch(worker)
        began = time.perf_counter()
        await provenance.sign(data, mime, CLAIM)
        seconds = time.perf_counter() - began
        watch.stop()
    server, sandboxed, shared = watch.largest
    size = len(data) / 2**20
    return (
        f"signing a film of {size:.0f} MiB: {seconds:.1f} s; at most, MiB above rest: server {server:.0f}, "
        f"worker {sandboxed:.0f}, in memory files between them {shared:.0f}"
    )
