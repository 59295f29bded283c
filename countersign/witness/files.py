"""Files that survive a crash and a power failure whole: the old content or the new one, never a part.

Knows nothing of what it writes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Puts `data` in the place of `path`. When this returns it is on the disk. Raises OSError, and then it is not."""
    beside = _write_beside(path, data)
    try:
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_new(path: Path, make: Callable[[], bytes]) -> bool:
    """Writes what `make` gives unless `path` exists; of two that race, one wins whole. Says whether it wrote."""
    if path.exists():
        return False
    beside = _write_beside(path, make())
    try:
        # Unlike a rename, a link does not take the place of what somebody else put there meanwhile.
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    sync_directory(path.parent)
    return True


def sync_directory(directory: Path) -> None:
    """Makes the names in `directory` as durable as the files behind them."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_beside(path: Path, data: bytes) -> Path:
    """`data` in a new file of mode 0600 in the same folder, on the disk."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    return beside
