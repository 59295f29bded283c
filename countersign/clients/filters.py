"""What decisions are chosen by."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, Unpack

from google.protobuf import timestamp_pb2

from countersign.errors import InvalidRequest
from countersign.v1 import audit_pb2, common_pb2


class Properties(TypedDict, total=False):
    """What a decision is chosen by, but for its time: see `Chosen`."""

    action: common_pb2.Action.ValueType
    detector: str
    label: str
    reason_code: str
    media_digest: str
    subject: str
    review_state: common_pb2.ReviewState.ValueType
    min_score: float | None
    max_score: float | None
    tenant: str


class Chosen(Properties, total=False):
    """Keywords that choose decisions. All that are given must hold; None, "" and UNSPECIFIED hold for all.

    since, until: with a time zone; at or after, and before. action: what the policy decided. detector: it detected
    something. label: that was detected. reason_code: of a rule that fired. subject: your own opaque name of a person.
    min_score, max_score: of a finding, both included, by its probability where it has one and else by its score; of
    `detector` or `label` where they are given. tenant: whose decisions; "" for the caller's own, and PermissionDenied
    for one that the token may not read.
    """

    since: datetime | None
    until: datetime | None


def filter_of(
    *, since: datetime | None = None, until: datetime | None = None, **properties: Unpack[Properties]
) -> audit_pb2.DecisionFilter:
    """The message. Raises InvalidRequest for a moment without a time zone."""
    return audit_pb2.DecisionFilter(
        since=timestamp_of(since, "since"), until=timestamp_of(until, "until"), **properties
    )


def timestamp_of(moment: datetime | None, field: str) -> timestamp_pb2.Timestamp | None:
    """The moment as protobuf has it. Raises InvalidRequest for a moment without a time zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise InvalidRequest(f"{field} needs a time zone: {moment.isoformat()}", field=field, found=moment.isoformat())
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(moment)
    return stamp
