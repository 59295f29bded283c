"""fsck: recompute the whole log from its leaves, and hold everything stored against it, on either store.

Reads one snapshot, so that it can run beside servers that go on recording; memory does not grow with the log, and time
grows with its length.
What it finds: any change to a leaf, tile, head, key, row, private field or blob; anything missing that no erasure or
retention accounts for; anything added or reordered; damage to the store's own structures where the store can tell; and,
by the high-water mark and checkpoints seen earlier, a log that was cut back or replaced.
What it does not look at: the gaps in the store's pages. What it cannot find without checkpoints from elsewhere: a log
rewritten from the start by someone who holds the signing key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from core.errors import Cancelled, ConfigurationError, Unavailable
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey, WitnessKey
from server.audit.checks.examination import Examination, Wanted
from server.audit.checks.report import Damage, Progress, Report, Summary
from server.audit.checks.witnessed import Outside
from server.audit.entries.leaf import to_microseconds
from server.audit.store import Store, open_store
from server.audit.store.faults import reason

__all__ = ["Damage", "Outside", "Report", "Summary", "fsck", "witness_key"]
_Key = TypeVar("_Key")
# How many of SQLite's instructions may pass until it is asked whether to go on.
_INSTRUCTIONS = 1_000_000
_NOBODY = Outside()


def _silent(*_: object) -> None:
    """Nobody watches."""


def fsck(
    url: str,
    vkey: str,
    seen: Sequence[str] = (),
    *,
    mark_dir: Path | None = None,
    outside: Outside = _NOBODY,
    progress: Progress = _silent,
    cancelled: Callable[[], bool] = lambda: False,
    now: datetime | None = None,
) -> Report:
    """Examine the log at `url`.

    vkey: one of the log's verifier keys; the others are believed by its word. seen: checkpoints (signed notes) from
    earlier; the high-water mark is one more (mark_dir: where PostgreSQL's is, see `open_store`). outside: whose
    cosignatures and timestamps to check. progress: told how far it is. cancelled: asked again and again, from this
    thread; Cancelled is raised once it says so. now: by which intents are old.
    ConfigurationError if there is no database or `vkey` is no key; every damage is in the report instead.
    """
    key = _parsed(VerifierKey.parse, vkey, "the log's verifier key")
    with closing(open_store(url, mark_dir=mark_dir, readers=1, deadline=None)) as store:
        wanted = Wanted(
            pinned=key,
            seen=[*seen, *_mark_of(store)],
            outside=outside,
            now=to_microseconds(now or datetime.now(UTC)),
            progress=progress,
            cancelled=cancelled,
        )
        examination = Examination(wanted)
        try:
            with store.reading() as connection:
                _prepare(connection, cancelled)
                examination.run(connection)
        except Unavailable as error:
            if cancelled():
                raise Cancelled("the examination was cancelled") from error
            examination.findings.add("store", None, f"the database cannot be read: {reason(error)}")
    return examination.report()


def witness_key(text: str) -> WitnessKey:
    """A witness's verifier key, for `Outside`. ConfigurationError if it is none."""
    return _parsed(WitnessKey.parse, text, "a witness's key")


def _parsed(parse: Callable[[str], _Key], text: str, what: str) -> _Key:
    try:
        return parse(text.strip())
    except VerificationError as error:
        raise ConfigurationError(f"{what} cannot be used: {error}") from error


def _mark_of(store: Store) -> list[str]:
    return [store.mark.read_text(errors="replace")] if store.mark is not None and store.mark.exists() else []


def _prepare(connection: Connection, cancelled: Callable[[], bool]) -> None:
    """SQLite asks in the middle of a long statement whether to go on; PostgreSQL is told to look keys up."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(cancelled, _INSTRUCTIONS)
        return
    # Without statistics of a fresh table it would rather read all of it, for every piece of the log.
    for plan in ("enable_seqscan", "enable_hashjoin", "enable_mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL {plan} = off")
