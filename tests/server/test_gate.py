"""Who gets a place for a call: decided by headers, before any message has come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from server.auth import Authenticator
from server.edge import Edge
from server.gate import CHECK, Gate
from server.metrics import Metrics
from tests.server.wires import as_, fails, token

SCREEN = "/countersign.v1.ScreeningService/Screen"
PLACES = 2


async def screen(request: bytes, context: Any) -> bytes:
    """Answers everybody whom the gate lets through."""
    return request


@dataclass
class Door:
    channel: Any
    metrics: Metrics

    def silent(self, method: str, **options: Any) -> Any:
        """A call that sends its headers and no message."""

        async def nothing() -> AsyncIterator[bytes]:
            await asyncio.Event().wait()
            yield b""

        return self.channel.stream_unary(method)(nothing(), **options)

    async def screens(self) -> bool:
        return bool(await self.channel.unary_unary(SCREEN)(b"media", **as_("acme")) == b"media")


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    metrics = Metrics()
    authenticator = Authenticator([token("acme", "acme", "screen"), token("reader", "acme", "audit")])
    gate = Gate(Edge(authenticator, metrics), authenticator, patience=0.2)
    server = grpc.aio.server(interceptors=[gate], maximum_concurrent_rpcs=PLACES)
    service, method = SCREEN.strip("/").split("/")
    handlers: dict[str, Any] = {method: grpc.unary_unary_rpc_method_handler(screen)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Door(channel, metrics)
    await server.stop(0)


@pytest.mark.parametrize(
    ("options", "code"),
    [({}, grpc.StatusCode.UNAUTHENTICATED), (as_("reader"), grpc.StatusCode.PERMISSION_DENIED)],
    ids=["stranger", "other role"],
)
async def test_calls_without_the_right_hold_no_place_though_no_message_comes(
    door: Door, options: dict[str, Any], code: grpc.StatusCode
) -> None:
    for _ in range(2 * PLACES):
        await asyncio.wait_for(fails(door.silent(SCREEN, **options), code), 5)
    assert await door.screens()
    assert door.metrics.calls.labels(SCREEN, code.name)._value.get() == 2 * PLACES


async def test_a_silent_health_check_loses_its_place(door: Door) -> None:
    silent = [door.silent(CHECK) for _ in range(PLACES)]
    for call in silent:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(call, 5)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await door.screens()


async def test_everybody_may_check_health_and_known_callers_may_watch_it(door: Door) -> None:
    stub = health_pb2_grpc.HealthStub(door.channel)
    serving = health_pb2.HealthCheckResponse.SERVING
    assert (await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)).status == serving
    async for answer in stub.Watch(health_pb2.HealthCheckRequest(), **as_("reader")):
        assert answer.status == serving
        break
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Watch(health_pb2.HealthCheckRequest(), timeout=5).read()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_health_check_without_a_message_is_refused(door: Door) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        messages: tuple[bytes, ...] = ()
        for message in messages:
            yield message

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await door.channel.stream_unary(CHECK)(nothing(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_method_that_nobody_serves_is_unimplemented(door: Door) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await door.channel.unary_unary("/countersign.v1.ScreeningService/Nothing")(b"", timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
