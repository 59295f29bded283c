"""`Client` and the record: histories, reviews, erasures, and streams that outlive a connection."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from countersign.client import Client
from countersign.errors import Conflict, NotFound, ServerUnavailable
from countersign.retry import Retry
from countersign.v1 import audit_pb2, common_pb2
from countersign.verify.consistency import ConsistencyProof
from tests.client.fake_parts import status, unavailable
from tests.client.fake_record import FILE
from tests.client.fake_server import FakeServer


def screen(client: Client, *media: str, subject: str = "") -> list[str]:
    """The ids of decisions on media."""
    return [client.screen(each.encode(), subject=subject).decision.decision_id for each in media]


def test_a_history_holds_reviews_and_appeals(client: Client) -> None:
    (found,) = screen(client, "BLOCK this")
    client.appeal(found, "not-mine", statement="it is a painting", appellant="u1")
    answer = client.review(found, common_pb2.ACTION_ALLOW, "art", note="it is")
    assert answer.decision.review_state == common_pb2.REVIEW_STATE_OVERTURNED
    assert answer.decision.action == common_pb2.ACTION_BLOCK
    assert answer.decision.current_action == common_pb2.ACTION_ALLOW
    history = client.history(found, include_receipts=True)
    assert history.receipt.decision_id == found
    appeal, review = history.events
    assert (appeal.text, appeal.appellant, appeal.reason_code) == ("it is a painting", "u1", "not-mine")
    assert (review.text, review.action) == ("it is", common_pb2.ACTION_ALLOW)
    with pytest.raises(NotFound):
        client.history("d9")


def test_a_reviewer_who_saw_something_else_is_told(client: Client) -> None:
    (found,) = screen(client, "BLOCK this")
    seen = client.get_decision(found).latest_index
    client.appeal(found, "not-mine")
    with pytest.raises(Conflict, match="changed"):
        client.review(found, common_pb2.ACTION_BLOCK, "sure", seen_index=seen)
    client.review(found, common_pb2.ACTION_BLOCK, "sure")


def test_a_person_is_erased(server: FakeServer, client: Client) -> None:
    found = screen(client, "a", "b", subject="u1")
    screen(client, "c", subject="u2")
    answer = client.erase_subject("u1", request_id="erasure-1")
    assert answer.erased_entries == 2
    assert client.get_decision(found[0]).erased == ["subject"]
    assert server.seen["EraseSubject"][0].request_id == "erasure-1"


def test_intents_without_a_decision_are_listed(server: FakeServer, client: Client) -> None:
    server.intents = [audit_pb2.OpenIntent(log_index=index) for index in range(3)]
    answer = client.open_intents(older_than=60, limit=2)
    assert ([each.log_index for each in answer.intents], answer.more) == ([0, 1], True)
    assert server.seen["ListOpenIntents"][0].older_than_seconds == 60


def test_a_consistency_proof_is_the_text_that_verifiers_and_witnesses_read(server: FakeServer, client: Client) -> None:
    proof = ConsistencyProof.parse(client.consistency(1))
    assert (proof.old_size, proof.hashes) == (1, (bytes(32),))
    assert proof.checkpoint.startswith("fake.test/log\n1\n")
    assert ConsistencyProof.parse(client.consistency(1, 7)).checkpoint == ""
    assert [each.second for each in server.seen["GetConsistencyProof"]] == [0, 7]


def test_files_come_in_pieces(server: FakeServer, client: Client) -> None:
    (found,) = screen(client, "a")
    assert list(client.export(audit_pb2.EXPORT_FORMAT_PARQUET, label="copy_move")) == FILE
    (request,) = server.seen["ExportDecisions"]
    assert (request.format, request.filter.label) == (audit_pb2.EXPORT_FORMAT_PARQUET, "copy_move")
    assert client.bundle(found) == b"".join(FILE)
    with pytest.raises(NotFound):
        client.bundle("d9")


def test_another_tenant_is_named_in_every_call_that_reads(server: FakeServer, client: Client) -> None:
    (found,) = screen(client, "a")
    assert next(client.list_decisions(tenant="acme")).decision_id == found
    assert ids(client.follow(after=-1, tenant="acme"), 1) == [found]
    assert list(client.export(audit_pb2.EXPORT_FORMAT_JSONL, tenant="acme")) == FILE
    for method in ("ListDecisions", "StreamDecisions", "ExportDecisions"):
        assert [request.filter.tenant for request in server.seen[method]] == ["acme"], method
    client.get_decision(found, tenant="acme")
    client.history(found, tenant="acme")
    client.get_receipt(found, tenant="acme")
    client.bundle(found, tenant="acme")
    client.open_intents(tenant="acme")
    for method in ("GetDecision", "GetHistory", "GetReceipt", "GetBundle", "ListOpenIntents"):
        assert [request.tenant for request in server.seen[method]] == ["acme"], method


def test_a_file_that_did_not_begin_is_asked_for_again_and_one_that_broke_off_is_not(
    server: FakeServer, client: Client
) -> None:
    server.failures["ExportDecisions"] = [unavailable(1)]
    assert list(client.export(audit_pb2.EXPORT_FORMAT_JSONL)) == FILE
    assert len(server.seen["ExportDecisions"]) == 2
    server.cut_files = True
    parts = client.export(audit_pb2.EXPORT_FORMAT_JSONL)
    assert next(parts) == FILE[0]
    with pytest.raises(ServerUnavailable):
        next(parts)
    assert len(server.seen["ExportDecisions"]) == 3


def ids(answers: Iterator[audit_pb2.StreamDecisionsResponse], count: int) -> list[str]:
    return [next(answers).decision.decision_id for _ in range(count)]


def test_following_starts_where_it_is_told(server: FakeServer, client: Client) -> None:
    screen(client, "a", "b", "c")
    assert ids(client.follow(after=-1, label="copy_move"), 3) == ["d0000", "d0001", "d0002"]
    assert ids(client.follow(after=1), 1) == ["d0002"]
    first, second = server.seen["StreamDecisions"]
    assert (first.after, first.filter.label, second.after) == (-1, "copy_move", 1)
    assert server.deadlines[-1] == 0.0, "a stream that lasts has no deadline"


def test_following_goes_on_behind_the_last_one_when_the_connection_breaks(
    server: FakeServer, client: Client, pauses: list[float]
) -> None:
    screen(client, "a", "b", "c", "d")
    server.breaks = [2, 2]  # each after a sign of life and one decision
    assert ids(client.follow(after=-1), 4) == ["d0000", "d0001", "d0002", "d0003"]
    assert [each.after for each in server.seen["StreamDecisions"]] == [-1, 0, 1]
    assert pauses == [0.001, 0.001], "the server's own word"


def test_from_now_on_means_the_first_time_only(server: FakeServer, client: Client) -> None:
    """Else what is recorded while the connection is down would be lost."""
    screen(client, "a")
    server.breaks = [1]  # before any decision came
    with ThreadPoolExecutor(1) as pool:
        followed = pool.submit(ids, client.follow(), 2)
        assert server.follows.acquire(timeout=20)
        screen(client, "b", "c")
        assert followed.result(20) == ["d0001", "d0002"]
    assert [each.HasField("after") for each in server.seen["StreamDecisions"]] == [False, True]


def test_following_ends_when_the_server_stays_away(server: FakeServer) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    server.failures["StreamDecisions"] = [unavailable()] * 99
    retry = Retry(sleep=sleep, clock=lambda: now[0])
    with Client(server.address, timeout=30.0, retry=retry) as client, pytest.raises(ServerUnavailable):
        next(client.follow())
    assert 20 < now[0] < 30


def test_following_ends_at_any_other_error(server: FakeServer, client: Client) -> None:
    server.failures["StreamDecisions"] = [status(grpc.StatusCode.NOT_FOUND, "no such thing")]
    with pytest.raises(NotFound):
        next(client.follow())
    assert len(server.seen["StreamDecisions"]) == 1
