"""One process of the hammer: opens the log and lets its callers act until its standard input ends.

python -m server.audit.hammer.worker    < one line of orders     > lines of `messages`
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import threading
from pathlib import Path

from core.errors import Unavailable
from server.audit.hammer.acts import ACTS
from server.audit.hammer.messages import Ready, Seen
from server.audit.hammer.opening import open_log
from server.audit.hammer.plan import Orders
from server.audit.hammer.shift import Shift, say

_INPUT = 0
_REPORT_SECONDS = 0.5


async def work(orders: Orders) -> None:
    """The whole life of a worker."""
    opened = await open_log(orders.url, Path(orders.keys), orders.origin)
    shift = Shift(opened.log, orders, str(opened.key))
    say(Ready())
    # A daemon: a worker that fails must not wait for its standard input.
    watching = (shift.stopped, asyncio.get_running_loop())
    threading.Thread(target=_wait_for_the_end, args=watching, daemon=True).start()
    try:
        async with asyncio.TaskGroup() as callers:
            callers.create_task(_report(shift))
            for caller in range(orders.callers):
                callers.create_task(_call(shift, random.Random(f"{orders} {caller}")))  # noqa: S311 - a load
    finally:
        shift.report()
        await opened.log.close()


async def _call(shift: Shift, chance: random.Random) -> None:
    acts, weights = zip(*ACTS, strict=True)
    while not shift.stopped.is_set():
        (act,) = chance.choices(acts, weights)
        recorded = await act(shift, chance)
        if recorded is not None:
            await shift.prove(recorded, chance)
        # An act may have had nothing to act on; the loop has to turn all the same.
        await asyncio.sleep(0)


async def _report(shift: Shift) -> None:
    while not shift.stopped.is_set():
        await asyncio.sleep(_REPORT_SECONDS)
        shift.report()
        with contextlib.suppress(Unavailable):
            checkpoint = await shift.log.checkpoint()
            say(Seen(checkpoint.text))


def _wait_for_the_end(stopped: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Standard input ends when the hammer says so, or dies."""
    while os.read(_INPUT, 4096):
        pass
    loop.call_soon_threadsafe(stopped.set)


if __name__ == "__main__":
    asyncio.run(work(Orders.read(sys.stdin.buffer.readline())))
