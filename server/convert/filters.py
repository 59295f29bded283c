"""A caller's filter → the log's."""

from __future__ import annotations

from typing import Literal

from countersign.v1 import audit_pb2, common_pb2
from server.audit.entries.state import ReviewState
from server.audit.reading.matching import Filter
from server.convert.times import moment

TIMES: tuple[Literal["since", "until"], ...] = ("since", "until")


def filter_of(message: audit_pb2.DecisionFilter) -> Filter:
    """The filter, checked as far as the protos cannot; `tenant` is the caller's right to read. Raises InvalidInput."""
    unspecified = message.review_state == common_pb2.REVIEW_STATE_UNSPECIFIED
    return Filter(
        since=moment(message.since, "since") if message.HasField("since") else None,
        until=moment(message.until, "until") if message.HasField("until") else None,
        action=int(message.action),
        detector=message.detector,
        label=message.label,
        reason_code=message.reason_code,
        media_digest=message.media_digest,
        subject=message.subject,
        state=None if unspecified else state_of(message.review_state),
        min_score=message.min_score if message.HasField("min_score") else None,
        max_score=message.max_score if message.HasField("max_score") else None,
    )


def state_of(value: common_pb2.ReviewState.ValueType) -> ReviewState:
    """The log's own name of a state."""
    return ReviewState[common_pb2.ReviewState.Name(value).removeprefix("REVIEW_STATE_")]


def whole_filter(request: audit_pb2.ListDecisionsRequest) -> audit_pb2.DecisionFilter:
    """The request's filter over the fields that stood in its place in the first release."""
    whole = audit_pb2.DecisionFilter()
    whole.CopyFrom(request.filter)
    for name in ("action", "detector", "media_digest"):
        setattr(whole, name, getattr(whole, name) or getattr(request, name))
    for name in TIMES:
        if request.HasField(name) and not whole.HasField(name):
            getattr(whole, name).CopyFrom(getattr(request, name))
    return whole
