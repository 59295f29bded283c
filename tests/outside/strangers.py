"""Witnesses in this process that do whatever a test wants of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countersign.verify.consistency import ConsistencyProof
from countersign.verify.cosignature import sign_cosignature
from countersign.verify.note import WitnessKey, parse_note

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
KEY = WitnessKey("witness.example/stranger", PRIVATE.public_key().public_bytes_raw())
SIZE = "text/x.tlog.size"
Answer = tuple[int, str, bytes]
Behaviour = Callable[[bytes], Answer]


@dataclass
class Stranger:
    """A running server. asked: the bodies that came."""

    url: str
    asked: list[bytes] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """The old sizes that it was asked with."""
        return [ConsistencyProof.parse(body.decode()).old_size for body in self.asked]


@contextmanager
def stranger(behave: Behaviour) -> Iterator[Stranger]:
    """A server that answers every POST with what `behave` makes of its body."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        found = Stranger(f"http://127.0.0.1:{server.server_address[1]}")

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                found.asked.append(body)
                status, kind, data = behave(body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                return

        server.RequestHandlerClass = Handler
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def cosigned(body: bytes, times: tuple[int, ...] = (1_800_000_000,)) -> bytes:
    """Lines by KEY over the checkpoint that was sent; nothing is checked before."""
    text = parse_note(ConsistencyProof.parse(body.decode()).checkpoint).text
    return "".join(str(sign_cosignature(text, KEY, PRIVATE.sign, time)) for time in times).encode()


def willing(body: bytes) -> Answer:
    """Cosigns whatever comes."""
    return 200, "text/plain", cosigned(body)
