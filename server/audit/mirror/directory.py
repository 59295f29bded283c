"""A directory that a mirror is written to: durable, in an order that no reader can trip over.

MUST hold: when `checkpoint` is replaced, every tile that it needs lies on the disk under its name. So everything is
written first and forced to the disk, then the checkpoint is renamed into its place. What an interrupted run leaves
behind is overwritten by the next one. This module knows nothing of trees or databases.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import ConfigurationError
from countersign.durable import sync
from countersign.mirror.layout import CHECKPOINT, ENTRIES, ROTATIONS, TILES
from countersign.mirror.reading import MAX_NOTE, read_plain
from countersign.verify.checkpoint import Checkpoint, parse_body
from countersign.verify.errors import VerificationError
from countersign.verify.note import parse_note

_LOCK = ".lock"
_OURS = {CHECKPOINT, TILES, ROTATIONS, _LOCK}
_AT_ONCE = 1000


class MirrorDirectory:
    """One run's view of the directory. Made by `opened`, which keeps other runs out."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._written: list[Path] = []
        self._folders: set[Path] = {root}
        self._obsolete: list[Path] = []

    @property
    def has_entries(self) -> bool:
        """Whether this is a mirror with entries."""
        return (self._root / ENTRIES).is_dir()

    def checkpoint(self) -> Checkpoint | None:
        """What the directory is a mirror of so far; None if nothing yet. ConfigurationError if it cannot be read.

        Its signature is not looked at: it is the log that is held against it, and not the reverse.
        """
        try:
            return parse_body(parse_note(read_plain(self._root / CHECKPOINT, MAX_NOTE).decode()).text)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, VerificationError) as error:
            raise ConfigurationError(f"{self._root / CHECKPOINT} is no checkpoint: {error}") from error

    def put(self, path: str, data: bytes) -> None:
        """Write a file whole or not at all. It is durable only after `finish`."""
        place = self._root / path
        self._make_folder(place.parent)
        beside = place.with_name(f".{place.name}.new")
        beside.write_bytes(data)
        beside.replace(place)
        self._written.append(place)
        self._folders.add(place.parent)
        if len(self._written) >= _AT_ONCE:
            self._sync_written()

    def supersede(self, path: str) -> None:
        """Let go of the partial tiles in whose place the full one at `path` was put."""
        partial = self._root / f"{path}.p"
        if partial.is_dir():
            self._obsolete.append(partial)

    def finish(self, checkpoint: str) -> None:
        """Make everything durable, then let the checkpoint speak for it."""
        self._sync_written()
        for folder in sorted(self._folders):
            sync(folder)
        # Allowed now, and before the checkpoint moves on: who lacks a partial tile takes the full one (tlog-tiles).
        for partial in self._obsolete:
            shutil.rmtree(partial)
        self.put(CHECKPOINT, checkpoint.encode())
        self._sync_written()
        sync(self._root)

    def _sync_written(self) -> None:
        """Forced to the disk after many were written: the first call waits for most of them, the others for little."""
        for path in self._written:
            sync(path)
        self._written.clear()

    def _make_folder(self, folder: Path) -> None:
        """The folder, and those above it; each new one is an entry of the one above, which has to be synced too."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            each.mkdir()
            self._folders |= {each, each.parent}


@contextmanager
def opened(root: Path) -> Iterator[MirrorDirectory]:
    """The directory, made if there is none. ConfigurationError if it holds something else, another run is at work
    on it, or it cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        foreign = sorted(set(os.listdir(root)) - _OURS - {f".{CHECKPOINT}.new"})  # noqa: PTH208 - names, not paths
        if foreign:
            raise ConfigurationError(
                f"{root} holds {foreign[0]!r}, which is no part of a mirror; take another directory"
            )
        with (root / _LOCK).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigurationError(f"another process is writing the mirror in {root}") from error
            yield MirrorDirectory(root)
    except OSError as error:
        raise ConfigurationError(f"the mirror in {root} cannot be written: {error.strerror or error}") from error
