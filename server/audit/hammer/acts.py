"""What callers do, each act with what must come of it. The mix leans to decisions, as a platform's does."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from random import Random
from typing import TypeAlias

from server.audit.entries.entry import Recorded
from server.audit.hammer.content import TENANTS, decision, intent
from server.audit.hammer.shift import Kept, Shift
from server.audit.operations.appeal import Appeal
from server.audit.operations.erase import Erase
from server.audit.operations.review import Review

Act: TypeAlias = Callable[[Shift, Random], Awaitable[Recorded | None]]

_RACE_SECONDS = 0.25
_RACES = 4
_FINAL = ("ALLOW", "LABEL", "BLOCK")


async def decide(shift: Shift, _: Random) -> Recorded | None:
    """A decision of this worker's own."""
    number, entry = shift.numbered()
    return await shift.append(entry, number=number)


async def announce(shift: Shift, chance: Random) -> Recorded | None:
    """An intent, and mostly the decision after it."""
    tenant, name = chance.choice(TENANTS), shift.name()
    recorded = await shift.append(intent(tenant, name))
    return recorded if chance.random() < 0.1 else await shift.append(decision(tenant, name, ""))


async def repeat(shift: Shift, chance: Random) -> Recorded | None:
    """The same request again: the same entry."""
    kept = _pick(shift, chance)
    if kept is None:
        return None
    again = await shift.append(kept.entry)
    if again is not None:
        first = kept.recorded
        same = (again.index, again.decision_id, again.leaf) == (first.index, first.decision_id, first.leaf)
        shift.findings.check(
            "repeated request", same, f"{first.request_id} at {first.index} came back at {again.index}"
        )
        shift.findings.check("not fresh", not again.fresh, f"entry {again.index} was acknowledged as new twice")
    return again


async def contradict(shift: Shift, chance: Random) -> Recorded | None:
    """Another request under a request_id that is taken: never an entry."""
    kept = _pick(shift, chance)
    if kept is None:
        return None
    entry = kept.entry
    taken = await shift.append(decision(entry.tenant, entry.request_id, entry.subject, variant=7))
    shift.findings.check("other content", taken is None, f"{entry.request_id} was recorded with two contents")
    return None


async def race(shift: Shift, chance: Random) -> Recorded | None:
    """One of a few requests that every process sends at this moment, in one of two variants: the first one wins."""
    name = f"{shift.orders.run}-race-{int(time.time() / _RACE_SECONDS)}-{chance.randrange(_RACES)}"
    return await shift.append(decision(TENANTS[0], name, "", variant=chance.randrange(2)))


async def review(shift: Shift, chance: Random) -> Recorded | None:
    """A person decides, sometimes on what is no longer the state of things: then nothing is recorded."""
    kept = _pick(shift, chance)
    if kept is None:
        return None
    seen = kept.recorded.index if chance.random() < 0.5 else -1
    target = kept.recorded
    return await shift.perform(
        Review(
            tenant=target.tenant,
            actor=f"reviewer-{chance.randrange(5)}",
            request_id=shift.name(),
            decision_id=target.decision_id,
            action=chance.choice(_FINAL),
            reason_code="LOOKED_AT",
            note=chance.choice(("", "a note")),
            seen_index=seen,
        ),
        about=target.decision_id,
    )


async def appeal(shift: Shift, chance: Random) -> Recorded | None:
    """Somebody asks for another look; twice in a row is refused."""
    kept = _pick(shift, chance)
    if kept is None:
        return None
    target = kept.recorded
    return await shift.perform(
        Appeal(
            tenant=target.tenant,
            actor="platform",
            request_id=shift.name(),
            decision_id=target.decision_id,
            reason_code="MISTAKE",
            statement="this is mine",
        ),
        about=target.decision_id,
    )


async def erase(shift: Shift, chance: Random) -> Recorded | None:
    """Forget a person whom some decisions were about."""
    kept = _pick(shift, chance)
    if kept is None or not kept.entry.subject:
        return None
    entry = kept.entry
    return await shift.perform(
        Erase(tenant=entry.tenant, actor="privacy", request_id=shift.name(), subject=entry.subject),
        about=entry.subject,
    )


ACTS: tuple[tuple[Act, int], ...] = (
    (decide, 60),
    (announce, 8),
    (repeat, 8),
    (contradict, 5),
    (race, 8),
    (review, 6),
    (appeal, 4),
    (erase, 1),
)
"""Each act with its weight."""


def _pick(shift: Shift, chance: Random) -> Kept | None:
    return chance.choice(shift.kept) if shift.kept else None
