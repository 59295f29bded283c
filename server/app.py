"""The composition root: settings in, a running server out. Nothing else builds its own dependencies.

The parts come from `server.assembly`, which checks all it can before anything listens; here they are put on the air.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Self

import structlog
from grpc_reflection.v1alpha import reflection

from server import logs
from server.assembly import assemble
from server.auth import Authenticator
from server.background import ask_outside, follow_policy, keep_retention, watch_health
from server.config import Settings
from server.edge import Edge
from server.gate import Gate
from server.health import SERVICES
from server.listening import listen, new_server, serve_metrics
from server.metrics import Metrics
from server.services import register
from server.services.uploads import MAX_UNARY

MAX_MESSAGE = MAX_UNARY + 1024 * 1024
"""Bytes: the largest media in one message, and room for what stands beside it."""
GRACE = 10.0
"""Seconds that running calls get to finish when the server stops."""


class App:
    """A running server. Made by `start`; `close` it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._resources = AsyncExitStack()

    @classmethod
    async def start(cls, settings: Settings) -> Self:
        """Builds everything, checks it, and listens. Raises ConfigurationError for what cannot be started with."""
        async with AsyncExitStack() as stack:
            app = cls(await cls._build(settings, stack))
            app._resources = stack.pop_all()
            return app

    @classmethod
    async def _build(cls, settings: Settings, stack: AsyncExitStack) -> str:
        """The address that a server of `settings` now listens on."""
        metrics, authenticator = Metrics(), Authenticator(settings.tokens)
        edge = Edge(authenticator, metrics)
        parts = await assemble(settings, edge, metrics, stack)
        ask_outside(settings, parts.log, metrics, stack)
        keep_retention(settings, parts.log, parts.aftercare.scrub, stack)
        follow_policy(parts.desk.follower, stack)
        gate = Gate(edge, authenticator)
        server = new_server([gate], max_message=MAX_MESSAGE, max_calls=2 * settings.max_pending)
        register(server, parts)
        await watch_health(server, parts.log, parts.desk.follower, metrics, stack)
        reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)
        address = await listen(server, settings)
        stack.push_async_callback(server.stop, GRACE)
        stack.callback(parts.followers.close)
        if settings.metrics_address:
            serve_metrics(settings, metrics, stack)
        if authenticator.is_open:
            words = "NO TOKENS: everybody who can reach this address may do everything"
            structlog.get_logger("countersign").warning(words, address=address)
        return address

    async def close(self) -> None:
        """Stops listening, lets running calls finish, and ends every process and thread."""
        await self._resources.aclose()


def serve(settings: Settings) -> None:
    """Runs a server until SIGINT or SIGTERM. Prints one line on standard output when it is ready."""
    logs.configure()
    asyncio.run(serve_until_stopped(settings))


async def serve_until_stopped(settings: Settings) -> None:
    """The body of `serve`."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    app = await App.start(settings)
    try:
        print(f"countersign is ready on {app.address}, data in {settings.data_dir}", flush=True)  # noqa: T201
        await stopped.wait()
    finally:
        await app.close()
