"""What crosses the socket arrives as it was."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from server.audit.entries.entry import Entry, Recorded, draft
from server.audit.entries.leaf import Reference
from server.audit.entries.state import ReviewState, State
from server.audit.forwarding.errors import read_error, write_error
from server.audit.forwarding.frames import MAX_FRAME, frame_of, read_frame
from server.audit.forwarding.messages import read_recorded, read_work, write_recorded, write_work
from server.audit.operations import Appeal, Review
from tests.audit.making import blob, decision, durable, intent, now

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = [
    decision(3),
    decision(4, evidence=(blob(b"one"), blob(b"two", "text/plain"))),
    intent(5),
    decision(7, durable=durable(7)),
    decision(6, kind="review", refers_to=Reference("0" * 32, 7)),
]
OPERATIONS = [
    Review("acme", "reviewer", "request", "0" * 32, "ALLOW", "looked.at", "a note", 3),
    Appeal("acme", "front-end", "request", "0" * 32, "mine", "I took it", "person-1"),
]
ERRORS = [
    errors.InvalidInput("bad", field="action", limit="final", found="REVIEW"),
    errors.CorruptMedia("cut", field="media"),
    errors.LimitExceeded("long", field="body", limit="3 bytes", found="4 bytes"),
    errors.NotFound("nothing"),
    errors.Conflict("another"),
    errors.IntegrityError("altered"),
    errors.Unavailable("later", retry_after=7.5),
    errors.ConfigurationError("never"),
]


async def crossed(value: Any) -> Any:
    reader = asyncio.StreamReader()
    reader.feed_data(frame_of(value))
    return await read_frame(reader)


@pytest.mark.parametrize("entry", ENTRIES)
async def test_drafts_keep_all_that_is_recorded_of_them(entry: Entry) -> None:
    made = draft(entry, now())
    # The body went into the leaf, and plaintext beside it: neither is needed again.
    assert read_work(await crossed(write_work(made))) == replace(made, entry=replace(entry, body={}, private={}))


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_operations_arrive_whole(operation: Review | Appeal) -> None:
    assert read_work(await crossed(write_work(operation))) == operation


@pytest.mark.parametrize("state", [None, State(ReviewState.OVERTURNED, 4, 2, 9)])
async def test_records_arrive_whole(state: State | None) -> None:
    made = draft(decision(3), now())
    record = Recorded(5, made.decision_id, "decision", "acme", "r", "d", now(), made.leaf, True, made.private, state)
    assert read_recorded(await crossed(write_recorded(record))) == record


@given(JSON)
def test_any_json_crosses(value: Any) -> None:
    assert cbor2.loads(frame_of(value)[4:]) == value


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_errors_arrive_as_what_they_are(error: errors.CountersignError) -> None:
    arrived = read_error(await crossed(write_error(error)))
    assert type(arrived) is type(error)
    assert (str(arrived), vars(arrived)) == (str(error), vars(error))


def test_an_error_of_another_module_arrives_as_the_nearest_known_one() -> None:
    class Stranger(errors.Conflict):
        pass

    assert type(read_error(write_error(Stranger("who")))) is errors.Conflict


async def test_oversized_and_torn_frames_are_faults_of_the_connection() -> None:
    for data, fault in (((MAX_FRAME + 1).to_bytes(4), "announced"), (b"\0\0", "hung up"), (b"\0\0\0\1\xff", "CBOR")):
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        with pytest.raises(ConnectionError, match=fault):
            await read_frame(reader)
    with pytest.raises(ValueError, match="too long"):
        frame_of(bytes(MAX_FRAME))
