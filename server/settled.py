"""Work that must not be cut in half. Knows tasks; does not know what is done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def settled(work: Coroutine[Any, Any, Result]) -> Result:
    """What `work` comes to. Who is cancelled meanwhile is so only once it has ended: its effects are known by then."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # was seen: nobody is left to be told
        raise cancelled
    return task.result()
