"""The monitor goes on asking, whatever the log answers."""

from __future__ import annotations

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from core.errors import Unavailable
from server.audit import SignedCheckpoint
from server.health import HealthMonitor
from server.metrics import Metrics


class FickleLog:
    """Answers the ping, and fails the question after it as it is told to."""

    def __init__(self) -> None:
        self.fault: Exception | None = None

    async def ping(self) -> None:
        pass

    async def checkpoint(self) -> SignedCheckpoint:
        if self.fault:
            raise self.fault
        return SignedCheckpoint("", "", 7)


@pytest.mark.parametrize("fault", [Unavailable("the disk went away in between"), RuntimeError("a defect")])
async def test_a_fault_between_two_questions_is_told_and_outlived(fault: Exception) -> None:
    log, metrics = FickleLog(), Metrics()
    monitor = HealthMonitor(log, metrics)
    server = grpc.aio.server()
    monitor.register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    seen = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for log.fault in (None, fault, None):
            await monitor.check()
            answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
            seen.append(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
    await server.stop(0)
    assert seen == ["SERVING", "NOT_SERVING", "SERVING"]
