"""One run of fsck over one snapshot: which check comes after which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from core.errors import Cancelled
from countersign.verify.note import VerifierKey
from countersign.verify.trust import TrustedKey
from server.audit.checks.evidence import check_evidence
from server.audit.checks.head import check_head, check_history, check_keys
from server.audit.checks.log import LogCheck
from server.audit.checks.raw import guarded
from server.audit.checks.report import Findings, Progress, Report
from server.audit.checks.store import check_schema, check_store
from server.audit.checks.witnessed import Outside, check_witnessed
from server.audit.sql.tables import entries
from server.audit.tree.merkle import WIDTH


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to examine by. pinned: a key of the log. seen: checkpoints that it has to extend. now: microseconds.

    outside, progress, cancelled: as of `fsck`.
    """

    pinned: VerifierKey
    seen: Sequence[str]
    outside: Outside
    now: int
    progress: Progress
    cancelled: Callable[[], bool]


@dataclass(slots=True)
class Examination:
    """One run, and what it found."""

    wanted: Wanted
    findings: Findings = field(default_factory=Findings)
    _keys: tuple[TrustedKey, ...] = ()
    _size: int = 0
    _root: bytes = b""

    def run(self, connection: Connection) -> None:
        """Every check. One that cannot be run is a finding, and does not keep the others from running.

        Raises Cancelled between two pieces of work.
        """
        self._keys = (TrustedKey(self.wanted.pinned),)
        checks: dict[str, Callable[[Connection], None]] = {
            # 1. The store, and what it is made of.
            "the store": lambda it: check_store(it, self.findings),
            "the schema": lambda it: check_schema(it, self.findings),
            # 2. Who may have signed the log.
            "the keys": self._check_keys,
            # 3. The log, and everything that repeats it or belongs to it.
            "the log": self._check_log,
            "the evidence": lambda it: check_evidence(it, self.findings),
            # 4. What was seen of it elsewhere.
            "the history": lambda it: check_history(it, self._size, self.wanted.seen, self._keys, self.findings),
            "the witnesses": lambda it: check_witnessed(it, self._size, self._keys, self.wanted.outside, self.findings),
        }
        for what, check in checks.items():
            self._go_on(what, 0, 0)
            guarded(connection, self.findings, what, lambda check=check: check(connection))  # type: ignore[misc]
        self._go_on("", 0, 0)

    def report(self) -> Report:
        """What was found."""
        return self.findings.report(self._size, self._root)

    def _check_keys(self, connection: Connection) -> None:
        self._keys = check_keys(connection, self.wanted.pinned, self.findings)

    def _check_log(self, connection: Connection) -> None:
        # What the log signed decides how many entries there must be.
        checkpoint = check_head(connection, self._keys, self.findings)
        count = connection.execute(select(func.count()).select_from(entries)).scalar_one()
        self._size = count if checkpoint is None else checkpoint.size
        log = LogCheck(connection, self._size, self.wanted.now, self.findings)
        for start in range(0, min(self._size, count + WIDTH), WIDTH):
            self._go_on("the log", start, self._size)
            log.add(start, min(start + WIDTH, self._size))
        if self._size > count:
            self.findings.add("order", None, f"the log has {count} entries, but it signed {self._size}")
        self._root = log.finish(checkpoint.root if checkpoint else None)

    def _go_on(self, what: str, done: int, size: int) -> None:
        if self.wanted.cancelled():
            raise Cancelled("the examination was cancelled")
        self.wanted.progress(what, done, size)
