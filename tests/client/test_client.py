"""`Client`: every method, what every call carries, and what a retry may and may not do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest

from countersign.client import Client
from countersign.errors import (
    CorruptAnswer,
    CountersignError,
    DeadlineExceeded,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    PreconditionFailed,
    ServerUnavailable,
    UnusableFile,
)
from countersign.retry import Retry
from countersign.v1 import common_pb2, model_pb2
from tests.client.fake_parts import refusal, status, unavailable
from tests.client.fake_server import FakeServer

BIG = 33 * 1024 * 1024


def test_screens_bytes_in_one_message(server: FakeServer, client: Client) -> None:
    context = common_pb2.Context(surface="feed", jurisdiction="DE")
    seen: list[tuple[int, int]] = []
    answer = client.screen(
        b"LABEL me",
        context=context,
        declared_mime_type="image/png",
        include_evidence=True,
        progress=lambda *step: seen.append(step),
    )
    assert answer.decision.action == common_pb2.ACTION_LABEL
    assert answer.receipt.decision_id == answer.decision.decision_id
    (request,) = server.seen["Screen"]
    assert (request.media, request.context, request.include_evidence) == (b"LABEL me", context, True)
    assert request.declared_mime_type == "image/png"
    assert seen == [(0, 8), (8, 8)]


def test_streams_what_does_not_fit_one_message(server: FakeServer, client: Client, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"LABEL " + bytes(BIG))
    seen: list[tuple[int, int]] = []
    answer = client.screen(path, request_id="my-request-1", progress=lambda *step: seen.append(step))
    assert answer.decision.byte_size == BIG + 6
    assert answer.decision.action == common_pb2.ACTION_LABEL
    (header,) = server.seen["ScreenStream"]
    assert (header.request_id, header.byte_size) == ("my-request-1", BIG + 6)
    assert seen[-1] == (BIG + 6, BIG + 6)
    assert [sent for sent, _ in seen] == sorted({sent for sent, _ in seen})
    assert not server.seen["Screen"]


def test_a_stream_starts_anew_when_it_is_retried(server: FakeServer, client: Client) -> None:
    server.failures["ScreenStream"] = [unavailable(1)]
    media = b"ALLOW " + bytes(BIG)
    assert client.screen(media).decision.byte_size == len(media)
    first, second = server.seen["ScreenStream"]
    assert first.request_id == second.request_id


def test_a_file_that_vanishes_between_attempts_is_named(server: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(BIG))
    server.failures["ScreenStream"] = [unavailable(1)]
    retry = Retry(sleep=lambda _: path.unlink())
    missing = r"cannot read .*film\.mp4: No such file or directory"
    with Client(server.address, retry=retry) as client, pytest.raises(UnusableFile, match=missing):
        client.screen(path)


def test_puts_an_enhancement_together(server: FakeServer, client: Client) -> None:
    steps: list[tuple[str, float]] = []
    made = client.enhance(
        b"a photo",
        "upscale",
        model="fake",
        parameters={"scale": "4"},
        seed=7,
        progress=lambda *step: steps.append(step),
    )
    assert made.media == b"made of a photo"
    assert (made.result.model, made.result.seed) == ("fake@1", 7)
    assert steps == [("making", 0.5)]
    (request,) = server.seen["Enhance"]
    assert (request.task, request.model, dict(request.parameters)) == ("upscale", "fake", {"scale": "4"})


def test_a_blocked_enhancement_has_no_media(client: Client) -> None:
    made = client.enhance(b"BLOCK this", "upscale")
    assert made.media is None
    assert made.result.decision.action == common_pb2.ACTION_BLOCK


def test_an_enhancement_that_is_not_its_digest_is_no_enhancement(server: FakeServer, client: Client) -> None:
    server.wrong_digest = True
    with pytest.raises(CorruptAnswer, match="digest"):
        client.enhance(b"a photo", "upscale")


def test_a_stream_without_result_is_no_enhancement(server: FakeServer, client: Client) -> None:
    server.without_result = True
    with pytest.raises(CorruptAnswer, match="without a result"):
        client.enhance(b"a photo", "upscale")


def test_inspects(client: Client) -> None:
    assert client.inspect(b"a photo").provenance.state == common_pb2.CREDENTIAL_STATE_INVALID


def test_reads_the_record_page_by_page(server: FakeServer, client: Client) -> None:
    for number in range(5):
        client.screen(f"photo {number}".encode())
    since = datetime(2026, 1, 1, tzinfo=UTC)
    found = list(client.list_decisions(since=since, detector="copy_move"))
    assert [each.decision_id for each in found] == ["d0004", "d0003", "d0002", "d0001", "d0000"]
    pages = server.seen["ListDecisions"]
    assert [page.page_token for page in pages] == ["", "2", "4"]
    assert {page.filter.detector for page in pages} == {"copy_move"}
    assert pages[0].filter.since.ToDatetime(UTC) == since


def test_a_page_is_fetched_only_when_it_is_needed(server: FakeServer, client: Client) -> None:
    for number in range(5):
        client.screen(f"photo {number}".encode())
    assert next(client.list_decisions()).decision_id == "d0004"
    assert len(server.seen["ListDecisions"]) == 1


def test_a_moment_without_zone_is_refused(client: Client) -> None:
    with pytest.raises(InvalidRequest, match="since needs a time zone"):
        client.list_decisions(since=datetime(2026, 1, 1))


def test_reads_one_decision_receipt_checkpoint_and_the_models(server: FakeServer, client: Client) -> None:
    made = client.screen(b"a photo")
    assert client.get_decision(made.decision.decision_id) == made.decision
    assert client.get_receipt(made.decision.decision_id).entry == made.receipt.entry
    assert client.checkpoint().log_key == str(server.log.key)
    assert [model.name for model in client.list_models()] == ["copy_move", "upscale"]
    assert [model.name for model in client.list_models(model_pb2.MODEL_ROLE_DETECTOR)] == ["copy_move"]
    with pytest.raises(NotFound, match="no decision d9"):
        client.get_decision("d9")


CALLS: list[Callable[[Client], Any]] = [
    lambda client: client.screen(b"a photo"),
    lambda client: client.enhance(b"a photo", "upscale"),
    lambda client: client.inspect(b"a photo"),
    lambda client: list(client.list_decisions()),
    lambda client: client.checkpoint(),
    lambda client: client.list_models(),
]


@pytest.mark.parametrize("call", CALLS)
def test_every_call_carries_id_deadline_and_token(server: FakeServer, call: Callable[[Client], Any]) -> None:
    with Client(server.address, token="secret", timeout=20.0, long_timeout=30.0) as client:  # noqa: S106
        call(client)
    (requests,) = server.seen.values()
    assert len(requests[0].request_id) == 32
    assert 0 < server.deadlines[0] < 31  # the server's clock reads the deadline a moment late or early
    assert server.tokens == ["Bearer secret"]


@pytest.mark.parametrize("call", CALLS)
def test_unavailable_is_tried_again_with_the_same_id(
    server: FakeServer, client: Client, pauses: list[float], call: Callable[[Client], Any]
) -> None:
    for method in ("Screen", "Enhance", "Inspect", "ListDecisions", "GetCheckpoint", "ListModels"):
        server.failures[method] = [unavailable(1500), unavailable()]
    call(client)
    (requests,) = server.seen.values()
    assert len(requests) == 3
    assert len({request.request_id for request in requests}) == 1
    assert pauses[0] == 1.5  # the server's own word
    assert 0.2 <= pauses[1] <= 0.4


def test_gives_up_after_the_last_attempt(server: FakeServer, client: Client) -> None:
    server.failures["Screen"] = [unavailable(2500)] * 9
    with pytest.raises(ServerUnavailable) as caught:
        client.screen(b"a photo")
    assert caught.value.retry_after == 2.5
    assert len(server.seen["Screen"]) == 4


@pytest.mark.parametrize("failure", [refusal(), status(grpc.StatusCode.FAILED_PRECONDITION, "no weights")])
def test_nothing_else_is_tried_again(server: FakeServer, client: Client, failure: Any) -> None:
    server.failures["Screen"] = [failure]
    with pytest.raises((InvalidRequest, PreconditionFailed)):
        client.screen(b"a photo")
    assert len(server.seen["Screen"]) == 1


def test_a_passed_deadline_stops_the_server_too(server: FakeServer) -> None:
    with Client(server.address, timeout=0.3) as client, pytest.raises(DeadlineExceeded):
        client.screen(b"SLOW photo")
    assert server.slow_cancelled.wait(10)


def test_no_server_is_unavailable() -> None:
    retry = Retry(sleep=lambda _: None)
    with Client("127.0.0.1:1", retry=retry) as client, pytest.raises(ServerUnavailable, match="cannot be reached"):
        client.list_models()


@pytest.mark.parametrize("send", [Client.inspect, lambda client, media: client.enhance(media, "upscale")])
def test_what_is_too_large_is_not_sent(
    server: FakeServer, client: Client, tmp_path: Path, send: Callable[[Client, Path], Any]
) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as stream:
        stream.truncate(BIG)
    with pytest.raises(LimitExceeded) as caught:
        send(client, path)
    assert (caught.value.limit, caught.value.found) == ("33554432 bytes", f"{BIG} bytes")
    assert not server.seen


def test_what_cannot_be_read_is_not_sent(server: FakeServer, client: Client, tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.touch()
    for media, reason in ((tmp_path, "is a directory"), (tmp_path / "no", "does not exist"), (empty, "is empty")):
        with pytest.raises(UnusableFile, match=reason):
            client.screen(media)
    with pytest.raises(UnusableFile, match="is empty"):
        client.screen(b"")
    assert not server.seen


def test_all_errors_are_of_one_tree(server: FakeServer, client: Client) -> None:
    server.failures["Screen"] = [status(grpc.StatusCode.DATA_LOSS, "")]
    with pytest.raises(CountersignError, match="DATA_LOSS"):
        client.screen(b"a photo")
