"""Reading the life of policies: their steps are found by postings, and the leaves decide.

There are few: people write policies. What decides now stands in one entry, so that asking for it costs the same after
years.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, select

from server.audit.entries.entry import OPERATOR, Recorded
from server.audit.entries.policy import Live
from server.audit.sql.rows import read_recorded, select_recorded
from server.audit.sql.tables import entries, postings
from server.audit.sql.terms import LIVE, POLICY, term

_STEPS = (
    select_recorded()
    .join(postings, postings.c.log_index == entries.c.log_index)
    .where(postings.c.term == bindparam("term"), entries.c.kind == "policy", entries.c.tenant == OPERATOR)
    .order_by(entries.c.log_index)
)
# Ordered by the index and not by time: clocks of several servers may disagree, the log does not.
_PLACES = select(postings.c.log_index).where(postings.c.term == bindparam("term")).order_by(postings.c.log_index.desc())
_ONE = select_recorded().where(
    entries.c.log_index == bindparam("index"), entries.c.kind == "policy", entries.c.tenant == OPERATOR
)


def policy_steps(connection: Connection, digest: str = "") -> tuple[Recorded, ...]:
    """Every step, of one version where a digest is given, in the order of the log."""
    rows = connection.execute(_STEPS, {"term": term(OPERATOR, POLICY, digest)}).all()
    found = read_recorded(connection, rows)
    return tuple(each for each in found if digest in ("", json.loads(each.leaf)["policy"]["digest"]))


def live_policy(connection: Connection) -> tuple[Live, Recorded | None]:
    """What decides now, and the entry that says so; None where nothing was ever activated."""
    for recorded in _moves(connection):
        content = json.loads(recorded.leaf)
        if "live" in content:
            return Live.read(recorded.index, content["live"]), recorded
    return Live(), None


def _moves(connection: Connection) -> Iterator[Recorded]:
    """Newest first. Terms may collide: what is found need not be what was looked for."""
    with connection.execute(_PLACES, {"term": term(OPERATOR, POLICY, LIVE)}) as places:
        for index in places.scalars():
            yield from read_recorded(connection, connection.execute(_ONE, {"index": index}).all())
