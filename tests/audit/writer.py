"""Processes that record, for tests that kill them or let them race.

    python -m tests.audit.writer    < one job a line, or "reap PID"     > lines of these processes

Imports everything once and forks: a process that is killed twenty times must not take a second to start each time.
Lines are written whole, by one write each, and "ended PID" follows all lines of the process that ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from core.errors import Conflict, Unavailable
from server.audit import AuditLog
from tests.audit.making import ORIGIN, SIGNER, decision

PAUSE = 0.02


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def record(log: AuditLog, job: Mapping[str, Any], caller: int) -> None:
    """Record without end, and say what was acknowledged."""
    number = caller
    while True:
        name = f"{job['run']}-{number}"
        try:
            recorded = await log.append(decision(number, request_id=name))
        except Unavailable:
            await asyncio.sleep(PAUSE)
            continue
        say("recorded", job["run"], recorded.index, recorded.decision_id, name, number)
        number += job["callers"]


async def race(log: AuditLog, job: Mapping[str, Any], name: str) -> None:
    """Record one request, in one of the variants that others send at the same time."""
    variant = job["variant"]
    while True:
        try:
            recorded = await log.append(decision(variant, request_id=name))
        except Unavailable:
            await asyncio.sleep(PAUSE)
            continue
        except Conflict:
            say("conflict", job["run"], name)
        else:
            say("raced", job["run"], recorded.index, recorded.decision_id, name, variant, int(recorded.fresh))
        return


async def work(job: Mapping[str, Any]) -> None:
    log = await AuditLog.open(job["url"], SIGNER, ORIGIN)
    say("ready", job["run"])
    if job["do"] == "record":
        await asyncio.gather(*(record(log, job, caller) for caller in range(job["callers"])))
    # Everybody begins when the file is there.
    while not os.path.exists(job["start"]):  # noqa: ASYNC240, PTH110 - as cheap as can be
        await asyncio.sleep(0.001)
    await asyncio.gather(*(race(log, job, name) for name in job["names"]))
    await log.close()


def main() -> None:
    for line in sys.stdin:
        if line.startswith("reap"):
            pid = int(line.split()[1])
            os.waitpid(pid, 0)
            say("ended", pid)
        elif pid := os.fork():
            say("forked", pid)
        else:
            asyncio.run(work(json.loads(line)))
            os._exit(0)


if __name__ == "__main__":
    main()
