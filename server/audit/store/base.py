"""What the log needs of a database. The two stores differ in how they keep these promises, never in the promises.

A store knows connections, transactions, durability and who may write. It knows no table.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from sqlalchemy import Connection

Dialect: TypeAlias = Literal["sqlite", "postgresql"]


class Store(Protocol):
    """One log's database. Every method may be called from any thread, and may raise Unavailable."""

    @property
    def dialect(self) -> Dialect:
        """Which store it is."""
        ...

    @property
    def mark(self) -> Path | None:
        """Where the high-water mark is kept (see `server.audit.tree.mark`); None where nobody said where to."""
        ...

    @property
    def rendezvous(self) -> Path | None:
        """The socket at which other processes meet the one that writes; None where each of them may write."""
        ...

    def claim(self) -> bool:
        """Take the right to write, held until `release`; False while another process has it. Repeating it is fine."""
        ...

    def release(self) -> None:
        """Give the right to write back, if it was held."""
        ...

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction, committed when the block ends and rolled back when it raises.

        From its first statement it excludes every other `writing` on this database, of this process and of others, and
        it sees everything that those committed. Unavailable without the right to write, and where a commit failed:
        then it may or may not have happened.
        """
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot of what is committed, the same for every statement in the block; it cannot write."""
        ...

    def assert_durable(self) -> None:
        """Raise ConfigurationError unless a commit reaches the disk before it returns. Asked of the database."""
        ...

    def assert_writable(self) -> None:
        """Raise Unavailable unless a commit reaches the disk now: a full one goes on being read."""
        ...

    def close(self) -> None:
        """Give back connections and the right to write. A second call does nothing."""
        ...
