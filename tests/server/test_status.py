from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from core import errors
from server.status import CODES, code_of, reason_of, status_of


def every_error(kind: type[errors.CountersignError] = errors.CountersignError) -> list[type[errors.CountersignError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in every_error(child))]


def detail(status: status_pb2.Status, kind: Any) -> Any:
    message = kind()
    assert any(each.Is(kind.DESCRIPTOR) and each.Unpack(message) for each in status.details)
    return message


def test_every_error_that_a_caller_can_meet_has_a_code() -> None:
    start_up_only = {errors.CountersignError, errors.ConfigurationError}
    mapped = tuple(kind for kind, _ in CODES)
    assert [kind for kind in every_error() if kind not in start_up_only and not issubclass(kind, mapped)] == []


def test_bad_input_names_field_limit_and_found() -> None:
    error = errors.LimitExceeded("too large", field="media", limit="10 bytes", found="11 bytes")
    status = status_of(error, "s1")
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info.metadata == {"support_id": "s1", "field": "media", "limit": "10 bytes", "found": "11 bytes"}
    assert detail(status, error_details_pb2.BadRequest).field_violations[0].field == "media"
    assert code_of(error) is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_status_fits_into_trailers_whatever_it_quotes() -> None:
    quoted = "é" * 100_000
    error = errors.InvalidInput(f"no parameter {quoted}", field=quoted, limit=quoted, found=quoted)
    status = status_of(error, "s3")
    assert status.ByteSize() < 8 * 1024
    assert status.message.startswith("no parameter é")
    assert detail(status, error_details_pb2.ErrorInfo).metadata["found"].endswith("é…")


def test_unavailable_says_when_to_retry() -> None:
    retry = detail(status_of(errors.Unavailable("down", retry_after=2.5), "s"), error_details_pb2.RetryInfo)
    assert retry.retry_delay.ToMilliseconds() == 2500


def test_a_defect_exposes_nothing() -> None:
    status = status_of(KeyError("secret-path"), "s2")
    assert "secret" not in str(status)
    assert "s2" in status.message
    assert code_of(KeyError()) is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.CorruptMedia("x", field="media"), "CORRUPT_MEDIA"),
        (errors.NotFound("x"), "NOT_FOUND"),
    ],
)
def test_reasons_are_upper_snake_case(error: errors.CountersignError, reason: str) -> None:
    assert reason_of(error) == reason
