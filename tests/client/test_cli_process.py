"""What only a process of its own can show: Ctrl-C, a terminal, and a pipe that closes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.client.fake_server import FakeServer

ROOT = Path(__file__).resolve().parents[2]


def start(server: FakeServer, *words: str | Path, **streams: Any) -> subprocess.Popen[bytes]:
    """The command as a user starts it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COUNTERSIGN_ADDRESS": server.address, "TERM": "xterm"}
    command = [sys.executable, "-m", "countersign", *map(str, words)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, **streams)


@pytest.mark.parametrize(
    "words", [["screen", "slow.png"], ["enhance", "slow.png", "-o", "out.png", "--task", "upscale"]]
)
def test_ctrl_c_stops_the_work_here_and_there(server: FakeServer, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "slow.png").write_bytes(b"SLOW work")
    with start(server, *words, "--json", stderr=subprocess.PIPE) as process:
        assert server.slow_started.wait(30)
        time.sleep(0.5)  # on a busy machine the call arrives before gRPC has built the object that stands for it
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert server.slow_cancelled.wait(10)
    assert [path.name for path in tmp_path.iterdir()] == ["slow.png"]


def test_progress_goes_to_a_terminal_on_stderr_and_json_alone_to_stdout(server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"a photo")
    ours, theirs = pty.openpty()
    with start(server, "screen", "photo.png", "--json", stderr=theirs) as process:
        os.close(theirs)
        shown = bytearray()
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:
            pass  # how Linux says that the other end of a terminal is closed
        out, _ = process.communicate(timeout=30)
    os.close(ours)
    assert process.returncode == 0
    assert json.loads(out)[0]["action"] == "ALLOW"
    assert b"examining photo.png" in shown
