"""Files that survive a crash and a power failure whole: the old content or the new one, never a part.

Knows nothing of what it writes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

SECRET_MODE = 0o600


def replace_file(path: Path, data: bytes, mode: int = SECRET_MODE) -> None:
    """Puts `data` in the place of `path`. When this returns it is on the disk. Raises OSError, and then it is not."""
    beside = _write_beside(path, data, mode)
    try:
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_new(path: Path, make: Callable[[], bytes]) -> bool:
    """Writes what `make` gives unless `path` exists; of two that race, one wins whole. Says whether it wrote."""
    if path.exists():
        return False
    beside = _write_beside(path, make(), SECRET_MODE)
    try:
        # Unlike a rename, a link does not take the place of what somebody else put there meanwhile.
        os.link(beside, path)
    except FileExistsError:
        return False
    finally:
        beside.unlink()
    sync(path.parent)
    return True


def sync(path: Path) -> None:
    """Forces a file to the disk, or the names in a directory: these are not durable with the files behind them."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_beside(path: Path, data: bytes, mode: int) -> Path:
    """`data` in a new file in the same folder, on the disk. Nobody else can read it before it has its mode."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside
