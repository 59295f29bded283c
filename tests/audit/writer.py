"""A process that records without end and says what was acknowledged; `test_kill` kills it."""

from __future__ import annotations

import asyncio
import os
import sys

from server.audit import AuditLog
from tests.audit.making import ORIGIN, SIGNER, decision

CALLERS = 64


async def record(log: AuditLog, run: str, caller: int) -> None:
    number = caller
    while True:
        recorded = await log.append(decision(number, request_id=f"{run}-{number}"))
        # One write each: a line is whole or absent, whenever the process dies.
        os.write(1, f"{recorded.index} {recorded.decision_id}\n".encode())
        number += CALLERS


async def main(url: str, run: str) -> None:
    log = await AuditLog.open(url, SIGNER, ORIGIN)
    await asyncio.gather(*(record(log, run, caller) for caller in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
