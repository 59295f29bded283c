"""A real witness as a process of its own, as a partner runs it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.audit.making import VKEY

ROOT = Path(__file__).parents[2]


class WitnessProcess:
    """`countersign witness serve`, which can be stopped and started again on the same address."""

    def __init__(self, directory: Path, name: str, log_key: str = VKEY) -> None:
        self._directory = directory
        self._name = name
        self._log_key = log_key
        self._port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self.rotations: Sequence[Path] = ()
        self.key = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        command = [sys.executable, "-m", "countersign", "witness", "serve", "--data-dir", str(self._directory)]
        command += ["--name", self._name, "--log-key", self._log_key, "--address", f"127.0.0.1:{self._port}"]
        command += [word for path in self.rotations for word in ("--rotation", str(path))]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        found = re.match(r"witness (\S+) listens on ", line)
        if found is None:
            raise RuntimeError(f"the witness did not start: {line!r}")
        self.key = found[1]

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
