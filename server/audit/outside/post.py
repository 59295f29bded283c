"""One HTTP POST to somebody outside, whom nothing is believed.

The whole exchange has one deadline, so that an answer that drips byte by byte holds nobody; the answer has a size
limit; redirects are answers like any other and are not followed; proxy variables of the environment are not read.
Only addresses that the operator configured are ever called. This module knows no protocol above HTTP.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.errors import ConfigurationError, Unavailable

_GRAPHIC = re.compile("[!-~]+")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to post to. scheme: "http" or "https". path: begins with a slash."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str, suffix: str = "") -> Endpoint:
        """`url` with `suffix` behind its path; ConfigurationError unless it is a plain http(s) URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        strange = parts.username is not None or parts.query or parts.fragment or not _GRAPHIC.fullmatch(url)
        if parts.scheme not in _PORTS or not parts.hostname or strange:
            raise ConfigurationError(f"{url!r} is not an address of the form https://HOST[:PORT][/PATH]")
        path = parts.path.rstrip("/") + suffix if suffix else parts.path
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path or "/")


@dataclass(frozen=True, slots=True)
class Reply:
    """status: of HTTP. kind: the media type, without parameters, in lower case. body: not longer than was allowed."""

    status: int
    kind: str
    body: bytes


def post(endpoint: Endpoint, body: bytes, kind: str, *, timeout: float, limit: int) -> Reply:
    """POST `body` (of media type `kind`) and read the answer. Blocks: call it in a thread.

    timeout: seconds for each address that is tried, and then for everything from the handshake to the last byte.
    limit: bytes of the answer's body. Unavailable if there is no whole answer within both.
    """
    try:
        with _connected(endpoint, timeout) as (connection, expired):
            headers = {"Content-Type": kind, "Connection": "close", "User-Agent": "countersign"}
            connection.request("POST", endpoint.path, body=body, headers=headers)
            response = connection.getresponse()
            data = response.read(limit + 1)
            # A body without a length ends where the connection does: one that we cut MUST NOT pass for a whole one.
            if expired.is_set():
                raise TimeoutError("it took too long")
            if len(data) > limit:
                raise Unavailable(f"{endpoint.host} answered with more than {limit} bytes")
            if response.length:  # a read of so many bytes does not complain of fewer
                raise http.client.IncompleteRead(data, response.length)
            return Reply(response.status, response.headers.get_content_type(), data)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{endpoint.host} did not answer: {error or type(error).__name__}") from error


@contextmanager
def _connected(endpoint: Endpoint, timeout: float) -> Iterator[tuple[http.client.HTTPConnection, threading.Event]]:
    """A connection that is cut at the deadline, and whether it was."""
    raw = socket.create_connection((endpoint.host, endpoint.port), timeout)
    expired = threading.Event()
    # A second handle on the same connection: TLS takes the first one over.
    handle = raw.dup()
    timer = threading.Timer(timeout, _cut, (handle, expired))
    timer.daemon = True
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port)
    timer.start()
    try:
        connection.sock = _encrypted(raw, endpoint)
        yield connection, expired
    finally:
        timer.cancel()
        connection.close()
        raw.close()
        timer.join()
        handle.close()


def _encrypted(raw: socket.socket, endpoint: Endpoint) -> socket.socket:
    if endpoint.scheme == "http":
        return raw
    return ssl.create_default_context().wrap_socket(raw, server_hostname=endpoint.host)


def _cut(handle: socket.socket, expired: threading.Event) -> None:
    expired.set()
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster
