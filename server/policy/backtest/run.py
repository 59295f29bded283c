"""A backtest over the log: pieces of one snapshot each, on a thread, with progress between them.

Between two pieces nothing is held in the database, and the caller may have gone: then nothing more is done. What is
recorded while it runs is left out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Select, bindparam, func, select, tuple_

from detectors.base import Source
from policies.engine import RulePolicy
from server.admission import Seats
from server.audit import AuditLog
from server.audit.entries.leaf import from_microseconds, to_microseconds
from server.audit.sql.tables import entries, postings
from server.audit.sql.terms import ALL, term
from server.audit.tree.head import read_head
from server.policy.backtest.replay import Replay
from server.policy.backtest.tally import Result, Tally

PIECE = 2000
"""Decisions between two reports. Their leaves are in memory together."""
RUNS = 2
"""Backtests at a time: each keeps a thread busy that decisions could use."""
RUNS_OF_ONE = 1
"""Of them for one tenant."""
_LAST = 2**63 - 1
OF_ORDERS = ("request.prompt",)
"""What a decision on an order hangs on and no leaf holds: prompts are their authors' and can be erased."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions. tenants: whose. since, until: recorded at or after, and before.

    as_of: the moment by which rules with a beginning and an end are judged; None for when each decision was made.
    samples: ids that are named for each change.
    """

    tenants: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    samples: int = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """Decisions looked at, of how many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tenant's decisions go on."""

    tenant: str
    recorded_at: int
    index: int = -1


class Backtests:
    """All backtests of a server. sources: what findings come from here."""

    def __init__(self, log: AuditLog, sources: Sequence[Source], seats: Seats | None = None) -> None:
        self._log = log
        self._sources = tuple(sources)
        self._seats = seats or Seats(RUNS, RUNS_OF_ONE)

    async def run(self, policy: RulePolicy, wanted: Wanted, *, reader: str) -> AsyncIterator[Progress | Result]:
        """Progress after each piece, then the result. reader: the tenant whose place it takes."""
        started = time.monotonic()
        with self._seats.take(reader):
            replay, tally = Replay(policy, self._sources), Tally(wanted.samples)
            size, total = await asyncio.to_thread(self._extent, wanted)
            yield Progress(0, total)
            for tenant in dict.fromkeys(wanted.tenants):
                place: _Place | None = _Place(tenant, _micros(wanted.since, 0))
                while place is not None:
                    place = await asyncio.to_thread(self._piece, replay, tally, wanted, place, size)
                    yield Progress(tally.decisions, max(total, tally.decisions))
            own = [rule.rule.id for rule in policy.rules]
            yield tally.result(policy.id, policy.digest, own, time.monotonic() - started)

    def _extent(self, wanted: Wanted) -> tuple[int, int]:
        """The size of the log, and how many decisions are asked for."""
        with self._log.reading() as connection:
            counts = (connection.execute(_COUNT, _bounds(wanted, tenant)).scalar_one() for tenant in wanted.tenants)
            return read_head(connection).size, sum(counts)

    def _piece(self, replay: Replay, tally: Tally, wanted: Wanted, place: _Place, size: int) -> _Place | None:
        """The next decisions from `place`; where it goes on, None at the end."""
        with self._log.reading() as connection:
            rows = _rows(connection, wanted, place)
        for recorded_at, index, data in rows:
            if index >= size:
                continue
            leaf = orjson.loads(data)
            # The index proposes, the leaf decides: terms may collide.
            if leaf["kind"] != "decision" or leaf["tenant"] != place.tenant:
                continue
            if "refusal" in leaf:
                tally.refuse()
            elif "media" not in leaf:  # an order that was blocked before there were any media
                tally.skip(OF_ORDERS)
            else:
                tally.add(leaf, replay.decide(leaf, wanted.as_of or from_microseconds(recorded_at)))
        return _Place(place.tenant, *rows[-1][:2]) if len(rows) == PIECE else None


def _rows(connection: Connection, wanted: Wanted, place: _Place) -> Sequence[tuple[int, int, bytes]]:
    bounds = _bounds(wanted, place.tenant) | {"at": place.recorded_at, "index": place.index}
    return [(row.recorded_at, row.log_index, row.leaf) for row in connection.execute(_PIECE, bounds)]


def _bounds(wanted: Wanted, tenant: str) -> dict[str, int]:
    return {"of": term(tenant, ALL), "since": _micros(wanted.since, 0), "until": _micros(wanted.until, _LAST)}


def _micros(moment: datetime | None, default: int) -> int:
    return default if moment is None else to_microseconds(moment)


_IN_TIME = (
    postings.c.term == bindparam("of"),
    postings.c.recorded_at >= bindparam("since"),
    postings.c.recorded_at < bindparam("until"),
)
_COUNT = select(func.count()).select_from(postings).where(*_IN_TIME)
_PLACE = tuple_(postings.c.recorded_at, postings.c.log_index)
_PIECE: Select[Any] = (
    select(postings.c.recorded_at, postings.c.log_index, entries.c.leaf)
    .join(entries, entries.c.log_index == postings.c.log_index)
    .where(*_IN_TIME, tuple_(bindparam("at"), bindparam("index")) < _PLACE)
    .order_by(postings.c.recorded_at, postings.c.log_index)
    .limit(PIECE)
)
