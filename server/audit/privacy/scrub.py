"""Making a database let go of the bytes of rows that were deleted.

SQLite overwrites them with zeros (`PRAGMA secure_delete`, set by the store on every connection that writes) in its
file, and keeps older copies of pages in its write-ahead log until that is taken over and cut to nothing; which is done
here. PostgreSQL keeps deleted rows until VACUUM takes them, and their bytes until the page is used again; that, its
own write-ahead log and its replicas are the operator's: see docs/privacy.md.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from server.audit.store import parse_url, sqlite_path

_LOG = logging.getLogger(__name__)
_PATIENCE = 5.0


def scrubber(url: str) -> Callable[[], None]:
    """What to call after a deletion in the database at `url`; on PostgreSQL it does nothing."""
    if parse_url(url).drivername != "sqlite":
        return _nothing
    path = sqlite_path(url)
    return lambda: _cut_log(path)


def _nothing() -> None:
    return None


def _cut_log(path: Path) -> None:
    """Best effort: a reader that stays in an old snapshot keeps SQLite from it. The next time does it then."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=_PATIENCE)) as connection:
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        _LOG.warning("the write-ahead log could not be cut after a deletion: %s", error)
        return
    if busy:
        _LOG.warning("the write-ahead log keeps deleted rows for now: something reads an old state of the database")
