"""Small servers that decide by the activated policy: real gRPC, a real log on either store, a detector of red."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import grpc.aio

from core.limits import Limits
from core.registry import Registry
from core.sandbox import Sandbox
from countersign import Client
from countersign.settings import ClientSettings
from countersign.v1 import common_pb2, policy_pb2
from detectors.base import Detector
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from generators.base import Generator
from policies.engine import load_policy
from server.admission import ByteBudget, Room
from server.audit import AuditLog
from server.audit.export import DsaMapping
from server.audit.privacy.erasure import Aftercare
from server.audit.privacy.scrub import scrubber
from server.audit.sql import schema
from server.audit.tree import keys
from server.auth import ROLES, Authenticator
from server.conclusions import Conclusions
from server.config import Settings
from server.documents import Register
from server.edge import Edge
from server.engine.local import LocalEngine
from server.examination import Examiner
from server.health import HealthMonitor
from server.metrics import Metrics
from server.outputs import OutputStore
from server.pipeline import Pipeline
from server.policy.backtest import Backtests
from server.policy.desk import Desk
from server.policy.following import Follower
from server.policy.loading import Loader
from server.policy.rehearsal import Rehearsal
from server.provenance import Provenance
from server.recorder import Recorder
from server.recovery.recovery import Recovery
from server.recovery.resolution import Resolution
from server.services import Parts, register
from server.services.files import Files
from server.services.following import Followers
from tests.server.conftest import finisher_of, png
from tests.server.fakes import Painter, RedDetector
from tests.server.wires import BASE, token

RED, GREEN = png((230, 10, 10)), png((20, 120, 20))
T = TypeVar("T")


def policy(name: str, limit: float = 150.0, action: str = "block", when: str = "") -> str:
    """A policy of one rule over how red a picture is, 0 to 255."""
    return f"""\
id: house
version: "{name}"
description: What becomes of red pictures.
rules:
  - id: too-red
    title: Too red
    when: {when or f"red.score > {limit:.1f}"}
    action: {action}
    code: red
    applies_to: {{kinds: [image]}}
    text: "The picture is too red ({{red.score}})."
"""


def cases(limit: float = 150.0, action: str = "block", policy_id: str = "house") -> str:
    """Test cases that try the rule on both sides of its limit."""
    return f"""\
policy: {policy_id}
cases:
  - name: a red picture
    given: {{red: detected, red.score: {limit + 1}}}
    expect: {{action: {action}, rules: [too-red]}}
  - name: at the limit
    given: {{red: detected, red.score: {limit}}}
    expect: {{action: allow, rules: []}}
  - name: a picture that nobody could look at
    given: {{red: abstained}}
    expect: {{action: review, rules: [too-red], codes: [signal_missing]}}
"""


@dataclass
class Station:
    """A running server. The callers ann, bob and eve belong to acme; dan to other."""

    address: str
    log: AuditLog
    follower: Follower
    metrics: Metrics
    desk: Desk
    monitor: HealthMonitor

    async def ask(self, who: str, call: Callable[[Client], T]) -> T:
        """What one caller's client gets."""
        settings = ClientSettings(address=self.address, token=who)
        with Client(settings=settings) as client:
            return await asyncio.to_thread(call, client)

    async def screen(self, media: bytes, who: str = "ann", **fields: Any) -> common_pb2.Decision:
        return (await self.ask(who, lambda client: client.screen(media, **fields))).decision

    async def propose(self, text: str, tests: str, *, approve: bool = True) -> str:
        """Ann proposes, and bob approves; the digest."""
        digest = (await self.ask("ann", lambda client: client.propose_policy(text, tests))).version.digest
        if approve:
            await self.ask("bob", lambda client: client.approve_policy(digest))
        return digest

    async def move(self, digest: str, percent: int = 100, **fields: Any) -> policy_pb2.ActivatePolicyResponse:
        """Ann activates."""
        return await self.ask("ann", lambda client: client.activate_policy(digest, percent=percent, **fields))

    async def activate(self, text: str, tests: str, percent: int = 100) -> str:
        """All of it; the digest."""
        digest = await self.propose(text, tests)
        await self.move(digest, percent)
        return digest


@asynccontextmanager
async def station(
    folder: Path,
    url: str,
    trusted: tuple[Sandbox, Provenance],
    *,
    detector: Detector | None = None,
    second_person: bool = True,
) -> AsyncIterator[Station]:
    """A server on the log at `url`; several on one have the same folder, and so the same key."""
    sandbox, provenance = trusted
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    await asyncio.to_thread(schema.upgrade, url)
    log = await AuditLog.open(url, keys.load_or_create(folder, "test/log"), "test/log")
    metrics, models = Metrics(), (detector or RedDetector(), KnownHashDetector(HashList()))
    engine = LocalEngine(models, metrics)
    loader = Loader(
        log,
        Register(log, models, (Painter("upscale"),), provenance.trust_text),
        models,
        load_policy(BASE, "base", models),
        BASE,
    )
    follower = await Follower.start(log, loader, metrics)
    examiner = Examiner(sandbox, engine, provenance, Conclusions((), metrics), follower.policy, {"tags"})
    outputs, room = OutputStore(folder / "outputs"), Room(4, 64)
    finisher = finisher_of(sandbox, metrics, Settings())
    recovery = Recovery(log.durable, provenance.stores)
    pen = Recorder(log, metrics, follower.policy.made_with)
    tokens = [token(name, "acme", *ROLES) for name in ("ann", "bob")]
    tokens += [token("eve", "acme", "screen", "audit"), token("dan", "other", *ROLES)]
    tokens += [token("gus", "group", *ROLES, reads=frozenset({"acme", "other"}))]
    generators = Registry[Generator]("generator")
    generators.add("painter", Painter("upscale"))
    desk = Desk(log, loader, follower, second_person=second_person)
    parts = Parts(
        edge=Edge(Authenticator(tokens), metrics),
        pipeline=Pipeline(examiner, engine, provenance, pen, finisher, outputs, room, Room(2, 64)),
        examiner=examiner,
        log=log,
        limits=Limits(max_bytes=100_000),
        budget=ByteBudget(2**28),
        detectors=models,
        generators=generators,
        resolution=Resolution(recovery, log.durable, provenance.stores),
        followers=Followers(quiet=0.2),
        files=Files(log, DsaMapping()),
        aftercare=Aftercare(outputs.forget, scrubber(url)),
        desk=desk,
        rehearsal=Rehearsal(examiner, follower.policy, room),
        backtests=Backtests(log, models),
    )
    server = grpc.aio.server()
    register(server, parts)
    monitor = HealthMonitor(log, metrics, follower)
    monitor.register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    following = asyncio.create_task(follower.run())
    try:
        yield Station(f"127.0.0.1:{port}", log, follower, metrics, desk, monitor)
    finally:
        following.cancel()
        await asyncio.wait({following})
        await server.stop(0)
        await engine.close()
        await log.close()


def red(amount: int) -> bytes:
    """A picture of its own, so red."""
    return png((amount, uuid.uuid4().int % 8, uuid.uuid4().int % 8))
