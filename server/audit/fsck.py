"""fsck: recompute the whole log from its leaves, and hold everything stored against it.

Reads one snapshot, so that it can run beside a server that goes on recording; memory does not grow with the log.
What it finds: any change to a leaf, tile, head, row or blob, anything missing, added or reordered, damage to
SQLite's own structures, and, by the high-water mark and checkpoints seen earlier, a log that was cut back or replaced.
What it does not look at: the gaps in SQLite's pages, where nothing is stored. What it cannot find without checkpoints
from elsewhere: a log rewritten from the start by someone who holds the signing key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, func, or_, select

from core.errors import ConfigurationError
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from server.audit.checks.bundle import guarded, read_bundle
from server.audit.checks.entries import check_rows
from server.audit.checks.evidence import check_evidence
from server.audit.checks.head import check_head, check_history
from server.audit.checks.report import Damage, Findings, Report
from server.audit.checks.store import check_schema, check_store
from server.audit.checks.tree import TreeCheck
from server.audit.database import open_engine, sqlite_path
from server.audit.mark import mark_path
from server.audit.tables import decisions, detections, entries, open_intents
from server.audit.tree import WIDTH

__all__ = ["Damage", "Report", "fsck"]
_LOCK_TIMEOUT = 5.0


def fsck(url: str, vkey: str, seen: Sequence[str] = ()) -> Report:
    """Examine the log at `url`. vkey: the log's verifier key. seen: checkpoints (signed notes) from earlier;
    the high-water mark beside the database is one more.

    ConfigurationError if there is no database or `vkey` is no key; every damage is in the report instead.
    """
    path = sqlite_path(url)
    if not path.exists():
        raise ConfigurationError(f"there is no database at {path}")
    try:
        key = VerifierKey.parse(vkey.strip())
    except VerificationError as error:
        raise ConfigurationError(f"the log's verifier key cannot be used: {error}") from error
    engine = open_engine(path, mode="rw", begin="BEGIN", timeout=_LOCK_TIMEOUT, connections=1, query_only=True)
    mark = mark_path(path)
    examination = _Examination(key, [*seen, *([mark.read_text(errors="replace")] if mark.exists() else [])])
    try:
        guarded(examination.findings, "the database", lambda: examination.run(engine))
    finally:
        engine.dispose()
    return examination.report()


class _Examination:
    """One run: what was found, and the size and root of what was examined."""

    def __init__(self, key: VerifierKey, seen: Sequence[str]) -> None:
        self.findings = Findings()
        self._key = key
        self._seen = seen
        self._size = 0
        self._root = b""

    def run(self, engine: Engine) -> None:
        """Every check, within one snapshot. A check that fails to run does not keep the others from running."""
        with engine.connect() as connection, connection.begin():
            checks: dict[str, Callable[[], None]] = {
                "the file": lambda: check_store(connection, self.findings),
                "the schema": lambda: check_schema(connection, self.findings),
                "the log": lambda: self._check_log(connection),
                "the evidence": lambda: check_evidence(connection, self.findings),
            }
            for what, check in checks.items():
                guarded(self.findings, what, check)

    def report(self) -> Report:
        """What was found."""
        return self.findings.report(self._size, self._root)

    def _check_log(self, connection: Connection) -> None:
        # 1. What the log signed decides how many entries there must be.
        checkpoint = check_head(connection, self._key, self.findings)
        count = connection.execute(select(func.count()).select_from(entries)).scalar_one()
        self._size = count if checkpoint is None else checkpoint.size
        # 2. Every entry, with every row and hash that belongs to it, in the order of the log.
        tree = TreeCheck(connection, self._size, self.findings)
        for start in range(0, min(self._size, count + WIDTH), WIDTH):
            bundle = read_bundle(connection, start, min(start + WIDTH, self._size), self.findings)
            check_rows(connection, bundle, self.findings)
            tree.add(bundle)
        if self._size > count:
            self.findings.add("order", None, f"the log has {count} entries, but it signed {self._size}")
        # 3. The roots, and what stands outside the log.
        self._root = tree.finish(checkpoint.root if checkpoint else None)
        self._check_surplus(connection)
        check_history(connection, self._size, self._seen, self._key, self.findings)

    def _check_surplus(self, connection: Connection) -> None:
        for table in (entries, decisions, detections, open_intents):
            outside = or_(table.c.log_index < 0, table.c.log_index >= self._size)
            first = connection.execute(select(func.min(table.c.log_index)).where(outside)).scalar_one()
            if first is not None:
                self.findings.add("order", first, f"{table.name} has rows outside the log")
