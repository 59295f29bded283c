"""The gate before the places for calls: a stranger is turned away before the server waits for a message of his.

gRPC counts a call from its first header and hands a unary one on only when its message is whole. Calls that never send
one would take every place, for as long as they like, before `server.edge` saw a credential or a deadline.
Knows gRPC. Knows nothing of what the methods do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc
import grpc.aio

from core.errors import PermissionDenied, Unauthenticated
from server.auth import METHOD_ROLES, Authenticator
from server.edge import Context, Edge

CHECK = "/grpc.health.v1.Health/Check"
"""The one method for everybody: a load balancer has no token."""
PATIENCE = 10.0
"""Seconds that somebody unknown may take to send the few bytes of a health check."""

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Find: TypeAlias = "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]"


class Gate(grpc.aio.ServerInterceptor):
    """Admits calls by their headers alone. What it refuses is answered, counted and logged by the edge."""

    def __init__(self, edge: Edge, authenticator: Authenticator, patience: float = PATIENCE) -> None:
        self._edge = edge
        self._authenticator = authenticator
        self._patience = patience

    async def intercept_service(
        self, continuation: Find, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """The handler of the method, one that hurries its caller, or one that refuses; None for an unknown method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        if handler_call_details.method == CHECK:
            return self._hurried(handler)
        return handler if self._admits(handler_call_details) else self._refusing(handler_call_details.method)

    def _admits(self, details: grpc.HandlerCallDetails) -> bool:
        """Whether the caller may call the method; any known caller may watch health and ask for the API."""
        try:
            if details.method in METHOD_ROLES:
                self._authenticator.admit(details.method, details.invocation_metadata)
            else:
                self._authenticator.identify(details.invocation_metadata)
        except (Unauthenticated, PermissionDenied):
            return False
        return True

    def _refusing(self, method: str) -> Handler:
        """Refuses the call. As the handler of a stream it is called before any message has come."""

        async def refuse(_requests: AsyncIterator[Any], context: Context) -> None:
            async with self._edge.call(context, method):
                pass

        return grpc.stream_unary_rpc_method_handler(refuse)

    def _hurried(self, handler: Handler) -> Handler:
        """The unary handler, for callers who send their message in time."""
        check: Any = handler.unary_unary  # the stubs take it for a synchronous one

        async def answer(requests: AsyncIterator[Any], context: Context) -> Any:
            try:
                async with asyncio.timeout(self._patience):
                    request = await anext(aiter(requests), None)
            except TimeoutError:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "no message came")
            if request is None:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a call without a message")
            return await check(request, context)

        return grpc.stream_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)
