"""The record as JSON: histories, reviews, erasures, intents, checkpoints."""

from __future__ import annotations

from countersign.receipts import receipt_json
from countersign.v1 import audit_pb2, privacy_pb2, review_pb2
from countersign.views.decisions import decision_json
from countersign.views.values import Json, action_name, enum_name, moment, state_name


def event_json(event: audit_pb2.HistoryEvent) -> Json:
    """A review or an appeal."""
    return {
        "event_id": event.event_id,
        "log_index": event.log_index,
        "kind": enum_name(audit_pb2.HistoryEventKind, event.kind, "HISTORY_EVENT_KIND_"),
        "recorded_at": moment(event, "recorded_at"),
        "actor": event.actor,
        "action": action_name(event.action),
        "outcome": state_name(event.outcome),
        "reason_code": event.reason_code,
        "text": event.text,
        "appellant": event.appellant,
        "erased": list(event.erased),
    }


def history_json(answer: audit_pb2.GetHistoryResponse) -> Json:
    """The object of `log show --json`."""
    return {**decision_json(answer.decision), "history": [event_json(event) for event in answer.events]}


def followed_json(answer: audit_pb2.StreamDecisionsResponse) -> Json:
    """One line of `log follow --json`."""
    return {"log_index": answer.log_index, **decision_json(answer.decision)}


def intent_json(intent: audit_pb2.OpenIntent) -> Json:
    """One element of `log intents --json`."""
    return {
        "intent_id": intent.intent_id,
        "log_index": intent.log_index,
        "request_id": intent.request_id,
        "recorded_at": moment(intent, "recorded_at"),
        "task": intent.task,
        "model": intent.model,
    }


def reviewed_json(answer: review_pb2.ReviewDecisionResponse | review_pb2.AppealResponse) -> Json:
    """The object of `review --json` and `appeal --json`: the decision as it stands now; the receipt is the event's."""
    return {**decision_json(answer.decision), "receipt": receipt_json(answer.receipt)}


def erasure_json(answer: privacy_pb2.EraseSubjectResponse) -> Json:
    """The object of `erase --json`."""
    return {"erased_entries": answer.erased_entries, "receipt": receipt_json(answer.receipt)}


def checkpoint_json(answer: audit_pb2.GetCheckpointResponse) -> Json:
    """The object of `log checkpoint --json`."""
    return {
        "checkpoint": answer.checkpoint,
        "tree_size": answer.tree_size,
        "log_key": answer.log_key,
        "witnessed": answer.witnessed,
        "log_keys": [
            {
                "generation": key.generation,
                "key": key.key,
                "since_size": key.since_size,
                "statement": key.statement,
            }
            for key in answer.log_keys
        ],
    }
