"""Operations: entries whose content or permission depends on what the log holds at that moment.

The appender runs an operation within the transaction that records it, while it holds the head's lock, so that nothing
comes between what `prepare` saw and what is recorded. An operation is a frozen dataclass of plain JSON values: it may
have to cross a socket to the process that writes. This module knows no particular one; `catalog` names them.
"""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection

from server.audit.entries.entry import Draft, Entry, Kind


class Operation(Protocol):
    """Something to record after a look. A second one with the same tenant, request_id and kind returns the entry of
    the first, and has no effect.
    """

    @property
    def tenant(self) -> str:
        """Whose log it is about."""
        ...

    @property
    def request_id(self) -> str:
        """Chosen by the caller."""
        ...

    @property
    def kind(self) -> Kind:
        """Of the entry that is recorded."""
        ...

    @property
    def request_digest(self) -> str:
        """Digest of what is asked for: the same request_id with another digest is a Conflict."""
        ...

    def prepare(self, connection: Connection) -> Entry:
        """What to record. Raises an error of `core.errors` where it must not be: then nothing is."""
        ...

    def apply(self, connection: Connection, index: int, draft: Draft) -> None:
        """The effects of the entry just inserted at `index`, in the same transaction."""
        ...
