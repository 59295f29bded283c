"""Waiting for others on threads of one's own.

Not in the event loop's pool: what hangs there would keep the server's own work waiting. And not in a pool that is
joined at exit: a witness that does not answer must not hold up the end of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar, cast

_Answer = TypeVar("_Answer")


async def on_own_thread(name: str, work: Callable[[], _Answer]) -> _Answer:
    """What `work` returns or raises. Whoever stops waiting leaves it running to its end, which nobody hears of.

    MUST be harmless to be killed at any point: the thread is a daemon.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Answer] = loop.create_future()

    def settle(value: _Answer | None, failure: BaseException | None) -> None:
        if answer.done():  # nobody waits any more
            return
        if failure is None:
            answer.set_result(cast("_Answer", value))
        else:
            answer.set_exception(failure)

    def run() -> None:
        value: _Answer | None = None
        failure: BaseException | None = None
        try:
            value = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await answer
