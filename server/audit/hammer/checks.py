"""The promises, each as one check of the log against what it acknowledged. All of them may run beside the load.

Each takes the inspection and does one round. What a round finds goes into the findings; a store that is away raises
Unavailable, which is nobody's promise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from core.errors import NotFound
from countersign.verify.commitments import opens
from server.audit.entries.entry import Recorded
from server.audit.entries.leaf import Leaf
from server.audit.entries.state import Event, fold
from server.audit.hammer.checkpoints import CheckpointRecord
from server.audit.hammer.content import TENANTS
from server.audit.hammer.findings import Findings
from server.audit.hammer.ledger import Ledger
from server.audit.hammer.messages import Acknowledged
from server.audit.hammer.offline import checkpoint_of, receipt_fault
from server.audit.log import AuditLog


@dataclass(frozen=True, slots=True)
class Inspection:
    """What every check needs. vkey: the log's verifier key."""

    log: AuditLog
    ledger: Ledger
    checkpoints: CheckpointRecord
    findings: Findings
    vkey: str
    chance: Random


Check: TypeAlias = Callable[[Inspection], Awaitable[None]]


async def check_entry(inspection: Inspection) -> None:
    """An acknowledged entry stays at its index with its bytes, and what it discloses is what it committed to."""
    known = inspection.ledger.pick(inspection.chance)
    if known is None:
        return
    erased = inspection.ledger.is_erased(known)  # before the look: an erasure may be acknowledged meanwhile
    found = await inspection.log.get(known.tenant, known.decision_id)
    check = inspection.findings.check
    check("entry in place", is_same(found, known), f"{known.decision_id} of {known.log_index} is now at {found.index}")
    committed = Leaf.parse(found.leaf).private
    sound = all(opens(each, committed.get(name)) for name, each in found.private.items())
    check("plaintext", sound, f"entry {known.log_index} discloses what its leaf does not hold")
    check("erased", not erased or "subject" not in found.private, f"entry {known.log_index} still names its subject")


async def check_request(inspection: Inspection) -> None:
    """A request is found by its id, and by no other tenant."""
    known = inspection.ledger.pick(inspection.chance)
    if known is None:
        return
    found = await inspection.log.find(known.tenant, known.request_id, known.kind)
    same = found is not None and is_same(found, known)
    inspection.findings.check("request found", same, f"{known.request_id} of entry {known.log_index}")
    stranger = TENANTS[known.tenant == TENANTS[0]]
    try:
        await inspection.log.get(stranger, known.decision_id)
    except NotFound:
        stranger = ""
    inspection.findings.check(
        "tenants apart", not stranger, f"{stranger} sees entry {known.log_index} of {known.tenant}"
    )


async def check_receipt(inspection: Inspection) -> None:
    """Any acknowledged entry has a receipt that holds offline."""
    known = inspection.ledger.pick(inspection.chance)
    if known is None:
        return
    parts = await inspection.log.receipt(known.tenant, known.decision_id)
    fault = receipt_fault(parts, inspection.vkey)
    fault = fault or ("" if parts.log_index == known.log_index else f"it is about entry {parts.log_index}")
    inspection.findings.check("receipt", not fault, f"receipt of entry {known.log_index}: {fault}")
    inspection.checkpoints.add(checkpoint_of(parts))


async def check_checkpoints(inspection: Inspection) -> None:
    """The newest checkpoint, and all that came in meanwhile, agree with every earlier one."""
    inspection.checkpoints.add((await inspection.log.checkpoint()).text)
    await inspection.checkpoints.compare(inspection.log.consistency)


async def check_history(inspection: Inspection) -> None:
    """A decision's history holds every review and appeal that was acknowledged, and its state is their fold."""
    known = inspection.ledger.pick(inspection.chance, "decision")
    if known is None:
        return
    expected = inspection.ledger.events_of(known.decision_id)
    history = await inspection.log.history(known.tenant, known.decision_id)
    indexes = [event.index for event in history.events]
    whole = indexes == sorted(set(indexes)) and expected <= set(indexes)
    inspection.findings.check(
        "history", whole, f"decision {known.log_index} has {indexes}, {sorted(expected)} acknowledged"
    )
    leaf = Leaf.parse(history.decision.leaf)
    events = (Event(each.kind, Leaf.parse(each.leaf).facets.action, each.index) for each in history.events)
    state = fold(leaf.facets.action, known.log_index, events)
    inspection.findings.check("state", state == history.decision.state, f"decision {known.log_index}: {state}")


def is_same(found: Recorded, known: Acknowledged) -> bool:
    """Whether `found` is what was acknowledged, byte for byte."""
    digest = hashlib.sha256(found.leaf).hexdigest()
    return (found.index, found.decision_id, digest) == (known.log_index, known.decision_id, known.leaf)
