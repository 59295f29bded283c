"""gRPC statuses as client errors; and when another attempt is worth it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from hypothesis import given
from hypothesis import strategies as st

from countersign import errors
from countersign.retry import Retry
from countersign.status import error_of
from tests.client.fake_parts import refusal, status, unavailable


@dataclass
class FailedCall(grpc.RpcError):
    """What gRPC raises, as far as it is looked at."""

    status_code: grpc.StatusCode
    text: str | None
    trailers: tuple[tuple[str, bytes], ...] = ()

    def code(self) -> grpc.StatusCode:
        return self.status_code

    def details(self) -> str | None:
        return self.text

    def trailing_metadata(self) -> Any:
        return self.trailers


def failed(message: Any) -> FailedCall:
    """A call that ended in this google.rpc.Status."""
    made = rpc_status.to_status(message)
    return FailedCall(made.code, made.details, made.trailing_metadata)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, errors.InvalidRequest),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.LimitExceeded),
        (grpc.StatusCode.NOT_FOUND, errors.NotFound),
        (grpc.StatusCode.ALREADY_EXISTS, errors.Conflict),
        (grpc.StatusCode.ABORTED, errors.Stale),
        (grpc.StatusCode.UNAUTHENTICATED, errors.Unauthorized),
        (grpc.StatusCode.PERMISSION_DENIED, errors.Forbidden),
        (grpc.StatusCode.FAILED_PRECONDITION, errors.PreconditionFailed),
        (grpc.StatusCode.UNAVAILABLE, errors.ServerUnavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.DeadlineExceeded),
        (grpc.StatusCode.CANCELLED, errors.Cancelled),
        (grpc.StatusCode.INTERNAL, errors.ServerFailed),
        (grpc.StatusCode.UNIMPLEMENTED, errors.ServerFailed),
    ],
)
def test_each_code_has_its_error(code: grpc.StatusCode, kind: type[errors.CountersignError]) -> None:
    error = error_of(failed(status(code, "why")))
    assert type(error) is kind
    assert error.code == code.name
    assert "why" in error.message


def test_a_refusal_names_field_limit_and_found() -> None:
    error = error_of(failed(refusal()))
    assert (error.field, error.limit, error.found) == ("media", "100 pixels", "200 pixels")
    assert (error.reason, error.support_id) == ("UNSUPPORTED_MEDIA", "abc")
    assert str(error) == "the picture has too many pixels"


def test_the_field_of_a_bad_request_is_enough() -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="task")
    bad = error_details_pb2.BadRequest(field_violations=[violation])
    assert error_of(failed(status(grpc.StatusCode.INVALID_ARGUMENT, "no", bad))).field == "task"


def test_retry_info_is_read_and_the_servers_words_are_kept() -> None:
    error = error_of(failed(unavailable(1250)))
    assert error.retry_after == 1.25
    assert error.message == "the log is busy"


@pytest.mark.parametrize("trailer", [b"\xff\xff", status(grpc.StatusCode.OK, "fine").SerializeToString()])
def test_details_that_contradict_the_status_are_not_believed(trailer: bytes) -> None:
    error = error_of(FailedCall(grpc.StatusCode.NOT_FOUND, None, (("grpc-status-details-bin", trailer),)))
    assert type(error) is errors.NotFound
    assert (error.field, error.message) == ("", "NOT_FOUND without a message")


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


@given(
    timeout=st.floats(0.01, 60),
    attempts=st.integers(1, 8),
    asked=st.lists(st.none() | st.floats(0, 30), min_size=8, max_size=8),
)
def test_retries_stay_within_attempts_and_deadline(timeout: float, attempts: int, asked: list[float | None]) -> None:
    clock = Clock()
    lefts: list[float] = []

    def attempt(left: float) -> None:
        lefts.append(left)
        raise errors.ServerUnavailable("busy", retry_after=asked[len(lefts) - 1])

    retry = Retry(attempts=attempts, sleep=clock.sleep, clock=lambda: clock.now)
    with pytest.raises(errors.ServerUnavailable):
        retry.run(attempt, timeout)
    assert 1 <= len(lefts) <= attempts
    assert all(left > 0 for left in lefts)
    assert clock.now < timeout
    for slept, said in zip(clock.slept, asked, strict=False):
        assert said in (None, slept)


def test_pauses_grow_and_are_spread() -> None:
    retry = Retry(first_delay=1.0, max_delay=3.0)
    for number, ceiling in ((1, 1.0), (2, 2.0), (3, 3.0), (9, 3.0)):
        drawn = {retry.delay(number, None) for _ in range(20)}
        assert all(ceiling / 2 <= delay <= ceiling for delay in drawn)
        assert len(drawn) > 1
