"""Several servers on one PostgreSQL: real processes, each with its own data directory and the one key of the log."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from server.audit.tree.keys import KEY_FILE
from tests.loop.conftest import COMMAND


class OneOfSeveral:
    """A server that can be killed and started again. address: where it listens, another one after each start."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.address = ""
        self._process: subprocess.Popen[str] | None = None
        self.data.mkdir(parents=True, mode=0o700)
        self.config.write_text(
            f'[server]\naddress = "127.0.0.1:0"\ndata_dir = "{self.data}"\ndatabase_url = "{url}"\n'
            "parsers = 1\nthreads = 1\n"
        )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def config(self) -> Path:
        return self.folder / "countersign.toml"

    def take_key(self, other: OneOfSeveral) -> None:
        """Servers on one log sign with one key; the operator hands it to each of them."""
        shutil.copy(other.data / KEY_FILE, self.data / KEY_FILE)

    def start(self) -> None:
        command = [*COMMAND, "--config", str(self.config), "serve"]
        with (self.folder / "server.log").open("a") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self._process.stdout.readline() if self._process.stdout else ""
        assert " on " in line, (self.folder / "server.log").read_text()[-3000:]
        self.address = line.split(" on ")[1].split(",")[0]

    def kill(self) -> None:
        """SIGKILL: nothing is finished. Its parsers see the end of their pipes."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            os.kill(process.pid, number)
            process.wait(60)
            if process.stdout:
                process.stdout.close()
