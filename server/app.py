"""The composition root: settings in, a running server out. Nothing else builds its own dependencies.

Start-up checks all it can before it listens: settings, keys, the policy's types, weights, the sandbox, trust and the
log's durability. What fails names the setting or the file.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Self

from grpc_reflection.v1alpha import reflection

import detectors.catalog
import generators.catalog
from core.limits import Limits
from policies.files import DEFAULT_PACK, load_policy_file
from server import logs
from server.admission import ByteBudget, Room
from server.audit.export import DsaMapping, read_mapping
from server.audit.privacy.erasure import Aftercare
from server.audit.privacy.scrub import scrubber
from server.auth import Authenticator
from server.background import ask_outside, keep_retention, watch_health
from server.config import Settings
from server.documents import record_configuration
from server.edge import Edge
from server.engine.local import LocalEngine
from server.examination import Examiner
from server.gate import Gate
from server.health import SERVICES
from server.listening import listen, new_server, serve_metrics
from server.metrics import Metrics
from server.outputs import OutputStore
from server.pipeline import Pipeline
from server.recorder import Recorder
from server.services import Parts, register
from server.services.files import Files
from server.services.following import Followers
from server.services.uploads import MAX_UNARY
from server.startup import announce, known_content, limit_library_threads, open_log, open_provenance

MAKING_PLACES = 2
"""Orders at a time: one that is made, and one whose upload is examined meanwhile."""
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
            app = await cls._build(settings, stack)
            app._resources = stack.pop_all()
            return app

    @classmethod
    async def _build(cls, settings: Settings, stack: AsyncExitStack) -> Self:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        limit_library_threads()
        metrics = Metrics()
        log = await open_log(settings, stack)
        models = detectors.catalog.build(known_content(settings))
        makers = generators.catalog.build(generators.catalog.WEIGHTS, settings.device)
        policy_file = settings.policy or DEFAULT_PACK
        policy = load_policy_file(policy_file, models)
        mapping = read_mapping(settings.dsa_mapping) if settings.dsa_mapping else DsaMapping()
        limits = Limits(**settings.limits.model_dump())
        sandbox, credentials = await open_provenance(settings, limits, stack)
        engine = LocalEngine(models, metrics, threads=settings.threads, max_pending=settings.max_pending)
        stack.push_async_callback(engine.close)
        views = {view for model in models for view in model.views} | {"tags"}
        examiner = Examiner(sandbox, engine, credentials, policy, views)
        made_with = await record_configuration(log, policy, policy_file, models, makers, credentials.trust_text)
        outputs, scrub = OutputStore(settings.data_dir / "outputs"), scrubber(settings.url)
        pipeline = Pipeline(
            examiner,
            engine,
            credentials,
            Recorder(log, metrics, made_with),
            outputs,
            screening=Room(settings.in_flight, settings.max_pending),
            making=Room(MAKING_PLACES, settings.max_pending),
        )
        authenticator = Authenticator(settings.tokens)
        edge = Edge(authenticator, metrics)
        gate = Gate(edge, authenticator)
        server = new_server([gate], max_message=MAX_UNARY + 1024 * 1024, max_calls=2 * settings.max_pending)
        followers = Followers()
        parts = Parts(
            edge=edge,
            pipeline=pipeline,
            examiner=examiner,
            log=log,
            limits=limits,
            budget=ByteBudget(settings.max_upload_bytes),
            detectors=models,
            generators=makers,
            followers=followers,
            files=Files(log, mapping),
            aftercare=Aftercare(outputs.forget, scrub),
        )
        register(server, parts)
        ask_outside(settings, log, metrics, stack)
        keep_retention(settings, log, scrub, stack)
        await watch_health(server, log, metrics, stack)
        reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)
        address = await listen(server, settings)
        stack.push_async_callback(server.stop, GRACE)
        stack.callback(followers.close)
        if settings.metrics_address:
            serve_metrics(settings, metrics, stack)
        announce(settings, address, policy, [*models, *makers])
        return cls(address)

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
