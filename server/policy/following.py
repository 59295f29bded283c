"""Following the log: what it says decides, decides here a moment later, on every server of the log, without a restart.

A version that cannot be used here changes nothing: what decided goes on deciding, and it is said loudly, in the log of
the server, in a metric and in health, until the log says something else.
"""

from __future__ import annotations

import asyncio

import structlog

from core.errors import CountersignError, PreconditionFailed, Unavailable
from detectors.base import Source
from server.audit import AuditLog
from server.audit.entries.policy import BASE, Live
from server.looking import keep_looking
from server.metrics import Metrics
from server.policy.live import Deciding, LivePolicy
from server.policy.loading import Loader

PAUSE = 1.0
"""Seconds between two looks at the log."""


class Follower:
    """Keeps `policy` what the log says. Made by `start`. stale: why it is not, "" while it is."""

    def __init__(self, log: AuditLog, loader: Loader, deciding: Deciding, metrics: Metrics) -> None:
        self.policy = LivePolicy(deciding)
        self.stale = ""
        self._log = log
        self._loader = loader
        self._metrics = metrics
        self._seen = deciding.live
        self._switching = asyncio.Lock()
        self._words = structlog.get_logger("countersign.policy")

    @classmethod
    async def start(cls, log: AuditLog, loader: Loader, metrics: Metrics) -> Follower:
        """With what the log says; where that cannot be used here, with the latest before it that can, loudly."""
        live, _ = await log.live_policy()
        deciding, why = await _first_usable(loader, live)
        follower = cls(log, loader, deciding, metrics)
        follower._seen = live
        follower._tell(live, why)
        return follower

    async def run(self) -> None:
        """Until cancelled."""
        await keep_looking(self.look, PAUSE, "which policy decides")

    async def look(self) -> Deciding:
        """Switch if the log says something new. What decides then. Raises Unavailable."""
        async with self._switching:
            live, _ = await self._log.live_policy()
            if live != self._seen:
                await self._switch(live)
            return self.policy.deciding

    async def renew(self, detector: Source) -> None:
        """Records that this version of a detector takes part from now on, beside the one before it. Raises Unavailable.

        What decides stays; decisions name the new configuration from here on.
        """
        async with self._switching:
            self._loader.renew(detector)
            self.policy.switch(await self._loader.deciding(self.policy.deciding.live))

    async def _switch(self, live: Live) -> None:
        try:
            deciding = await self._loader.deciding(live)
        except Unavailable:
            raise
        except CountersignError as error:
            self._seen = live
            self._tell(live, str(error))
            return
        self.policy.switch(deciding)
        self._seen = live
        self._tell(live, "")

    def _tell(self, live: Live, why: str) -> None:
        """Say what decides here."""
        self.stale = why
        self._metrics.policy_stale.set(bool(why))
        deciding = self.policy.deciding
        stable = deciding.stable.policy
        about = {"id": stable.id, "digest": stable.digest, "staged": deciding.live.staged, "entry": live.index}
        if why:
            words = "THE ACTIVATED POLICY CANNOT BE USED HERE: another one goes on deciding"
            self._words.error(words, activated=live.staged or live.stable, why=why, **about)
        else:
            self._words.info("policy decides", staged_percent=deciding.live.percent, **about)


async def _first_usable(loader: Loader, live: Live) -> tuple[Deciding, str]:
    """What the log says, or the latest stable version before it that can be used here; and why not the first."""
    try:
        return await loader.deciding(live), ""
    except PreconditionFailed as error:
        why = str(error)
    for digest in (live.stable, *reversed(live.earlier)):
        try:
            return Deciding(Live(stable=digest), await loader.load(digest)), why
        except PreconditionFailed:
            continue
    return Deciding(Live(), await loader.load(BASE)), why
