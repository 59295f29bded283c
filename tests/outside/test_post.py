"""Asking strangers over HTTP: whatever they do, it ends in time and within bounds."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.errors import ConfigurationError, Unavailable
from server.audit.outside.post import Endpoint, Reply, post


@contextmanager
def answering(script: Callable[[socket.socket], None], *, peek: bool = False) -> Iterator[str]:
    """A server that runs `script` with each connection, once its first bytes have come. peek: leave them there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65536, socket.MSG_PEEK if peek else 0)
                        script(connection)
                    except OSError:
                        continue  # the client gave up, as it should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def ask(url: str, *, timeout: float = 5.0, limit: int = 1000) -> Reply:
    return post(Endpoint.parse(url, "/ask"), b"question", "text/plain", timeout=timeout, limit=limit)


def replies(data: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(data)


def drips(data: bytes, then: bytes = b"x") -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        connection.sendall(data)
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(then)

    return script


def test_an_answer_comes_back() -> None:
    heads: list[bytes] = []

    def script(connection: socket.socket) -> None:
        heads.append(b"")
        connection.sendall(
            b"HTTP/1.1 409 Conflict\r\nContent-Type: Text/X.tlog.size; a=b\r\nContent-Length: 3\r\n\r\n12\n"
        )

    with answering(script) as url:
        assert ask(url) == Reply(409, "text/x.tlog.size", b"12\n")
    assert len(heads) == 1


def test_redirects_are_not_followed() -> None:
    with answering(replies(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")) as url:
        assert ask(url).status == 302


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with answering(replies(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as url:
        assert ask(url).body == b"ok"


ENDLESS: dict[str, Callable[[socket.socket], None]] = {
    "nothing": lambda connection: time.sleep(1),
    "status line drips": drips(b"HTTP/1.1 200"),
    "headers drip": drips(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "one header drips": drips(b"HTTP/1.1 200 OK\r\nA: "),
    "body with a length drips": drips(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"),
    "body without a length drips": drips(b"HTTP/1.1 200 OK\r\n\r\n"),
    "chunks drip": drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "continues for ever": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS.keys())
def test_an_answer_without_end_ends_at_the_deadline(script: Callable[[socket.socket], None]) -> None:
    with answering(script) as url:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            ask(url, timeout=0.4)
        assert time.monotonic() - began < 2.5


BROKEN = {
    "no answer": b"",
    "not HTTP": b"\x16\x03\x01\x00\x00",
    "cut short": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nx",
    "too long": b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001,
    "too long without a length": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000,
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    "a header too long": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
    "a chunk of strange length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_none(answer: bytes) -> None:
    with answering(replies(answer)) as url, pytest.raises(Unavailable):
        ask(url)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="did not answer"):
        ask(f"http://127.0.0.1:{port}")


def test_a_server_that_speaks_no_tls_is_not_talked_to() -> None:
    with answering(replies(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) as url, pytest.raises(Unavailable):
        ask(url.replace("http:", "https:"))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Certificate and key of localhost, by itself."""
    path = tmp_path / "localhost.pem"
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    subject = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", *make.split(), "-addext", subject, "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def encrypting(certificate: Path) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def script(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            asked = b""
            # Who hangs up on what it has not read takes its answer along.
            while not asked.endswith(b"question") and (more := secure.recv(65536)):
                asked += more
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    return script


def test_certificates_are_checked(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(encrypting(certificate), peek=True) as url:
        address = url.replace("http:", "https:")
        with pytest.raises(Unavailable, match="certificate verify failed"):
            ask(address)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ask(address).body == b"ok"


def test_a_handshake_without_end_ends_at_the_deadline() -> None:
    with answering(lambda connection: time.sleep(1)) as url:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            ask(url.replace("http:", "https:"), timeout=0.3)
        assert time.monotonic() - began < 2.5


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://witness.example", Endpoint("https", "witness.example", 443, "/ask")),
        ("http://witness.example:8080/", Endpoint("http", "witness.example", 8080, "/ask")),
        ("https://witness.example/some/prefix/", Endpoint("https", "witness.example", 443, "/some/prefix/ask")),
        ("http://[::1]:81", Endpoint("http", "::1", 81, "/ask")),
    ],
)
def test_addresses(url: str, endpoint: Endpoint) -> None:
    assert Endpoint.parse(url, "/ask") == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "witness.example",
        "ftp://witness.example",
        "file:///etc/passwd",
        "https://",
        "https://user@witness.example",
        "https://witness.example?q",
        "https://witness.example/#f",
        "https://witness.example:99999",
        "https://witness.example/a b",
        "https://witness.example/a\r\nHost: b",
        "https://wïtness.example",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Endpoint.parse(url)
