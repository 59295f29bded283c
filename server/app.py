"""The composition root: settings in, a running server out. Nothing else builds its own dependencies.

Start-up checks all it can before it listens: settings, keys, the policy's types, weights, the sandbox, trust and the
log's durability. What fails names the setting or the file.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Self

import cv2
import grpc.aio
import structlog
from grpc_reflection.v1alpha import reflection

import detectors.catalog
import generators.catalog
from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from detectors.base import Detector
from detectors.hash_list import HashList
from generators.base import Generator
from policies.base import Policy
from policies.files import DEFAULT_PACK, load_policy_file
from server import logs, provenance
from server.admission import ByteBudget, Room
from server.audit import AuditLog, keys, schema
from server.auth import Authenticator
from server.config import Settings
from server.edge import Edge
from server.engine.local import LocalEngine
from server.examination import CREDENTIALS, Examiner
from server.gate import Gate
from server.health import SERVICES, HealthMonitor
from server.listening import listen, serve_metrics
from server.metrics import Metrics
from server.outputs import OutputStore
from server.pipeline import Pipeline
from server.provenance import Provenance, Trust, development_identity
from server.recorder import Recorder
from server.services import register
from server.services.uploads import MAX_UNARY

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
        policy = load_policy_file(settings.policy or DEFAULT_PACK, models)
        limits = Limits(**settings.limits.model_dump())
        sandbox, credentials = await open_provenance(settings, limits, stack)
        engine = LocalEngine(models, metrics, threads=settings.threads, max_pending=settings.max_pending)
        stack.push_async_callback(engine.close)
        views = {view for model in models for view in model.views} | {"tags"}
        examiner = Examiner(sandbox, engine, credentials, policy, views)
        pipeline = Pipeline(
            examiner,
            engine,
            credentials,
            Recorder(log, metrics),
            OutputStore(settings.data_dir / "outputs"),
            screening=Room(settings.in_flight, settings.max_pending),
            making=Room(MAKING_PLACES, settings.max_pending),
        )
        authenticator = Authenticator(settings.tokens)
        edge = Edge(authenticator, metrics)
        server = grpc.aio.server(
            interceptors=[Gate(edge, authenticator)],
            options=[("grpc.max_receive_message_length", MAX_UNARY + 1024 * 1024)],
            # Messages are in memory before any code of ours sees them; this alone bounds how many.
            maximum_concurrent_rpcs=2 * settings.max_pending,
        )
        budget = ByteBudget(settings.max_upload_bytes)
        register(server, edge, pipeline, examiner, log, limits, budget, models, makers)
        await watch_health(server, log, metrics, stack)
        reflection.enable_server_reflection((*SERVICES, reflection.SERVICE_NAME), server)
        address = await listen(server, settings)
        stack.push_async_callback(server.stop, GRACE)
        if settings.metrics_address:
            serve_metrics(settings, metrics, stack)
        announce(settings, address, policy, [*models, *makers])
        return cls(address)

    async def close(self) -> None:
        """Stops listening, lets running calls finish, and ends every process and thread."""
        await self._resources.aclose()


def limit_library_threads() -> None:
    """One thread a call inside OpenCV: the engine's lanes are the parallelism of detectors.

    PyTorch keeps its threads: generators share one lane, and one of them may fill the machine.
    """
    cv2.setNumThreads(1)


async def open_log(settings: Settings, stack: AsyncExitStack) -> AuditLog:
    """The audit log, its schema brought up to date on the embedded default, its key made on first start."""
    await asyncio.to_thread(schema.upgrade, settings.url)
    signer = await asyncio.to_thread(keys.load_or_create, settings.data_dir, settings.origin)
    log = await AuditLog.open(settings.url, signer, settings.origin)
    stack.push_async_callback(log.close)
    # Nothing runs yet, so whatever was meant to be made and has no decision was cut short.
    if orphans := await log.orphaned_intents(datetime.now(UTC)):
        words = "intents without a decision: a crash or a cancelled call cut this work short"
        structlog.get_logger("countersign").warning(words, log_indexes=[intent.index for intent in orphans])
    return log


async def open_provenance(settings: Settings, limits: Limits, stack: AsyncExitStack) -> tuple[Sandbox, Provenance]:
    """The sandbox with all parsers, and the credentials that are read and signed through it, tried out once."""
    identity = await asyncio.to_thread(development_identity, settings.data_dir / "provenance")
    if identity.is_development:
        structlog.get_logger("countersign").warning(
            "DEVELOPMENT CERTIFICATE: outputs are signed by an authority made here, which nobody else trusts",
            certificates=str(settings.data_dir / "provenance"),
        )
    trust = Trust(identity.root_pem)
    structlog.get_logger("countersign").info("trust", digest=trust.digest)
    sandbox = await Sandbox.start(
        {**PARSERS, **provenance.PARSERS}, limits, settings.parsers, options={CREDENTIALS: trust.options()}
    )
    stack.push_async_callback(sandbox.close)
    credentials = Provenance(sandbox, identity, trust)
    await credentials.self_test()
    return sandbox, credentials


def known_content(settings: Settings) -> HashList:
    """The list of known content; an empty one, on which the detector abstains, where none was named or made yet."""
    if settings.hash_list or settings.known_content.exists():
        return HashList.load(settings.known_content)
    return HashList()


async def watch_health(server: grpc.aio.Server, log: AuditLog, metrics: Metrics, stack: AsyncExitStack) -> None:
    """Adds the health service and keeps it true."""
    monitor = HealthMonitor(log, metrics)
    await monitor.check()
    monitor.register(server)
    watching = asyncio.create_task(monitor.run())
    stack.callback(watching.cancel)


def announce(settings: Settings, address: str, policy: Policy, models: Iterable[Detector | Generator]) -> None:
    """Says in the log what runs: the digests of everything that decides and makes (after boulder's policy loader)."""
    log = structlog.get_logger("countersign")
    if not settings.tokens:
        log.warning("NO TOKENS: everybody who can reach this address may do everything", address=address)
    log.info("policy", id=policy.id, digest=policy.digest)
    for model in models:
        log.info("model", name=model.name, version=model.version)


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
