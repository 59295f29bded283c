"""The witness on the network: the answers of c2sp.org/tlog-witness, and callers that mean harm."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.verify.cosignature import merge_cosignatures, verify_cosignature
from countersign.verify.note import parse_note
from countersign.witness.folder import Folder, origin_hash
from countersign.witness.limits import Limits
from countersign.witness.server import WitnessServer
from countersign.witness.witness import Witness
from tests.verify.world import ENTRIES, FIRST, FORK, ORIGIN, STRANGER, Signer
from tests.witness.asking import body

QUICK = Limits(body=4096, seconds=0.5, bytes=16384, connections=3)


@contextmanager
def serving(witness: Witness, reports: list[str], limits: Limits | None = None) -> Iterator[WitnessServer]:
    with WitnessServer("127.0.0.1", 0, witness, reports.append, limits) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def server(witness: Witness, reports: list[str]) -> Iterator[WitnessServer]:
    with serving(witness, reports) as running:
        yield running


@pytest.fixture
def impatient(witness: Witness, reports: list[str]) -> Iterator[WitnessServer]:
    with serving(witness, reports, QUICK) as running:
        yield running


def connect(server: WitnessServer) -> HTTPConnection:
    return HTTPConnection(server.server_name, server.server_port, timeout=10)


def ask(
    server: WitnessServer, method: str, path: str, data: bytes | None = None, **headers: str
) -> tuple[HTTPResponse, str]:
    with closing(connect(server)) as connection:
        connection.request(method, path, data, headers={name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        return answer, answer.read().decode()


def submit(server: WitnessServer, data: bytes) -> tuple[int, str | None, str]:
    answer, text = ask(server, "POST", "/add-checkpoint", data)
    return answer.status, answer.getheader("Content-Type"), text


def raw(server: WitnessServer, data: bytes) -> bytes:
    """Everything that comes back until the witness closes."""
    with socket.create_connection((server.server_name, server.server_port), timeout=10) as connection:
        connection.sendall(data)
        found = b""
        while chunk := connection.recv(65536):
            found += chunk
        return found


def test_the_answers_of_the_specification(server: WitnessServer) -> None:
    status, _, line = submit(server, body(0, 5))
    assert status == 200
    merged = merge_cosignatures(FIRST.checkpoint(5, ENTRIES), line, [server.witness.key])
    assert verify_cosignature(parse_note(merged), server.witness.key)
    assert submit(server, body(0, 9)) == (409, "text/x.tlog.size", "5\n")
    assert submit(server, body(5, 9))[0] == 200
    assert submit(server, body(9, 12, FORK))[0] == 422
    status, kind, text = submit(server, body(9, 9, FORK))
    assert (status, kind) == (409, "text/plain; charset=utf-8")
    assert text.startswith("SPLIT VIEW")
    assert submit(server, body(9, 5))[0] == 400
    assert submit(server, b"not a request")[0] == 400
    assert submit(server, body(0, 5, signer=STRANGER))[0] == 403
    assert submit(server, body(0, 5, signer=Signer.numbered(1, "log.example/other")))[0] == 404


def test_the_latest_cosigned_checkpoint_can_be_read(server: WitnessServer) -> None:
    path = f"/{origin_hash(ORIGIN)}/checkpoint"
    assert ask(server, "GET", path)[0].status == 404
    submit(server, body(0, 5))
    answer, note = ask(server, "GET", path)
    assert answer.status == 200
    assert verify_cosignature(parse_note(note), server.witness.key)
    for other in ("/", f"/{'0' * 64}/checkpoint", "/../logs", f"{path}?x", "/add-checkpoint"):
        assert ask(server, "GET", other)[0].status == 404


def test_one_connection_can_ask_again_and_again(server: WitnessServer) -> None:
    with closing(connect(server)) as connection:
        for first, second in ((0, 1), (1, 2), (0, 5), (2, 5)):
            connection.request("POST", "/add-checkpoint", body(first, second))
            answer = connection.getresponse()
            answer.read()
            assert answer.status == (200 if first or second == 1 else 409)


@pytest.mark.parametrize("path", ["/", "/add-checkpoint/", "/add-entries"])
def test_there_is_one_thing_to_post_to(server: WitnessServer, path: str) -> None:
    answer, _ = ask(server, "POST", path, body(0, 5))
    assert (answer.status, answer.getheader("Connection")) == (404, "close")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT"])
def test_other_methods_are_refused(server: WitnessServer, method: str) -> None:
    assert ask(server, method, "/add-checkpoint")[0].status == 501


def test_what_python_it_is_remains_unsaid(server: WitnessServer) -> None:
    assert ask(server, "GET", "/")[0].getheader("Server") == "countersign-witness"


HEAD = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"\r\n", b"411"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nold 0\r\n0\r\n\r\n", b"411"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nold 0", b"411"),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nold 0", b"411"),
        (b"Content-Length: -5\r\n\r\nold 0", b"411"),
        (b"Content-Length: +5\r\n\r\nold 0", b"411"),
        (b"Content-Length: 1_0\r\n\r\nold 0", b"411"),
        (b"Content-Length: 99999999999999999999\r\n\r\nold 0", b"411"),
        (b"Content-Length: 4097\r\n\r\nold 0", b"413"),
        (b"X: y\r\n" * 101 + b"\r\n", b"431"),
    ],
)
def test_lengths_that_are_unclear_or_too_large_end_the_connection(
    impatient: WitnessServer, headers: bytes, status: bytes
) -> None:
    answer = raw(impatient, HEAD + headers)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1") == 1


def test_a_body_that_is_no_part_of_a_request_is_not_the_next_one(impatient: WitnessServer) -> None:
    hidden = HEAD + b"Content-Length: 5\r\n\r\nold 0"
    answer = raw(impatient, b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(hidden) + hidden)
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("sent", [b"", b"POST", HEAD, HEAD + b"Content-Length: 100\r\n\r\nold"])
def test_whoever_stops_talking_is_cut_off(impatient: WitnessServer, sent: bytes) -> None:
    begun = time.monotonic()
    assert raw(impatient, sent) == b""
    assert time.monotonic() - begun < 5


def test_a_byte_now_and_then_buys_no_time(impatient: WitnessServer) -> None:
    begun = time.monotonic()
    with socket.create_connection((impatient.server_name, impatient.server_port), timeout=0.05) as connection:
        while not closed(connection):
            assert time.monotonic() - begun < 5


def closed(connection: socket.socket) -> bool:
    """Sends one byte, and says whether the other side has had enough."""
    try:
        connection.sendall(b"X")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_connection_has_so_many_bytes(impatient: WitnessServer) -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(90))
    assert len(lines) > QUICK.bytes
    try:
        assert raw(impatient, HEAD + lines + b"Content-Length: 5\r\n\r\nold 0") == b""
    except ConnectionResetError:
        return  # what was not read makes the other side reset instead of closing


def test_more_connections_than_places_are_turned_away(impatient: WitnessServer) -> None:
    address = (impatient.server_name, impatient.server_port)
    held = [socket.create_connection(address, timeout=10) for _ in range(QUICK.connections)]
    try:
        time.sleep(0.2)
        assert raw(impatient, b"").startswith(b"HTTP/1.1 503")
    finally:
        for connection in held:
            connection.close()
    deadline = time.monotonic() + 10
    while submit(impatient, body(0, 5))[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_disk_that_is_full_is_said_to_both_sides(
    server: WitnessServer, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: Folder, _origin: str, _note: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", full)
        status, _, text = submit(server, body(0, 5))
    assert (status, text) == (500, "the witness cannot store what it sees\n")
    assert "No space left" in reports[0]
    assert submit(server, body(0, 5))[0] == 200


def test_a_defect_is_reported_and_ends_one_connection_only(
    server: WitnessServer, reports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_witness: Witness, _body: bytes) -> str:
        raise ZeroDivisionError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(Witness, "add_checkpoint", broken)
        assert raw(server, HEAD + b"Content-Length: 5\r\n\r\nold 0") == b""
    assert reports == ["a request ended in a defect: ZeroDivisionError: a defect"]
    assert submit(server, body(0, 5))[0] == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: HEAD + data))
def test_noise_does_no_harm(impatient: WitnessServer, reports: list[str], data: bytes) -> None:
    with socket.create_connection((impatient.server_name, impatient.server_port), timeout=10) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert reports == []


def test_it_listens_on_ipv6(witness: Witness, reports: list[str]) -> None:
    with WitnessServer("::1", 0, witness, reports.append) as server:
        assert server.url == f"http://[::1]:{server.server_port}"


def test_the_folder_of_the_tests_is_the_witnesss_own(server: WitnessServer, tmp_path: Path) -> None:
    submit(server, body(0, 5))
    for path in (tmp_path / "data").rglob("*.checkpoint"):
        assert path.stat().st_mode & 0o077 == 0
