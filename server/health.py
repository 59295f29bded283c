"""Health: SERVING while the audit log takes records, NOT_SERVING while it does not.

A server that cannot record must not decide, so its health is the log's. One that decides by another policy than the
activated one still decides: that is told apart, by the name in POLICY.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import grpc.aio
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from core.errors import Unavailable
from countersign.v1 import (
    audit_pb2,
    generation_pb2,
    model_pb2,
    policy_pb2,
    privacy_pb2,
    provenance_pb2,
    review_pb2,
    screening_pb2,
    softbinding_pb2,
)
from server.audit import SignedCheckpoint
from server.metrics import Metrics

FILES = (
    *(screening_pb2, generation_pb2, provenance_pb2, softbinding_pb2),
    *(audit_pb2, review_pb2, privacy_pb2, policy_pb2, model_pb2),
)
SERVICES = tuple(
    file.DESCRIPTOR.services_by_name[name].full_name for file in FILES for name in file.DESCRIPTOR.services_by_name
)


POLICY = "countersign.policy"
"""What health calls the policy: NOT_SERVING while the activated one cannot be used on this server."""


class Following(Protocol):
    """What is asked of whoever follows the activated policy. stale: why it does not decide here; "" while it does."""

    stale: str


class Log(Protocol):
    """What is asked of the audit log. Both raise Unavailable while it takes no records."""

    async def ping(self) -> None:
        """Returns if entries would be taken."""
        ...

    async def checkpoint(self) -> SignedCheckpoint:
        """The newest one, for the log's size."""
        ...


class HealthMonitor:
    """Asks the log every `interval` seconds and tells the health service."""

    def __init__(self, log: Log, metrics: Metrics, policy: Following | None = None, *, interval: float = 2.0) -> None:
        self._servicer = health.aio.HealthServicer()
        self._audit = log
        self._policy = policy
        self._metrics = metrics
        self._interval = interval
        self._log = structlog.get_logger("countersign.health")
        self._serving: bool | None = None

    def register(self, server: grpc.aio.Server) -> None:
        """Adds grpc.health.v1.Health to the server."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(self._interval)

    async def check(self) -> None:
        """One question to the log, and what follows from the answer. Raises nothing: `run` MUST outlive any fault."""
        if self._policy is not None:
            await self._servicer.set(POLICY, _status(serving=not self._policy.stale))
        try:
            await self._audit.ping()
            size = (await self._audit.checkpoint()).size
        except Unavailable as error:
            await self._tell(serving=False, why=str(error.__cause__ or error))
        except Exception as error:  # noqa: BLE001 - a defect must not leave a server SERVING that nobody asks any more
            await self._tell(serving=False, why=repr(error))
        else:
            self._metrics.log_size.set(size)
            await self._tell(serving=True)

    async def _tell(self, *, serving: bool, why: str = "") -> None:
        self._metrics.healthy.set(serving)
        if serving is self._serving:
            return
        self._serving = serving
        for service in ("", *SERVICES):
            await self._servicer.set(service, _status(serving=serving))
        self._log.info("health", serving=serving, why=why)


def _status(*, serving: bool) -> int:
    status = health_pb2.HealthCheckResponse
    return int(status.SERVING if serving else status.NOT_SERVING)
