"""Checks of lists and of following: everything acknowledged is in them, once, in their order, and nothing foreign."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from server.audit.entries.entry import Recorded
from server.audit.entries.leaf import Leaf, from_microseconds, to_microseconds
from server.audit.hammer.checks import Inspection
from server.audit.hammer.content import TENANTS
from server.audit.reading.matching import Filter, matches

_WINDOW = timedelta(milliseconds=200)
_LONGEST = 2000


async def check_list(inspection: Inspection) -> None:
    """A decision is in the lists of its digest, its subject and its moment."""
    known = inspection.ledger.pick(inspection.chance, "decision")
    if known is None:
        return
    leaf = Leaf.parse((await inspection.log.get(known.tenant, known.decision_id)).leaf)
    since = from_microseconds(known.recorded_at)
    moment = Filter(since=since, until=since + timedelta(microseconds=1))
    filters = [Filter(media_digest=leaf.media_digest), replace(moment, action=leaf.facets.action)]
    filters += [replace(moment, label=label) for label in leaf.facets.labels[:1]]
    filters += [replace(moment, reason_code=code) for code in leaf.facets.codes[:1]]
    if known.subject and not inspection.ledger.is_erased(known):
        filters.append(Filter(subject=known.subject))
    wanted = inspection.chance.choice(filters)
    listed = await pages(inspection, known.tenant, wanted, _LONGEST)
    # An erasure that was acknowledged while we looked takes the entry out of its subject's list.
    there = any(each.index == known.log_index for each in listed) or (
        wanted.subject and inspection.ledger.is_erased(known)
    )
    inspection.findings.check("listed", bool(there), f"decision {known.log_index} is missing from {wanted}")


async def check_window(inspection: Inspection) -> None:
    """A stretch of time, paged through beside the load, holds every decision that was acknowledged in it."""
    known = inspection.ledger.pick(inspection.chance, "decision")
    if known is None:
        return
    since = from_microseconds(known.recorded_at)
    wanted = Filter(since=since, until=since + _WINDOW)
    expected = inspection.ledger.within(known.tenant, known.recorded_at, to_microseconds(since + _WINDOW))
    listed = await pages(inspection, known.tenant, wanted, _LONGEST)
    if len(listed) < _LONGEST:
        missing = {each.log_index for each in expected} - {each.index for each in listed}
        inspection.findings.check("window", not missing, f"{sorted(missing)[:5]} missing after {since}")


async def pages(inspection: Inspection, tenant: str, wanted: Filter, most: int) -> Sequence[Recorded]:
    """Up to about `most` of a list, page by page; checks its order on the way."""
    listed: list[Recorded] = []
    token = ""
    while len(listed) < most:
        page = await inspection.log.list(tenant, wanted, inspection.chance.randrange(5, 500), token)
        listed += page.items
        token = page.next_page_token
        if not token:
            break
    places = [(to_microseconds(each.recorded_at), each.index) for each in listed]
    ordered = all(newer > older for newer, older in itertools.pairwise(places))
    inspection.findings.check("list in order", ordered, f"{wanted} of {tenant} is out of order or repeats itself")
    fitting = all(each.tenant == tenant and matches(each, tenant, wanted) for each in listed)
    inspection.findings.check("list fits", fitting, f"{wanted} of {tenant} lists what does not fit it")
    return listed


async def follow(inspection: Inspection) -> None:
    """Follows one tenant from now on, without end: nothing acknowledged is passed over, and nothing comes twice."""
    reached = (await inspection.log.checkpoint()).size - 1
    async for recorded in inspection.log.follow(TENANTS[0], Filter(), reached):
        check_gap(inspection, reached, recorded)
        reached = recorded.index


def check_gap(inspection: Inspection, reached: int, recorded: Recorded) -> None:
    """Nothing that was acknowledged lies between what a follower had and what it got next."""
    passed = inspection.ledger.places.first(TENANTS[0], "decision", reached, recorded.index)
    detail = f"from {reached} to {recorded.index}, past {passed}"
    inspection.findings.check("followed", recorded.index > reached and passed < 0, detail)
