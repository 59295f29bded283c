"""What runs beside the calls, from the start to the end of a server: health, witnesses, timestamps, retention.

Each is an endless `run()` that survives what goes wrong in it; one that ends all the same is a defect, and is logged.
Recording waits for none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import structlog

from core.errors import ConfigurationError
from server.audit import AuditLog
from server.audit.outside.authority import Authority
from server.audit.outside.cosigner import Cosigner
from server.audit.outside.stamping import Timestamper
from server.audit.outside.watch import Watch
from server.audit.outside.witness import WitnessClient
from server.audit.privacy.retention import RetentionKeeper, RetentionRule
from server.config import Settings
from server.health import HealthMonitor
from server.metrics import Metrics
from server.policy.following import Follower
from server.sections import Timestamps


async def watch_health(
    server: grpc.aio.Server, log: AuditLog, follower: Follower, metrics: Metrics, stack: AsyncExitStack
) -> None:
    """Adds the health service and keeps it true."""
    monitor = HealthMonitor(log, metrics, follower)
    await monitor.check()
    monitor.register(server)
    keep_running("health", monitor.run(), stack)


def follow_policy(follower: Follower, stack: AsyncExitStack) -> None:
    """Lets the activated policy decide here, whichever server it was activated on."""
    keep_running("policy", follower.run(), stack)


def ask_outside(settings: Settings, log: AuditLog, metrics: Metrics, stack: AsyncExitStack) -> None:
    """Shows checkpoints to the configured witnesses and time-stamping authority. Raises ConfigurationError."""
    if not settings.witnesses and settings.timestamps is None:
        return
    watch = Watch(metrics.registry)
    if settings.witnesses:
        witnesses = [WitnessClient(each.url, each.key) for each in settings.witnesses]
        keep_running("cosigner", Cosigner(log, witnesses, watch).run(), stack)
    if settings.timestamps is not None:
        interval = settings.timestamps.interval
        stamper = Timestamper(log, authority(settings.timestamps), watch, interval=interval)
        keep_running("timestamper", stamper.run(), stack)


def authority(section: Timestamps) -> Authority:
    """The time-stamping authority, with the roots that it is trusted by."""
    try:
        return Authority(section.url, section.roots.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"timestamps: cannot read {section.roots}: {error.strerror}") from error


def keep_retention(settings: Settings, log: AuditLog, scrub: Callable[[], None], stack: AsyncExitStack) -> None:
    """Deletes what the rules let go. scrub: see `server.audit.privacy.scrub`."""
    rules = [RetentionRule(each.tenant, each.evidence_days, each.private_days) for each in settings.retention]
    if rules:
        keep_running("retention", RetentionKeeper(log, rules, lambda: datetime.now(UTC), scrub).run(), stack)


def keep_running(name: str, work: Coroutine[Any, Any, None], stack: AsyncExitStack) -> None:
    """Runs `work` until the stack is unwound, and waits then until it has let go of everything."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(tell)

    async def stop() -> None:
        task.cancel()
        await asyncio.wait({task})

    stack.push_async_callback(stop)


def tell(task: asyncio.Task[None]) -> None:
    """Logs work that ended without being told to."""
    if not task.cancelled():
        structlog.get_logger("countersign").error("ended", task=task.get_name(), exc_info=task.exception())
