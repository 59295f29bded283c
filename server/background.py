"""What runs beside the calls, from the start to the end of a server.

Each task is an endless `run()` that survives what goes wrong in it; one that ends all the same is a defect, and is
logged. Knows none of what they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog


def keep_running(name: str, work: Coroutine[Any, Any, None], stack: AsyncExitStack) -> None:
    """Runs `work` until the stack is unwound, and waits then until it has let go of everything."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell)

    async def stop() -> None:
        task.cancel()
        await asyncio.wait({task})

    stack.push_async_callback(stop)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        structlog.get_logger("countersign").error("ended", task=task.get_name(), exc_info=task.exception())
