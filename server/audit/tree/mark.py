"""The high-water mark: the newest checkpoint, kept in a file outside the database.

A database cannot tell that it is an older state of itself. A restored backup, or one changed byte in SQLite's
write-ahead log, which SQLite takes for the end of it, silently drops entries that were acknowledged; to go on from
there would sign two histories. The mark, written after each commit, tells the one from the other. It is no second
log: it is signed, replaced each time, and worth nothing against someone who changes both files; for that, hand
checkpoints to a witness.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from countersign.verify.checkpoint import Checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.trust import TrustedKey, open_trusted

_LOG = logging.getLogger(__name__)


def write_mark(path: Path | None, checkpoint: str) -> None:
    """Overwrite the mark; nothing where none is kept. MUST be called after the commit: a mark ahead of the database
    would be a false alarm.

    In place and not forced to disk: a renamed or truncated file costs a flush on ext4, as much as the commit itself.
    After a power failure an older mark, or a torn one, does no harm. A failure is logged, because the entries that
    the mark would speak for are recorded already.
    """
    if path is None:
        return
    data = checkpoint.encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(descriptor, data, 0)
            os.ftruncate(descriptor, len(data))
        finally:
            os.close(descriptor)
    except OSError as error:
        _LOG.warning("the high-water mark of the log was not written: %s", error)


def read_mark(path: Path | None, keys: Sequence[TrustedKey]) -> Checkpoint | None:
    """The mark, None if there is none that one of `keys` signed: a torn file is no proof of anything.

    keys: every one that the log had; the mark of a server that wrote last before a rotation is by an earlier one.
    """
    if path is None:
        return None
    try:
        return open_trusted(path.read_text(encoding="utf-8"), keys)[0]
    except (OSError, UnicodeDecodeError, VerificationError) as error:
        _LOG.info("the log has no usable high-water mark: %s", error)
        return None
