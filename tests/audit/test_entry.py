from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IntegrityError, InvalidInput, LimitExceeded
from countersign.verify.canonical import parse_canonical
from server.audit import Blob
from server.audit.entry import MAX_LEAF_BYTES, draft, from_microseconds, to_microseconds
from tests.audit.making import blob, decision

AT = datetime(2026, 11, 22, 19, 30, 0, 1, tzinfo=UTC)


def test_the_leaf_is_canonical_and_binds_every_field() -> None:
    made = draft(decision(3), "f" * 32, AT)
    assert parse_canonical(made.leaf) == {
        "v": 1,
        "kind": "decision",
        "decision_id": "f" * 32,
        "recorded_at": "2026-11-22T19:30:00.000001Z",
        "tenant": "acme",
        "actor": "uploader",
        "request_id": "request-3",
        "request_digest": decision(3).request_digest,
        "media_digest": decision(3).media_digest,
        "facets": {
            "action": 4,
            "direction": "inbound",
            "detected": ["copy_move"],
            "evidence": [{"digest": blob(b"mask 3").digest, "mime": "image/png"}],
        },
        "findings": [{"detector": "copy_move", "score": 3 / 7}],
    }


def test_times_are_told_in_utc_with_microseconds() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    assert json.loads(draft(decision(1), "f" * 32, elsewhere).leaf)["recorded_at"] == "2026-11-22T19:30:00.000001Z"
    whole = json.loads(draft(decision(1), "f" * 32, AT.replace(microsecond=0)).leaf)
    assert whole["recorded_at"] == "2026-11-22T19:30:00.000000Z"


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC)))
def test_microseconds_keep_a_moment_exactly(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment


def test_a_body_may_repeat_the_envelope_but_not_contradict_it() -> None:
    same = decision(1, body={"media_digest": decision(1).media_digest})
    assert draft(same, "f" * 32, AT).leaf
    with pytest.raises(InvalidInput, match="media_digest"):
        draft(decision(1, body={"media_digest": ""}), "f" * 32, AT)


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": 2**60}, {"x": object()}, {"x": "\ud800"}, {1: 2}])
def test_a_body_without_a_canonical_form_is_refused(body: Any) -> None:
    with pytest.raises(InvalidInput):
        draft(decision(1, body=body), "f" * 32, AT)


@pytest.mark.parametrize("changes", [{"tenant": ""}, {"request_id": ""}, {"request_id": "x" * 257}, {"actor": "a\x00"}])
def test_names_that_cannot_be_stored_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        draft(decision(1, **changes), "f" * 32, AT)


def test_a_leaf_that_could_not_be_mirrored_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="too long") as caught:
        draft(decision(1, body={"x": "y" * MAX_LEAF_BYTES}), "f" * 32, AT)
    assert caught.value.limit == "65535 bytes"


def test_evidence_must_have_its_digest() -> None:
    with pytest.raises(IntegrityError):
        draft(decision(1, evidence=(Blob(blob(b"a").digest, "image/png", b"b"),)), "f" * 32, AT)
