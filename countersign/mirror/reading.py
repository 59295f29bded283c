"""Reads the files of a mirror. They may come from anywhere: none is longer than it must be, or anything but a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from countersign.mirror.hashing import split_entries
from countersign.mirror.layout import CHECKPOINT, ENTRIES, ROTATIONS, WIDTH, Tile
from countersign.mirror.report import Findings
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import HASH_BYTES

MAX_NOTE = 1 << 20
MAX_ROTATIONS = 1000
# 256 entries of at most 65,535 bytes, each after its length.
MAX_BUNDLE = WIDTH * (2 + 0xFFFF)


class MirrorFiles:
    """The files under `directory`. What cannot be read is added to `findings` and given as None."""

    def __init__(self, directory: Path, findings: Findings) -> None:
        self._directory = directory
        self._findings = findings

    @property
    def has_entries(self) -> bool:
        """Whether this mirror holds entries, and not only their hashes."""
        return (self._directory / ENTRIES).is_dir()

    def checkpoint(self) -> str | None:
        """The checkpoint's note."""
        data = self._read(CHECKPOINT, None, MAX_NOTE)
        if data is None:
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            self._findings.add(CHECKPOINT, "it is not text")
            return None

    def tile(self, tile: Tile) -> bytes | None:
        """The hashes of a tile, of exactly its width."""
        wanted = tile.width * HASH_BYTES
        data = self._read(tile.path, tile.full_path, WIDTH * HASH_BYTES)
        # A partial tile may be gone once the full one is there, which starts with the same hashes.
        if data is None or len(data) == wanted or len(data) == WIDTH * HASH_BYTES:
            return None if data is None else data[:wanted]
        self._findings.add(tile.path, f"it has {len(data)} bytes, {tile.width} hashes have {wanted}")
        return None

    def entries(self, tile: Tile) -> list[bytes] | None:
        """The entries under a tile of level 0."""
        data = self._read(tile.entries_path, tile.full_entries_path, MAX_BUNDLE)
        if data is None:
            return None
        try:
            partial = tile.width < WIDTH and not (self._directory / tile.entries_path).exists()
            return split_entries(data, tile.width, more=partial)
        except VerificationError as error:
            self._findings.add(tile.entries_path, str(error))
            return None

    def _read(self, path: str, instead: str | None, limit: int) -> bytes | None:
        """The file at `path`, or at `instead` where there is none."""
        for candidate in (path, instead or path):
            try:
                data = read_plain(self._directory / candidate, limit)
            except FileNotFoundError:
                continue
            except OSError as error:
                self._findings.add(candidate, f"it cannot be read: {error.strerror or error}")
                return None
            if len(data) > limit:
                self._findings.add(candidate, f"it has more than {limit} bytes")
                return None
            return data
        self._findings.add(path, "it is missing")
        return None


def read_rotations(directory: Path) -> tuple[str, ...]:
    """The log's key-rotation statements that lie in a mirror, as they are. They need no trust: keys vouch for them."""
    found: list[str] = []
    for generation in range(1, MAX_ROTATIONS + 1):
        try:
            data = read_plain(directory / ROTATIONS / str(generation), MAX_NOTE)
        except OSError:
            break
        found.append(data.decode(errors="replace"))
    return tuple(found)


def read_plain(path: Path, limit: int) -> bytes:
    """At most `limit` + 1 bytes of a plain file; OSError for anything else: a pipe would keep the reader waiting."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123 - a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is no plain file")
        return file.read(limit + 1)
