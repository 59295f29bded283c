"""`Client`: the API of `countersign.v1` as plain calls.

Every call carries a request_id and a deadline. Which message goes to which method stands in `countersign.clients`, one
service a module; transport is `countersign.connection`, and what the answers mean is the protos' business.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from countersign.clients.generation import GenerationCalls
from countersign.clients.models import ModelCalls
from countersign.clients.policies import PolicyCalls
from countersign.clients.privacy import PrivacyCalls
from countersign.clients.provenance import ProvenanceCalls
from countersign.clients.review import ReviewCalls
from countersign.clients.screening import ScreeningCalls
from countersign.clients.soft_bindings import SoftBindingCalls
from countersign.clients.streams import StreamCalls
from countersign.connection import Connection
from countersign.retry import Retry
from countersign.settings import ClientSettings


class Client(
    ScreeningCalls,
    GenerationCalls,
    ProvenanceCalls,
    SoftBindingCalls,
    StreamCalls,
    ReviewCalls,
    PrivacyCalls,
    ModelCalls,
    PolicyCalls,
):
    """A connection to one server, safe to share between threads.

    address, token, ca_file: default to `settings`, and these to `ClientSettings.load()`: the file named by
    COUNTERSIGN_CONFIG, then COUNTERSIGN_ADDRESS, COUNTERSIGN_TOKEN, COUNTERSIGN_CA. A CA file, or `credentials` of
    your own, turns TLS on; without it a token is only sent to this machine.
    timeout: seconds for a call with all its attempts; long_timeout: the same for streams and for making media.

    All methods raise `countersign.errors.CountersignError`.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        ca_file: Path | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        settings: ClientSettings | None = None,
        timeout: float = 60.0,
        long_timeout: float = 600.0,
        retry: Retry | None = None,
    ) -> None:
        given = {"address": address, "token": token, "ca": str(ca_file) if ca_file else None}
        settings = (settings or ClientSettings.load()).override(**given)
        super().__init__(Connection(settings, credentials, retry or Retry()), timeout, long_timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancels what is in flight and closes the connection."""
        self._connection.close()
