"""Where the server can be reached: the gRPC server and its port, its TLS, and the metrics page.

Knows addresses and certificates. Knows nothing of what is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

import grpc
import grpc.aio
from prometheus_client import start_http_server

from core.errors import ConfigurationError
from server.config import Settings, split_address
from server.metrics import Metrics
from server.sections import Tls

KEEPALIVE = 60_000
"""Milliseconds of silence after which the peer of a running call is asked whether it still lives."""
OPTIONS = (
    # A reader whose machine is gone would keep its stream, and its place, for ever.
    ("grpc.keepalive_time_ms", KEEPALIVE),
    # Clients ask the same of us; by default gRPC takes that for an attack.
    ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE // 2),
)


def new_server(
    interceptors: Sequence[grpc.aio.ServerInterceptor], *, max_message: int, max_calls: int
) -> grpc.aio.Server:
    """A gRPC server that listens nowhere yet. max_message: bytes of one that is received.

    max_calls: at a time. Messages are in memory before any code of ours sees them; this alone bounds how many.
    """
    options = [*OPTIONS, ("grpc.max_receive_message_length", max_message)]
    return grpc.aio.server(interceptors=interceptors, options=options, maximum_concurrent_rpcs=max_calls)


async def listen(server: grpc.aio.Server, settings: Settings) -> str:
    """Binds the address and starts; returns it with the port that was taken (port 0 takes a free one)."""
    host, _ = split_address(settings.address)
    try:
        if settings.tls:
            port = server.add_secure_port(settings.address, tls_credentials(settings.tls))
        else:
            port = server.add_insecure_port(settings.address)
    except RuntimeError as error:
        raise ConfigurationError(f"cannot listen on {settings.address}: is another server running?") from error
    await server.start()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def tls_credentials(tls: Tls) -> grpc.ServerCredentials:
    """The server's identity, and the authority of its clients where mTLS is configured."""
    try:
        pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
        client_ca = tls.client_ca.read_bytes() if tls.client_ca else None
    except OSError as error:
        raise ConfigurationError(f"tls: cannot read {error.filename}: {error.strerror}") from error
    return grpc.ssl_server_credentials([pair], client_ca, require_client_auth=client_ca is not None)


def serve_metrics(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> None:
    """Prometheus metrics over HTTP on the loopback interface."""
    host, port = split_address(settings.metrics_address)
    try:
        httpd, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise ConfigurationError(f"cannot serve metrics on {settings.metrics_address}: {error.strerror}") from error
    stack.callback(thread.join)
    stack.callback(httpd.server_close)
    stack.callback(httpd.shutdown)
