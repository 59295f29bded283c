"""A server in a process of its own, and the command line beside it: nothing here is faked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from countersign import Client
from server.demo import files

COMMAND = [sys.executable, "-m", "countersign"]


@dataclass
class Served:
    """A running server and how to talk to it. config: the file that both sides read."""

    config: Path
    data_dir: Path
    address: str
    process: subprocess.Popen[str]

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """Standard output of `countersign …`, which must end with `code`."""
        environment = {**os.environ, "COUNTERSIGN_CONFIG": str(self.config), "COUNTERSIGN_ADDRESS": self.address}
        command = [*COMMAND, *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == code, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.run(*arguments, "--json", code=code))

    def client(self) -> Client:
        return Client(self.address)

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(60) == 0

    def url(self) -> str:
        return f"sqlite:///{self.data_dir / 'countersign.db'}"


def start(folder: Path, more: str = "", *, known: bool = False) -> Served:
    """more: further tables of the server's configuration. known: whether a picture is put on its list before."""
    config = folder / "countersign.toml"
    config.write_text(f'[server]\naddress = "127.0.0.1:0"\ndata_dir = "{folder / "data"}"\nparsers = 2\n{more}')
    if known:
        (folder / "known.jpg").write_bytes(files.known())
        add = [*COMMAND, "--config", str(config), "known", "add", str(folder / "known.jpg"), "--list", "tests"]
        subprocess.run(add, check=True, capture_output=True, timeout=60)
    command = [*COMMAND, "--config", str(config), "serve"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    line = process.stdout.readline() if process.stdout else ""
    assert " on " in line, (folder / "server.log").read_text()
    return Served(config, folder / "data", line.split(" on ")[1].split(",")[0], process)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the module's own."""
    yield from running(start(tmp_path_factory.mktemp("served"), known=True))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all modules that ask for nothing but enhanced files and what is told of these; nobody stops it.

    What one of them sends MUST NOT be a copy of what another had made: that would be recognised.
    """
    yield from running(start(tmp_path_factory.mktemp("shared")))


def running(served: Served) -> Iterator[Served]:
    yield served
    if served.process.poll() is None:
        served.stop()
    if served.process.stdout:
        served.process.stdout.close()
