"""The edge of every RPC: who calls, until when, whether the request is well-formed; and what becomes of errors.

Knows gRPC. Knows nothing of what the methods do.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import grpc
import grpc.aio
import protovalidate
import structlog
from google.protobuf.message import Message
from grpc_status import rpc_status

from core.errors import CountersignError, InvalidInput, PreconditionFailed, Unavailable
from server.auth import Authenticator, Caller
from server.metrics import Metrics
from server.status import code_of, status_of

MAX_DEADLINE = 3600.0
"""Seconds that a caller may ask the server to work for it."""

MAX_REQUEST_ID = 128
"""Characters of a request_id that are logged: it is logged before it is known to be valid."""

Context = grpc.aio.ServicerContext[Any, Any]


class Edge:
    """Wraps the handling of RPCs. One edge serves all services."""

    def __init__(self, authenticator: Authenticator, metrics: Metrics) -> None:
        self._authenticator = authenticator
        self._metrics = metrics
        self._log = structlog.get_logger("countersign.rpc")

    @asynccontextmanager
    async def call(
        self, context: Context, method: str, request: Message | None = None, *, endless: bool = False
    ) -> AsyncIterator[Caller]:
        """Admits the caller, demands a deadline, validates `request`; turns errors into a status with details.

        method: "/package.Service/Method". endless: the call may go on for as long as the caller stays, and needs no
        deadline; its places MUST be counted elsewhere.

        Cancellation passes through untouched: gRPC cancels the handler's task when the caller goes away or its deadline
        passes, and everything awaited below stops with it. That is how a deadline is passed down: as an argument it
        would make a hurried caller's timeout look like a fault of the media.
        """
        started = time.monotonic()
        code, who = grpc.StatusCode.CANCELLED, {}
        try:
            caller = self._authenticator.admit(method, metadata(context))
            who = {"actor": caller.actor, "tenant": caller.tenant}
            if not endless:
                demand_deadline(context)
            if request is not None:
                validate(request)
            yield caller
            code = grpc.StatusCode.OK
        except Exception as error:  # noqa: BLE001 - the one place where every error becomes a status
            code = code_of(error)
            await self._abort(context, method, error)
        finally:
            seconds = time.monotonic() - started
            self._metrics.calls.labels(method, code.name).inc()
            self._metrics.call_seconds.labels(method).observe(seconds)
            asked = getattr(request, "request_id", "")[:MAX_REQUEST_ID]
            about = {"request_id": asked, **who, **({"of": named} if (named := tenant_named(request)) else {})}
            self._log.info("rpc", method=method, code=code.name, seconds=round(seconds, 4), **about)

    async def _abort(self, context: Context, method: str, error: Exception) -> NoReturn:
        support_id = uuid.uuid4().hex
        if isinstance(error, (Unavailable, PreconditionFailed)):
            # The server's own trouble. The caller is not told its cause; whoever mends it has to be.
            cause = repr(error.__cause__) if error.__cause__ else ""
            self._log.warning("trouble", method=method, support_id=support_id, error=str(error), cause=cause)
        elif isinstance(error, CountersignError):
            self._log.info("refused", method=method, support_id=support_id, error=type(error).__name__)
        else:
            self._log.error("defect", method=method, support_id=support_id, exc_info=error)
        status = rpc_status.to_status(status_of(error, support_id))
        await context.abort_with_status(status)
        raise AssertionError("abort_with_status raises")


def tenant_named(request: Message | None) -> str:
    """The tenant that a request asks to read, "" for the caller's own: reading another one leaves a line of its own."""
    named = getattr(request, "tenant", "") or getattr(getattr(request, "filter", None), "tenant", "")
    return str(named)[:MAX_REQUEST_ID]


def metadata(context: Context) -> Sequence[tuple[str, str | bytes]]:
    """The call's metadata as pairs."""
    return [(str(key), value) for key, value in (context.invocation_metadata() or ())]


def demand_deadline(context: Context) -> None:
    """Raises InvalidInput for a call without a deadline, or a distant one: it could hold its place for ever."""
    remaining = context.time_remaining()
    if remaining is None or remaining > MAX_DEADLINE:
        found = "none" if remaining is None else f"{remaining:.0f} s"
        limit = f"{MAX_DEADLINE:.0f} s"
        raise InvalidInput(f"set a deadline of at most {limit}", field="deadline", limit=limit, found=found)


def validate(message: Message) -> None:
    """Raises InvalidInput for the first rule of the protos that `message` breaks."""
    violations = protovalidate.collect_violations(message, fail_fast=True)
    if violations:
        violation = violations[0].proto
        path = ".".join(element.field_name for element in violation.field.elements) if violation.field else ""
        raise InvalidInput(f"{path}: {violation.message}", field=path, limit=violation.message)
