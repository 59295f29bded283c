"""Unix sockets in the file system: paths of any length, one user, and never somebody else's socket."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): process, user, group


def listen(path: Path) -> socket.socket:
    """A listening socket at `path`, which only this user may open. Replaces what is there: the caller MUST hold the
    writer's lock, so that nobody listens at it any more.
    """
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as address:
            listening.bind(address)
        # Before it listens: nobody can have connected under other permissions.
        path.chmod(0o600)
        listening.listen()
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def connect(path: Path) -> socket.socket:
    """A connection to the socket at `path`. OSError if nobody listens there, or another user does."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # A full queue of a busy listener is an error at once, and never a wait: this runs on the event loop.
        connection.setblocking(False)
        with _short(path) as address:
            connection.connect(address)
        assert_same_user(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def assert_same_user(connection: socket.socket) -> None:
    """Raise ConnectionError unless the process at the other end runs as this one's user: the kernel says so."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, user, _ = _CREDENTIALS.unpack(data)
    if user != os.geteuid():
        raise ConnectionError(f"process {process} runs as user {user}")


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of `path` that fits into a socket's address, which holds 107 bytes."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
