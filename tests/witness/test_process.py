"""The witness as a partner runs it: a process that is killed at any moment and forgets nothing that it said."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Thread

import pytest

from countersign.verify.cosignature import merge_cosignatures, verify_cosignature
from countersign.verify.note import WitnessKey, parse_note
from tests.verify.world import ENTRIES, FIRST, SECOND, entry, rotation
from tests.witness.asking import body

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"witness (\S+) listens on http://127\.0\.0\.1:([0-9]+)\n")


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "countersign", "witness", *map(str, words)]


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command(*words), env=environment, capture_output=True, text=True, timeout=60, check=False)


class Running:
    """A witness in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], key: str, port: int) -> None:
        self.process = process
        self.key = WitnessKey.parse(key)
        self.port = port

    def ask(self, data: bytes) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", "/add-checkpoint", data)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@contextmanager
def serving(data_dir: Path, *words: str | Path) -> Iterator[Running]:
    options = ["--data-dir", data_dir, "--log-key", FIRST.key, "--address", "127.0.0.1:0", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command("serve", *map(str, options)), env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            ready = READY.fullmatch(process.stdout.readline())
            assert ready
            yield Running(process, ready[1], int(ready[2]))
        finally:
            process.kill()


def test_it_says_when_it_is_ready_and_cosigns(tmp_path: Path) -> None:
    shown = run("key", "--data-dir", tmp_path / "data", "--name", "witness.example/w1")
    with serving(tmp_path / "data") as witness:
        assert shown.stdout == f"{witness.key}\n"
        status, line = witness.ask(body(0, 5))
        assert status == 200
        note = merge_cosignatures(FIRST.checkpoint(5, ENTRIES), line, [witness.key])
        assert abs(verify_cosignature(parse_note(note), witness.key) - time.time()) < 60
        second = run("serve", "--data-dir", tmp_path / "data", "--log-key", str(FIRST.key))
        assert (second.returncode, second.stdout) == (2, "")
        assert "another witness runs" in second.stderr
        witness.process.send_signal(signal.SIGTERM)
        assert witness.process.wait(10) == 0
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_key_can_be_shown_as_json(tmp_path: Path) -> None:
    view = json.loads(run("key", "--data-dir", tmp_path / "data", "--name", "w", "--json").stdout)
    assert view["name"] == "w"
    assert str(WitnessKey.parse(view["key"])) == view["key"]


def test_a_rotation_is_told_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "statement").write_text(rotation(FIRST, SECOND, 6))
    with serving(tmp_path / "data", "--rotation", tmp_path / "statement") as witness:
        assert witness.ask(body(0, 6))[0] == 200
        assert witness.ask(body(6, 9))[0] == 403
        assert witness.ask(body(6, 9, signer=SECOND))[0] == 200


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--log-key", "no key"], "verifier key"),
        (["--log-key", str(FIRST.witness)], "type 0x01"),
        (["--log-key", str(FIRST.key), "--address", "nowhere"], "not an address"),
        (["--log-key", str(FIRST.key), "--address", "127.0.0.1:70000"], "not an address"),
        (["--log-key", str(FIRST.key), "--address", "192.0.2.1:7380"], "cannot listen"),
        (["--log-key", str(FIRST.key), "--name", "a b"], "cannot name"),
    ],
)
def test_settings_that_cannot_work_are_named(tmp_path: Path, words: list[str], reason: str) -> None:
    result = run("serve", "--data-dir", tmp_path / "data", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert reason in result.stderr
    assert "Traceback" not in result.stderr


def test_kill_9_at_any_moment_takes_back_nothing(tmp_path: Path) -> None:
    """The log grows one entry at a time until the witness is killed; it starts again from what it said last."""
    honest = [entry(number) for number in range(400)]
    fork = [*honest[:5], *(entry(number, "fork") for number in range(5, 400))]
    with serving(tmp_path / "data") as witness:
        assert witness.ask(body(0, 6, honest))[0] == 200
    said = 6
    for round_number in range(4):
        with serving(tmp_path / "data") as witness:
            size = stored(witness)
            # It may have stored one step more than it lived to say.
            assert said <= size <= said + 1
            assert witness.ask(body(size, size + 1, fork))[0] == 422
            assert witness.ask(body(size, size, fork))[0] == 409
            killer = Thread(target=kill_after, args=(witness.process, 0.05 + 0.04 * round_number))
            killer.start()
            said = grow(witness, honest, size)
            killer.join()
    assert said > 6


def stored(witness: Running) -> int:
    """The size that the witness has: what it answers to an old size that is wrong."""
    status, text = witness.ask(body(0, 1))
    assert status == 409
    return int(text)


def grow(witness: Running, entries: list[bytes], size: int) -> int:
    """The size that was acknowledged last before the witness died."""
    while size < len(entries):
        try:
            status, _ = witness.ask(body(size, size + 1, entries))
        except (OSError, HTTPException):
            return size
        assert status == 200
        size += 1
    return size


def kill_after(process: subprocess.Popen[str], seconds: float) -> None:
    time.sleep(seconds)
    process.kill()
