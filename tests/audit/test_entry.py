from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import IntegrityError, InvalidInput, LimitExceeded
from countersign.verify.canonical import canonical_json, parse_canonical
from countersign.verify.commitments import opens
from countersign.verify.errors import VerificationError
from server.audit import Blob
from server.audit.entries.entry import draft, new_id
from server.audit.entries.leaf import MAX_LEAF_BYTES, Leaf, Reference, from_microseconds, to_microseconds
from tests.audit.making import blob, decision

AT = datetime(2026, 11, 22, 19, 30, 0, 1, tzinfo=UTC)


def test_the_leaf_is_canonical_and_binds_every_field() -> None:
    made = draft(decision(3), AT)
    leaf = parse_canonical(made.leaf)
    commitments = leaf.pop("private")
    assert leaf == {
        "v": 2,
        "kind": "decision",
        "decision_id": made.decision_id,
        "recorded_at": "2026-11-22T19:30:00.000001Z",
        "tenant": "acme",
        "request_id": "request-3",
        "request_digest": decision(3).request_digest,
        "media_digest": decision(3).media_digest,
        "facets": {
            "action": 4,
            "direction": "inbound",
            "detected": ["copy_move"],
            "labels": ["cloned"],
            "codes": ["manipulation.copy_move"],
            "evidence": [{"digest": blob(b"mask 3").digest, "mime": "image/png"}],
        },
        "findings": [{"detector": "copy_move", "label": "cloned", "score": 3 / 7}],
    }
    assert {name: each.value for name, each in made.private.items()} == {
        "actor": "uploader",
        "subject": "person-1",
        "credential": {"issuer": "Issuer 3"},
    }
    assert all(opens(made.private[name], committed) for name, committed in commitments.items())
    assert commitments.keys() == made.private.keys()


def test_nothing_that_can_be_erased_stands_in_the_leaf() -> None:
    made = draft(decision(3, actor="Ada", private={"note": "a secret"}), AT)
    assert not any(word in made.leaf for word in (b"Ada", b"person-1", b"secret"))


def test_equal_words_have_different_commitments() -> None:
    first, second = (parse_canonical(draft(decision(1), AT).leaf)["private"] for _ in range(2))
    assert not set(first.values()) & set(second.values())


def test_what_a_leaf_says_is_read_back() -> None:
    entry = decision(3, kind="review", refers_to=Reference("f" * 32, 7))
    leaf = Leaf.parse(draft(entry, AT).leaf)
    assert (leaf.facets, leaf.refers_to, leaf.request) == (entry.facets, entry.refers_to, ("acme", "request-3"))
    assert leaf.private.keys() == {"actor", "subject", "credential"}


def test_a_leaf_of_version_1_is_read() -> None:
    old = {
        **dict.fromkeys(("kind", "decision_id", "tenant", "actor", "request_id", "request_digest"), "x"),
        "v": 1,
        "recorded_at": "2026-11-22T19:30:00.000001Z",
        "media_digest": "",
        "facets": {"action": 2, "direction": "inbound", "detected": ["copy_move"], "evidence": []},
    }
    leaf = Leaf.parse(canonical_json(old))
    assert (leaf.facets.detected, leaf.facets.labels, leaf.private) == (("copy_move",), (), {})


def test_what_is_no_leaf_is_refused() -> None:
    good = json.loads(draft(decision(3), AT).leaf)
    wrong: list[dict[str, Any]] = [{"v": 3}, {"v": True}, {"facets": []}, {"private": {"x": 1}}, {"tenant": 5}]
    wrong += [{"facets": {**good["facets"], "codes": "x"}}, {"refers_to": {"decision_id": "x"}}]
    for change in wrong:
        with pytest.raises(VerificationError):
            Leaf.parse(canonical_json({**good, **change}))
    for data in (b"", b"[]", "text", None, json.dumps(good).encode()):
        with pytest.raises(VerificationError):
            Leaf.parse(data)


def test_ids_are_uuids_that_grow_with_time() -> None:
    made = [new_id(to_microseconds(AT) + number * 1000) for number in range(200)]
    assert made == sorted(made)
    assert {uuid.UUID(each).version for each in made} == {7}
    assert {uuid.UUID(each).variant for each in made} == {uuid.RFC_4122}
    assert len({new_id(0) for _ in range(1000)}) == 1000


def test_a_private_field_may_not_stand_for_another() -> None:
    with pytest.raises(InvalidInput, match="repeats"):
        draft(decision(1, private={"actor": "somebody else"}), AT)


def test_times_are_told_in_utc_with_microseconds() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    assert json.loads(draft(decision(1), elsewhere).leaf)["recorded_at"] == "2026-11-22T19:30:00.000001Z"
    whole = json.loads(draft(decision(1), AT.replace(microsecond=0)).leaf)
    assert whole["recorded_at"] == "2026-11-22T19:30:00.000000Z"


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC)))
def test_microseconds_keep_a_moment_exactly(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment


def test_a_body_may_repeat_the_envelope_but_not_contradict_it() -> None:
    same = decision(1, body={"media_digest": decision(1).media_digest})
    assert draft(same, AT).leaf
    with pytest.raises(InvalidInput, match="media_digest"):
        draft(decision(1, body={"media_digest": ""}), AT)


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": 2**60}, {"x": object()}, {"x": "\ud800"}, {1: 2}])
def test_a_body_without_a_canonical_form_is_refused(body: Any) -> None:
    with pytest.raises(InvalidInput):
        draft(decision(1, body=body), AT)


@pytest.mark.parametrize(
    "changes",
    [{"tenant": ""}, {"request_id": ""}, {"request_id": "x" * 257}, {"actor": "a\x00"}, {"subject": "x" * 257}],
)
def test_names_that_cannot_be_stored_are_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        draft(decision(1, **changes), AT)


def test_a_leaf_that_could_not_be_mirrored_is_refused() -> None:
    with pytest.raises(LimitExceeded, match="too long") as caught:
        draft(decision(1, body={"x": "y" * MAX_LEAF_BYTES}), AT)
    assert caught.value.limit == "65535 bytes"


def test_evidence_must_have_its_digest() -> None:
    with pytest.raises(IntegrityError):
        draft(decision(1, evidence=(Blob(blob(b"a").digest, "image/png", b"b"),)), AT)
