"""Statements of reasons as JSON Lines: each line is the body of one request to the Transparency Database's API."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from core.errors import InvalidInput, PreconditionFailed
from server.audit.export.dsa.mapping import DsaMapping
from server.audit.export.dsa.stating import statements_of
from server.audit.reading.queries import History


class StatementLines:
    """Holds nothing back."""

    wants_events = True

    def __init__(self, mapping: DsaMapping) -> None:
        self._mapping = mapping

    def add(self, histories: Sequence[History]) -> bytes:
        """The statements of each, in the order of the log; none for decisions that restricted nothing.

        PreconditionFailed if one cannot be stated: to leave it out in silence would be a false report.
        """
        return b"".join(line for history in histories for line in self._lines(history))

    def end(self) -> bytes:
        """Nothing."""
        return b""

    def _lines(self, history: History) -> Iterator[bytes]:
        try:
            for statement in statements_of(history, self._mapping):
                yield json.dumps(statement.as_json()).encode() + b"\n"
        except InvalidInput as error:
            raise PreconditionFailed(f"decision {history.decision.decision_id} cannot be stated: {error}") from error
