"""A server of all services on a free port, and callers that speak to it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from core.limits import Limits
from core.registry import Registry
from countersign.v1 import screening_pb2
from countersign.v1.audit_pb2_grpc import AuditServiceStub
from countersign.v1.generation_pb2_grpc import GenerationServiceStub
from countersign.v1.privacy_pb2_grpc import PrivacyServiceStub
from countersign.v1.review_pb2_grpc import ReviewServiceStub
from countersign.v1.screening_pb2_grpc import ScreeningServiceStub
from countersign.v1.softbinding_pb2_grpc import SoftBindingServiceStub
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from generators import cards
from generators.base import Generator
from generators.burst.generator import BurstMerger
from generators.classical.interpolation import Interpolation
from policies.engine import load_policy
from server.admission import ByteBudget, Room
from server.audit.entries.policy import Live
from server.audit.export import DsaMapping
from server.audit.privacy.erasure import Aftercare
from server.audit.privacy.scrub import scrubber
from server.auth import ROLES, Authenticator
from server.documents import Register
from server.edge import Edge
from server.health import HealthMonitor
from server.policy.backtest import Backtests
from server.policy.desk import Desk
from server.policy.following import Follower
from server.policy.live import Deciding, Loaded
from server.policy.loading import Loader
from server.policy.rehearsal import Rehearsal
from server.recovery.resolution import Resolution
from server.sections import Token
from server.services import Parts, register
from server.services.files import Files
from server.services.following import Followers
from server.services.uploads import MAX_UNARY
from tests.server.conftest import House, png
from tests.server.fakes import Painter
from tests.server.painters import Studio

BASE = """
id: house
version: "0"
description: What holds until staff write something else.
rules:
  - id: nothing-is-red
    title: Everything may pass
    when: "true"
    action: allow
    code: fine
    text: Nobody has written a rule yet.
"""
RED = png((230, 10, 10))
OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def token(name: str, tenant: str, *roles: str, reads: frozenset[str] = frozenset()) -> Token:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Token(name=name, sha256=digest, tenant=tenant, roles=frozenset(roles), reads=reads)


@dataclass
class Wire:
    """Stubs on one channel. slow: the generator that takes its time, for cancellation. studio: the one that takes
    pictures and shows unfinished work.
    """

    channel: grpc.aio.Channel
    house: House
    monitor: HealthMonitor
    slow: Painter
    followers: Followers
    studio: Studio

    @property
    def screening(self) -> Any:
        return ScreeningServiceStub(self.channel)

    @property
    def generation(self) -> Any:
        return GenerationServiceStub(self.channel)

    @property
    def reviews(self) -> Any:
        return ReviewServiceStub(self.channel)

    @property
    def privacy(self) -> Any:
        return PrivacyServiceStub(self.channel)

    @property
    def soft_bindings(self) -> Any:
        return SoftBindingServiceStub(self.channel)

    @property
    def audit(self) -> Any:
        return AuditServiceStub(self.channel)


def as_(name: str) -> dict[str, Any]:
    """Call options of the holder of a token."""
    return {"timeout": 20, "metadata": (("authorization", f"Bearer {name}"),)}


ACME = as_("acme")
OTHER = as_("other")
GROUP = as_("group")
"""A tenant of its own that may read the record of acme."""


@asynccontextmanager
async def wired(house: House) -> AsyncIterator[Wire]:
    """Serves the house on a free port, with all services and the callers that tests speak as."""
    tokens = [token("acme", "acme", *ROLES), token("other", "other", *ROLES), token("reader", "acme", "audit")]
    tokens.append(token("group", "group", *ROLES, reads=frozenset({"acme"})))
    slow = Painter("denoise", patience=30)
    slow.name = "slow"
    generators = Registry[Generator]("generator")
    studio = Studio()
    merger = BurstMerger(Interpolation("bicubic", 2), cards.shipped("burst.md"))
    for painter in (Painter(), slow, Painter("upscale"), studio, merger):
        generators.add(f"{painter.task}-{painter.name}", painter)
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MAX_UNARY + 2**20)])
    edge = Edge(Authenticator(tokens), house.metrics)
    limits = Limits(max_bytes=100_000)
    followers = Followers(quiet=0.2)
    desk = desk_of(house)
    parts = Parts(
        edge=edge,
        pipeline=house.pipeline,
        examiner=house.examiner,
        log=house.log,
        resolution=Resolution(house.recovery, house.log.durable, house.provenance.stores),
        limits=limits,
        budget=ByteBudget(2**28),
        detectors=(house.detector,),
        generators=generators,
        followers=followers,
        files=Files(house.log, DsaMapping()),
        aftercare=Aftercare(house.outputs.forget, scrubber(house.url)),
        desk=desk,
        rehearsal=Rehearsal(house.examiner, desk.follower.policy, Room(4, 64)),
        backtests=Backtests(house.log, (house.detector,)),
    )
    register(server, parts)
    monitor = HealthMonitor(house.log, house.metrics)
    monitor.register(server)
    await monitor.check()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        yield Wire(channel, house, monitor, slow, followers, studio)
    await server.stop(0)


def desk_of(house: House) -> Desk:
    """Where policies over the house's detector are proposed and activated. Its examiner decides by one of its own, and
    nothing is recorded before a test does something.
    """
    sources = (house.detector, KnownHashDetector(HashList()))
    base = load_policy(BASE, "base", sources)
    loader = Loader(house.log, Register(house.log, sources, (), "nobody\n"), sources, base, BASE)
    return Desk(house.log, loader, Follower(house.log, loader, Deciding(Live(), Loaded(base)), house.metrics))


def request(media: bytes = RED, **fields: Any) -> screening_pb2.ScreenRequest:
    return screening_pb2.ScreenRequest(**{"request_id": uuid.uuid4().hex, "media": media, **fields})


def info(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """The metadata of the ErrorInfo that came with an error."""
    status = rpc_status.from_call(error)
    assert status is not None
    for detail in status.details:
        message = error_details_pb2.ErrorInfo()
        if detail.Unpack(message):
            return dict(message.metadata)
    raise AssertionError("no ErrorInfo")


async def fails(call: Any, code: grpc.StatusCode) -> dict[str, str]:
    """Awaits a call that must fail with `code`; its ErrorInfo."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is code, caught.value.details()
    return info(caught.value)
