"""One channel to one server: every call gets a deadline, the token, retries and the client's errors.

Knows transport. Knows no method of the API: see `countersign.client`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import grpc

from countersign.errors import ConfigurationError
from countersign.retry import Retry
from countersign.settings import ClientSettings
from countersign.status import error_of
from countersign.uploads import UNARY_LIMIT

T = TypeVar("T")
C = TypeVar("C", bound=grpc.Call)
Request = TypeVar("Request")
Answer = TypeVar("Answer")

# Beside the media itself a message holds findings, evidence and the receipt.
MESSAGE_LIMIT = UNARY_LIMIT + 8 * 1024 * 1024
OPTIONS = [
    ("grpc.max_send_message_length", MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT),
    # By default gRPC waits 1 s before it dials again, and our second attempt would fail without having been one.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5000),
    # Streams that follow the log may be silent for long; only so does a reader learn that the server's machine is gone.
    ("grpc.keepalive_time_ms", 60_000),
]


class Connection:
    """A lazily opened channel. Close it, or use it as a context manager through `Client`."""

    def __init__(self, settings: ClientSettings, credentials: grpc.ChannelCredentials | None, retry: Retry) -> None:
        """Raises ConfigurationError for a CA file that cannot be read, and for a token without TLS."""
        if settings.ca and credentials is None:
            credentials = trusting(settings.ca)
        if credentials is None:
            settings.refuse_unsafe()
            self.channel = grpc.insecure_channel(settings.address, OPTIONS)
        else:
            self.channel = grpc.secure_channel(settings.address, credentials, OPTIONS)
        self._metadata = (("authorization", f"Bearer {settings.token}"),) if settings.token else ()
        self._retry = retry

    def close(self) -> None:
        """Cancels what is in flight and closes the channel."""
        self.channel.close()

    def unary(self, method: grpc.UnaryUnaryMultiCallable[Request, Answer], request: Request, timeout: float) -> Answer:
        """One message for one message. timeout: seconds over all attempts."""
        answer: Answer = self._call(
            lambda left: method.future(request, timeout=left, metadata=self._metadata),
            lambda call: call.result(),
            timeout,
        )
        return answer

    def upload(
        self,
        method: grpc.StreamUnaryMultiCallable[Request, Answer],
        parts: Callable[[], Iterator[Request]],
        timeout: float,
    ) -> Answer:
        """Many messages for one. `parts` starts anew for every attempt."""
        answer: Answer = self._call(
            lambda left: method.future(parts(), timeout=left, metadata=self._metadata),
            lambda call: call.result(),
            timeout,
        )
        return answer

    def stream(
        self,
        method: grpc.UnaryStreamMultiCallable[Request, Answer],
        request: Request,
        consume: Callable[[Iterator[Answer]], T],
        timeout: float,
    ) -> T:
        """One message for many. `consume` reads them from the first one again in every attempt."""
        return self._call(lambda left: method(request, timeout=left, metadata=self._metadata), consume, timeout)

    def parts(
        self, method: grpc.UnaryStreamMultiCallable[Request, Answer], request: Request, timeout: float
    ) -> Iterator[Answer]:
        """One message for many, handed on as they come. Only what fails before the first one is tried again."""

        def begin(left: float) -> tuple[Answer | None, Iterator[Answer]]:
            answers = self._answers(method, request, left)
            return next(answers, None), answers

        first, others = self._retry.run(begin, timeout)
        if first is not None:
            yield first
            yield from others

    def endless(self, method: grpc.UnaryStreamMultiCallable[Request, Answer], request: Request) -> Iterator[Answer]:
        """One message for many, without a deadline."""
        return self._answers(method, request, None)

    def resuming(self, start: Callable[[], Iterator[T]], patience: float) -> Iterator[T]:
        """See `Retry.resume`."""
        return self._retry.resume(start, patience)

    def _answers(
        self, method: grpc.UnaryStreamMultiCallable[Request, Answer], request: Request, timeout: float | None
    ) -> Iterator[Answer]:
        call = method(request, timeout=timeout, metadata=self._metadata)
        try:
            yield from call
        except grpc.RpcError as error:
            raise error_of(error) from error
        finally:
            # A reader who stops in the middle must not leave the server working for nobody.
            call.cancel()

    def _call(self, start: Callable[[float], C], finish: Callable[[C], T], timeout: float) -> T:
        def attempt(left: float) -> T:
            call = start(left)
            try:
                return finish(call)
            except grpc.RpcError as error:
                raise error_of(error) from error
            finally:
                # Whatever ended the wait, Ctrl-C included, the server must not go on working for nobody.
                call.cancel()

        return self._retry.run(attempt, timeout)


def trusting(ca: Path) -> grpc.ChannelCredentials:
    """TLS that trusts the authorities in a PEM file and no others."""
    try:
        return grpc.ssl_channel_credentials(root_certificates=ca.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"cannot read the CA file {ca}: {error.strerror}", field="ca") from error
