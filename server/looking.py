"""Looking again and again at what may have changed outside this process. Knows when, and not at what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from core.errors import Unavailable


async def keep_looking(look: Callable[[], Awaitable[object]], pause: float, what: str) -> None:
    """Calls `look` every `pause` seconds, until cancelled. what: it follows, for the server's log.

    Unavailable is waited out: health says so already. Nothing else ends it either: a server that no longer looked would
    go on by what is old for ever.
    """
    log = structlog.get_logger("countersign.looking")
    while True:
        await asyncio.sleep(pause)
        try:
            await look()
        except Unavailable as error:
            log.warning("the audit log cannot be asked or told", what=what, why=str(error))
        except Exception:
            log.exception("following failed", what=what)
