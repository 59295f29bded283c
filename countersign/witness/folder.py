"""What a witness remembers: of each log the checkpoint that it cosigned last, and proofs of logs that showed two faces.

    DIR/logs/<SHA-256 of the origin, hex>.checkpoint    a note with the log's signatures and the witness's
    DIR/split-views/<hash>.ours, <hash>.theirs          two checkpoints of one size, both signed by the log
    DIR/lock                                            held while a witness runs: two would forget each other's answers

A witness that loses this folder forgets what it saw: keep a backup of the key only together with it. This module does
not know what makes a checkpoint worth remembering.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from countersign.durable import replace_file
from countersign.errors import ConfigurationError

# Only a log that signs two trees can fill this, and ten proofs convict it as well as a thousand.
MAX_SPLIT_VIEWS = 10


class Folder:
    """A witness's memory on disk. Made by `opened`."""

    def __init__(self, directory: Path) -> None:
        self._logs = directory / "logs"
        self._split_views = directory / "split-views"
        for folder in (self._logs, self._split_views):
            folder.mkdir(mode=0o700, exist_ok=True)
            for part in folder.glob(".*"):  # of a write that a crash cut short
                part.unlink()

    def read(self, origin: str) -> str | None:
        """The note that was stored for `origin`, None if there is none. Raises OSError and UnicodeDecodeError."""
        try:
            return self._path(origin).read_bytes().decode("utf-8")
        except FileNotFoundError:
            return None

    def write(self, origin: str, note: str) -> None:
        """Stores `note`. When this returns, a crash or a power failure does not take it back. Raises OSError."""
        replace_file(self._path(origin), note.encode())

    def keep_split_view(self, ours: str, theirs: str) -> Path | None:
        """Keeps two notes that convict a log; where they lie, None if enough are kept already. Raises OSError."""
        name = hashlib.sha256(theirs.encode()).hexdigest()[:32]
        path = self._split_views / f"{name}.theirs"
        if not path.exists() and len(list(self._split_views.glob("*.theirs"))) >= MAX_SPLIT_VIEWS:
            return None
        replace_file(path.with_suffix(".ours"), ours.encode())
        replace_file(path, theirs.encode())
        return path

    def _path(self, origin: str) -> Path:
        return self._logs / f"{origin_hash(origin)}.checkpoint"


def origin_hash(origin: str) -> str:
    """SHA-256 of the origin line in lower-case hex: a name that any origin can have in a file system or a URL."""
    return hashlib.sha256(origin.encode()).hexdigest()


@contextmanager
def opened(directory: Path) -> Iterator[Folder]:
    """The folder, made if need be, for this process alone. ConfigurationError if it cannot be used or is in use."""
    lock, folder = _claim(directory)
    with lock:
        yield folder


def _claim(directory: Path) -> tuple[BinaryIO, Folder]:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (directory / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock, Folder(directory)
        except OSError:
            lock.close()
            raise
    except BlockingIOError as error:
        raise ConfigurationError(f"another witness runs in {directory}", field="data_dir") from error
    except OSError as error:
        raise ConfigurationError(f"cannot use {directory}: {error.strerror}", field="data_dir") from error
