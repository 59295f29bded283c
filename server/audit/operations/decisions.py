"""What reviews and appeals share: the decision they are about, and moving it from one state to the next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete

from core.errors import InvalidInput, LimitExceeded, NotFound
from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.errors import VerificationError
from server.audit.entries.entry import Recorded
from server.audit.entries.leaf import to_microseconds
from server.audit.entries.state import Event, ReviewState, State, after, fold
from server.audit.reading.queries import get
from server.audit.sql.rows import events_of
from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import postings
from server.audit.sql.terms import state_term

MOST_EVENTS = 256
"""Reviews and appeals of one decision."""


def digest_of_request(content: Mapping[str, Any]) -> str:
    """The digest by which a repeated request is recognised. InvalidInput for values that no entry can hold."""
    try:
        return digest_of(canonical_json(content))
    except VerificationError as error:
        raise InvalidInput(f"the request cannot be recorded: {error}", field="request") from error


def decision_of(connection: Connection, tenant: str, decision_id: str) -> tuple[Recorded, State]:
    """A decision and its state; NotFound for what is no decision of `tenant`, or was refused before any was made."""
    recorded = get(connection, tenant, decision_id)
    if recorded.state is None or json.loads(recorded.leaf)["facets"]["action"] == 0:
        raise NotFound(f"there is no decision {decision_id!r} that could be reviewed")
    return recorded, recorded.state


def open_decision(connection: Connection, tenant: str, decision_id: str) -> tuple[Recorded, State]:
    """`decision_of`, for one more review or appeal. LimitExceeded where there are `MOST_EVENTS` of it already.

    Each one looks at all before it while every other append waits: without a limit, one decision could stop the log.
    """
    recorded, state = decision_of(connection, tenant, decision_id)
    if state.events >= MOST_EVENTS:
        raise LimitExceeded(
            f"decision {decision_id!r} has as many reviews and appeals as one may have",
            field="decision_id",
            limit=str(MOST_EVENTS),
            found=str(state.events),
        )
    return recorded, state


def before_json(state: State) -> dict[str, Any]:
    """The state that a review or an appeal found, for its leaf: by it a gap in a history shows."""
    return {"action": state.action, "review": state.review.value, "last_index": state.last_index}


def move(connection: Connection, decision: Recorded, event: Event) -> None:
    """Let the index follow `decision` through `event`, whatever of its history is recorded already."""
    action = json.loads(decision.leaf)["facets"]["action"]
    earlier = events_of(connection, [decision.index]).get(decision.index, [])
    state = fold(action, decision.index, (each for each in earlier if each.index < event.index))
    before, now = state.review, after(state, event).review
    if before is now:
        return
    recorded_at = to_microseconds(decision.recorded_at)
    if before is not ReviewState.NONE:
        old = (postings.c.term == state_term(decision.tenant, before)) & (postings.c.recorded_at == recorded_at)
        connection.execute(delete(postings).where(old, postings.c.log_index == decision.index))
    bulk_insert(connection, postings, [(state_term(decision.tenant, now), recorded_at, decision.index)])
