"""The high-water mark: the newest checkpoint, kept in a file beside the database.

A database cannot tell that it is an older state of itself. A restored backup, or one changed byte in SQLite's
write-ahead log, which SQLite takes for the end of it, silently drops entries that were acknowledged; to go on from
there would sign two histories. The mark, written after each commit, tells the one from the other. It is no second
log: it is signed, replaced each time, and worth nothing against someone who changes both files; for that, hand
checkpoints to a witness.
"""

from __future__ import annotations

import logging
from pathlib import Path

from countersign.verify.checkpoint import Checkpoint, open_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey

_LOG = logging.getLogger(__name__)


def mark_path(database: Path) -> Path:
    """Where the mark of a database lies."""
    return database.with_name(database.name + ".checkpoint")


def write_mark(path: Path, checkpoint: str) -> None:
    """Replace the mark. MUST be called after the commit: a mark ahead of the database would be a false alarm.

    Not forced to disk: after a power failure an older mark, or none, does no harm. A failure is logged, because the
    entries it would speak for are recorded already.
    """
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_text(checkpoint, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        _LOG.warning("the high-water mark of the log was not written: %s", error)


def read_mark(path: Path, key: VerifierKey) -> Checkpoint | None:
    """The mark, None if there is none that `key` signed: a torn file is no proof of anything."""
    try:
        return open_checkpoint(path.read_text(encoding="utf-8"), key)
    except (OSError, UnicodeDecodeError, VerificationError) as error:
        _LOG.info("the log has no usable high-water mark: %s", error)
        return None
