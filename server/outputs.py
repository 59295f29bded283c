"""The signed files that left, by digest, so that the same request gets the same bytes again.

Knows nothing of decisions; the audit log says which digest belongs to which request.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from core.errors import IntegrityError, Unavailable
from core.media import digest_of
from countersign.durable import replace_file, sync

MAX_BYTES = 1 << 30
"""More than any model here makes; what is larger was not put by us."""


class OutputStore:
    """Content-addressed files below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, data: bytes) -> str:
        """Stores `data` and returns its digest. When it returns, the file survives a power cut.

        Raises Unavailable when the disk does not take it.
        """
        digest = digest_of(data)
        target = self._path(digest)
        if target.exists():
            return digest
        try:
            target.parent.mkdir(exist_ok=True, mode=0o700)
            replace_file(target, data)
        except OSError as error:
            raise Unavailable(f"the output store does not take the file: {error.strerror}", retry_after=5.0) from error
        return digest

    def get(self, digest: str) -> bytes | None:
        """The file of that digest, None when it was removed. Raises IntegrityError when it is not what was put."""
        try:
            data = read_plain(self._path(digest))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise IntegrityError(f"the stored output {digest} cannot be read: {error.strerror}") from error
        if digest_of(data) != digest:
            raise IntegrityError(f"the stored output {digest} was altered on disk")
        return data

    def forget(self, digest: str) -> None:
        """Removes the file of that digest, if it is kept. Raises Unavailable when the disk does not let it go."""
        target = self._path(digest)
        try:
            target.unlink(missing_ok=True)
            if target.parent.exists():
                sync(target.parent)
        except OSError as error:
            raise Unavailable(f"the stored output {digest} cannot be removed: {error.strerror}") from error

    def _path(self, digest: str) -> Path:
        name = digest.removeprefix("sha256:")
        return self._folder / name[:2] / name


def read_plain(file: Path) -> bytes:
    """At most MAX_BYTES + 1 bytes of a plain file. Raises OSError for anything else.

    What a link points to may never end, and a pipe may never begin; either would take a thread for good.
    """
    handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        return stream.read(MAX_BYTES + 1)
