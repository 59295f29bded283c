"""The witness on the network: c2sp.org/tlog-witness over HTTP/1.1, for strangers.

    POST /add-checkpoint              cosigns, or says why not
    GET  /<origin hash>/checkpoint    what was cosigned last for the log whose origin has this SHA-256

Answers are signed and requests are, so that plain HTTP harms neither; put a proxy in front where TLS or limits for each
caller are wanted. A connection has so many seconds, so many bytes and one of so many places, whatever it does in them.
This module does not know what makes a checkpoint acceptable.
"""

from __future__ import annotations

import io
import re
import socket
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore
from typing import Any

from countersign.witness.limits import Limits, Patience
from countersign.witness.refusals import Refusal
from countersign.witness.witness import Witness

_LENGTH = re.compile(r"[0-9]{1,9}")
_LATEST = re.compile(r"/([0-9a-f]{64})/checkpoint")
_TEXT = "text/plain; charset=utf-8"
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class WitnessServer(ThreadingHTTPServer):
    """Serves `witness` from the moment it is made; `serve_forever` answers. OSError if the address cannot be had."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, host: str, port: int, witness: Witness, report: Callable[[str], None], limits: Limits | None = None
    ) -> None:
        """host: an IPv4 or IPv6 address or a name. port: 0 takes a free one. report: told of failures, for people."""
        self.witness = witness
        self.limits = limits or Limits()
        self.report = report
        self._places = BoundedSemaphore(self.limits.connections)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Binds without asking the resolver for a name of this machine, which may take long and is not used."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def url(self) -> str:
        """The submission prefix."""
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Gives the connection a thread if there is a place, and turns it away otherwise."""
        if not self._places.acquire(blocking=False):
            _turn_away(request)
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be started
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Runs in the thread of the connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class calls it so
        """Reports a defect of this program. A connection that broke is nobody's concern."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.report(f"a request ended in a defect: {type(error).__name__}: {error}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    error_message_format = "%(message)s\n"
    error_content_type = _TEXT
    server: WitnessServer

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(Patience(self.connection, self.server.limits))

    def version_string(self) -> str:
        """What the header Server says: not which Python this is."""
        return "countersign-witness"

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        body = self._body()
        if body is not None:
            self._answer(*self._cosign(body))

    def do_GET(self) -> None:
        if self.headers.get_all("Content-Length") or self.headers.get_all("Transfer-Encoding"):
            self.close_connection = True  # a body that nobody reads must not be taken for the next request
        match = _LATEST.fullmatch(self.path)
        note = self.server.witness.latest(match[1]) if match else None
        if note is None:
            self._answer(HTTPStatus.NOT_FOUND, _TEXT, "nothing was cosigned here\n")
        else:
            self._answer(HTTPStatus.OK, _TEXT, note)

    def _cosign(self, body: bytes) -> tuple[int, str, str]:
        try:
            return HTTPStatus.OK, _TEXT, self.server.witness.add_checkpoint(body)
        except Refusal as refusal:
            return refusal.status, refusal.content_type, f"{refusal}\n"
        except OSError as error:
            self.server.report(f"a checkpoint could not be stored, and was not cosigned: {error}")
            return HTTPStatus.INTERNAL_SERVER_ERROR, _TEXT, "the witness cannot store what it sees\n"

    def _body(self) -> bytes | None:
        """The body; None, after an answer, where its length is not stated once, is too large or does not come."""
        lengths = self.headers.get_all("Content-Length") or []
        if self.headers.get_all("Transfer-Encoding") or len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]):
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
            return None
        length = int(lengths[0])
        if length > self.server.limits.body:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = self.rfile.read(length)
        if len(body) < length:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return None
        return body

    def _refuse(self, status: HTTPStatus) -> None:
        """Answers, and closes: what was not read of the request must not be taken for the next one."""
        self.close_connection = True
        self._answer(status, _TEXT, f"{status.phrase}\n")

    def _answer(self, status: int, content_type: str, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Nothing: who asks is not recorded, and what they send would only fill the disk."""


def _turn_away(connection: socket.socket) -> None:
    try:
        connection.settimeout(0)
        connection.send(_BUSY)
    except OSError:
        return  # it will find out by itself
