"""Reviews, appeals and intents → protobuf."""

from __future__ import annotations

from countersign.v1 import audit_pb2, common_pb2
from server import record
from server.audit import Recorded
from server.convert.private import disclosed, erased
from server.convert.times import timestamp


def event(recorded: Recorded) -> audit_pb2.HistoryEvent:
    """A recorded review or appeal."""
    entry = record.decode(recorded)
    plain = disclosed(recorded, entry)
    appeal = recorded.kind == "appeal"
    return audit_pb2.HistoryEvent(
        event_id=recorded.decision_id,
        log_index=recorded.index,
        kind=audit_pb2.HistoryEventKind.Value(f"HISTORY_EVENT_KIND_{recorded.kind.upper()}"),
        recorded_at=timestamp(recorded.recorded_at),
        actor=plain.get("actor", ""),
        action=common_pb2.Action.Value(f"ACTION_{entry.get('action', 'UNSPECIFIED')}"),
        outcome=common_pb2.ReviewState.Value(f"REVIEW_STATE_{entry.get('outcome', 'appealed').upper()}"),
        reason_code=entry["reason_code"],
        text=plain.get("statement" if appeal else "note", ""),
        # A review's subject is the reviewer, whom `actor` names.
        appellant=plain.get("subject", "") if appeal else "",
        erased=erased(recorded, entry),
    )


def open_intent(recorded: Recorded) -> audit_pb2.OpenIntent:
    """Work that was announced."""
    entry = record.decode(recorded)
    making = entry.get("making", {})
    return audit_pb2.OpenIntent(
        intent_id=recorded.decision_id,
        log_index=recorded.index,
        request_id=recorded.request_id,
        recorded_at=timestamp(recorded.recorded_at),
        task=entry.get("task", ""),
        model=f"{making['model']}@{making['version']}" if making else "",
    )
