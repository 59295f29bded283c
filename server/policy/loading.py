"""From a digest to a version that can decide here: its text from the log, compiled against this server's signals.

A version may be fine elsewhere and unusable here, where a detector that it asks is not installed. That is found out
before it decides, never while it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.errors import ConfigurationError, PreconditionFailed
from detectors.base import Source
from policies.engine import RulePolicy, load_policy
from server.audit import AuditLog
from server.audit.entries.policy import BASE, Live
from server.documents import Register
from server.policy.live import Deciding, Loaded

_KEPT = 8


@dataclass(slots=True)
class Loader:
    """base: the policy that this server's own configuration names, and its text."""

    log: AuditLog
    register: Register
    sources: tuple[Source, ...]
    base: RulePolicy
    base_text: str
    _loaded: dict[str, Loaded] = field(default_factory=dict)

    async def deciding(self, live: Live) -> Deciding:
        """What decides here where the log says `live`. PreconditionFailed as `load`."""
        staged = await self.load(live.staged) if live.staged else None
        return Deciding(live, await self.load(live.stable), staged)

    async def load(self, digest: str) -> Loaded:
        """The version, compiled, and recorded as what decisions here are made with.

        PreconditionFailed, with every reason, where it cannot be used on this server; Unavailable as the log.
        """
        if digest not in self._loaded:
            loaded = await self._fresh(digest)
            while len(self._loaded) >= _KEPT:
                del self._loaded[next(iter(self._loaded))]
            self._loaded[digest] = loaded
        return self._loaded[digest]

    def renew(self, detector: Source) -> None:
        """Makes every version be recorded once more, with this version of a detector among what it decides with."""
        self.register.renew(detector)
        self._loaded.clear()

    async def _fresh(self, digest: str) -> Loaded:
        if digest == BASE:
            policy, text = self.base, self.base_text
        else:
            text = await text_of(self.log, digest)
            policy = await asyncio.to_thread(compiled, text, f"policy {digest[:19]}…", self.sources)
        return Loaded(policy, await self.register.record(policy, text), policy.version)


async def text_of(log: AuditLog, digest: str) -> str:
    """The text of a version, or of its cases. PreconditionFailed where the log does not hold it."""
    document = await log.document(digest)
    if document is None:
        raise PreconditionFailed(f"the log holds no text with the digest {digest}")
    return document.data.decode()


def compiled(text: str, name: str, sources: Iterable[Source]) -> RulePolicy:
    """The policy. PreconditionFailed with every problem where it cannot be used on this server."""
    try:
        return load_policy(text, name, sources)
    except ConfigurationError as error:
        raise PreconditionFailed(f"this server cannot decide by {name}:\n{error}") from error
