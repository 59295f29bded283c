"""Keeping the rules of retention: every hour, what became older than its tenant's rule allows is deleted.

    due? ── no ──> nothing is recorded
      └─ yes ──> the entry that permits the deletion ──> the rows, in small transactions

A crash in between leaves rows that are due, and the next round finds them. Several servers on one log may all keep the
rules: they ask for the same entries. On SQLite the process that writes does it.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Table, and_, func, select

from core.errors import ConfigurationError, CountersignError
from server.audit.entries.entry import OPERATOR, Recorded
from server.audit.entries.leaf import to_microseconds
from server.audit.operations.base import Operation
from server.audit.operations.retain import EVIDENCE, PRIVATE, Retain
from server.audit.privacy import expiry
from server.audit.privacy.expiry import Past
from server.audit.privacy.finishing import to_its_end
from server.audit.sql.tables import entries

_LOG = logging.getLogger(__name__)
EVERYBODY = "*"
_HOUR = timedelta(hours=1)
# How often the whole log is looked through, beside what became due since the last round.
_WHOLE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """tenant: whose, or "*" for all that have no rule of their own. Days after which evidence, and what entries only
    commit to, is deleted; None: never.
    """

    tenant: str
    evidence_days: int | None = None
    private_days: int | None = None

    def terms(self) -> Iterator[tuple[str, timedelta]]:
        """(what, how long it is kept)."""
        for what, days in ((EVIDENCE, self.evidence_days), (PRIVATE, self.private_days)):
            if days is not None:
                yield what, timedelta(days=days)


class Log(expiry.Log, Protocol):
    """What the keeper needs of `AuditLog`."""

    @property
    def is_writer(self) -> bool:
        """Whether this process may write the database itself."""
        ...

    async def perform(self, operation: Operation) -> Recorded:
        """Record what the operation comes to."""
        ...


@dataclass(slots=True)
class _Progress:
    """How far one term of one rule was looked at. passed: entries below were. whole: when all were, the last time."""

    passed: int = 0
    whole: datetime | None = field(default=None)


class RetentionKeeper:
    """Keeps `rules` on `log`. clock: aware times. scrub: see `erasure.Aftercare`.

    ConfigurationError for two rules for one tenant, and for a term that is not at least a day.
    """

    def __init__(
        self, log: Log, rules: Sequence[RetentionRule], clock: Callable[[], datetime], scrub: Callable[[], None]
    ) -> None:
        self._log = log
        self._rules = tuple(rules)
        self._clock = clock
        self._scrub = scrub
        self._named = [rule.tenant for rule in rules if rule.tenant != EVERYBODY]
        self._progress: dict[tuple[str, str], _Progress] = {}
        if len({rule.tenant for rule in rules}) != len(self._rules):
            raise ConfigurationError("two retention rules for one tenant")
        if any(kept < timedelta(days=1) for rule in rules for _, kept in rule.terms()):
            raise ConfigurationError("retention is at least a day")

    async def run(self) -> None:
        """Keep the rules until cancelled. A round that fails is repeated in an hour."""
        while True:
            try:
                await self.keep()
            except CountersignError as error:
                _LOG.warning("retention was not kept this time: %s", error)
            await asyncio.sleep(_HOUR.total_seconds())

    async def keep(self) -> int:
        """One round; how many rows were deleted. None where another process writes the database: it keeps the rules."""
        if not self._log.is_writer:
            return 0
        now, count = self._clock(), 0
        for rule in self._rules:
            for what, kept in rule.terms():
                count += await self._keep(rule, what, now, kept)
        if count:
            await to_its_end(self._scrub)
        return count

    async def _keep(self, rule: RetentionRule, what: str, now: datetime, kept: timedelta) -> int:
        # To the hour: servers that look at the same time ask for the same entry.
        cutoff = to_microseconds((now - kept).replace(minute=0, second=0, microsecond=0))
        progress = self._progress.setdefault((rule.tenant, what), _Progress())
        whole = progress.whole is None or not timedelta(0) <= now - progress.whole < _WHOLE
        past, boundary, tenants = await to_its_end(self._look, rule, Past(what, cutoff, 0, 0), progress, whole)
        count = 0
        for tenant in tenants:
            request_id = f"retention-{what}-{cutoff}"
            recorded = await self._log.perform(Retain(tenant, OPERATOR, request_id, cutoff, what))
            # What the entry permits ends at its own index.
            permitted = Past(what, cutoff, past.low, min(past.high, recorded.index))
            count += await to_its_end(expiry.delete_past, self._log, permitted, tenant)
        self._progress[rule.tenant, what] = _Progress(boundary, now if whole else progress.whole)
        return count

    def _look(self, rule: RetentionRule, past: Past, progress: _Progress, whole: bool) -> tuple[Past, int, list[str]]:
        """Where to look, the first index that is not due, and whose rows are."""
        with self._log.reading() as connection:
            boundary = expiry.first_since(connection, past.cutoff)
            size = (connection.execute(select(func.max(entries.c.log_index))).scalar_one() or 0) + 1
            low, high = (0, size) if whole else (min(progress.passed, boundary), boundary)
            past = Past(past.what, past.cutoff, low, high)
            return past, boundary, expiry.tenants_due(connection, past, functools.partial(self._tenants, rule))

    def _tenants(self, rule: RetentionRule, table: Table) -> ColumnElement[bool]:
        if rule.tenant != EVERYBODY:
            return table.c.tenant == rule.tenant
        return and_(table.c.tenant.not_in(self._named), table.c.tenant != OPERATOR)
