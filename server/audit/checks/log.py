"""The log itself, piece by piece in its order, with everything that repeats it or belongs to it."""

from __future__ import annotations

from sqlalchemy import Connection

from server.audit.checks.bundle import Bundle, read_bundle
from server.audit.checks.documents import DocumentsCheck
from server.audit.checks.entries import check_entries, entries_outside
from server.audit.checks.erasures import check_erasures
from server.audit.checks.permissions import Permissions
from server.audit.checks.plaintext import check_plaintext, plaintext_outside
from server.audit.checks.postings import Belonging, PostingsCheck
from server.audit.checks.raw import guarded
from server.audit.checks.report import Findings
from server.audit.checks.states import events_outside, states_of
from server.audit.checks.tree import TreeCheck


class LogCheck:
    """Fed with the places of pieces in order, then `finish`. size: entries that there must be. now: microseconds."""

    def __init__(self, connection: Connection, size: int, now: int, findings: Findings) -> None:
        self._connection = connection
        self._size = size
        self._now = now
        self._findings = findings
        self._permissions = Permissions(connection)
        self._documents = DocumentsCheck(connection, findings)
        self._postings = PostingsCheck(connection, size, self._belonging, findings)
        self._tree = TreeCheck(connection, size, findings)

    def add(self, start: int, stop: int) -> None:
        """The entries from `start` to before `stop`: at most 256, those of one tile."""
        bundle = read_bundle(self._connection, start, stop, self._findings)
        what = f"what belongs to the entries from {start} to {stop - 1}"
        guarded(self._connection, self._findings, what, lambda: self._check_rows(bundle))
        self._tree.add(bundle)

    def finish(self, root: bytes | None) -> bytes:
        """What can only be told at the end. root: what the log signed, if that is known. The root over the leaves."""
        reached = self._tree.finish(root)
        entries_outside(self._connection, self._size, self._findings)
        events_outside(self._connection, self._size, self._findings)
        plaintext_outside(self._connection, self._size, self._findings)
        guarded(self._connection, self._findings, "the documents", self._documents.finish)
        guarded(self._connection, self._findings, "the index", self._postings.finish)
        return reached

    def _check_rows(self, bundle: Bundle) -> None:
        check_entries(self._connection, bundle, self._now, self._findings)
        check_erasures(self._connection, bundle, self._findings)
        self._documents.add(bundle)
        self._postings.add(bundle, self._belonging(bundle, self._findings))

    def _belonging(self, bundle: Bundle, findings: Findings) -> Belonging:
        subjects = check_plaintext(self._connection, bundle, self._permissions, findings)
        return Belonging(subjects, states_of(self._connection, bundle, findings))
