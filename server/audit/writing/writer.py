"""Who takes work and gets it recorded: the interface, and the writer that does it in this process.

Another one hands it to the process that writes (`forwarding`). A writer knows no reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

from sqlalchemy import Connection

from core.errors import ConfigurationError, IntegrityError, Unavailable
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from countersign.verify.trust import TrustedKey
from server.audit.entries.entry import Recorded
from server.audit.sql import schema
from server.audit.store import Store
from server.audit.tree.generations import read_generations, trusted_keys
from server.audit.tree.head import Head, HeadSigner, read_head, start_log
from server.audit.tree.mark import read_mark
from server.audit.tree.recent import Recent
from server.audit.tree.tiles import extends
from server.audit.writing.appender import Appender, Work
from server.audit.writing.backlog import GroupLimits
from server.audit.writing.group_commit import GroupCommit

_RETRY_AFTER = 60.0  # seconds; an operator has to come


class Writer(Protocol):
    """Takes work on one event loop. Every method may raise Unavailable; the same call may then be made again."""

    @property
    def is_local(self) -> bool:
        """Whether it is this process that writes."""
        ...

    @property
    def recent(self) -> Recent | None:
        """What this process committed last; None where it commits nothing, and before it did."""
        ...

    async def submit(self, work: Work) -> Recorded:
        """Wait until `work` is committed; or raise its error."""
        ...

    async def ping(self) -> None:
        """Return if work would be recorded now."""
        ...

    async def close(self) -> None:
        """Finish what waits, and take nothing more."""
        ...


class LocalWriter:
    """Writes in this process, which has claimed the right to. Made by `start`."""

    def __init__(self, store: Store, signer: HeadSigner, limits: GroupLimits, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._appender = Appender(store, signer, clock)
        self._group = GroupCommit(self._appender.append, limits)

    @classmethod
    async def start(cls, store: Store, signer: HeadSigner, limits: GroupLimits, clock: Callable[[], datetime]) -> Self:
        """A writer, once the database was held against everything that the log relies on.

        ConfigurationError if the schema, the durability settings, the key or the high-water mark forbid to go on.
        """
        await asyncio.to_thread(_verify, store, signer)
        return cls(store, signer, limits, clock)

    @property
    def is_local(self) -> bool:
        """It is."""
        return True

    @property
    def recent(self) -> Recent | None:
        """What this process committed last."""
        return self._appender.recent

    async def submit(self, work: Work) -> Recorded:
        """Wait until `work` is committed."""
        return await self._group.submit(work)

    async def ping(self) -> None:
        """Where the latest batch failed, it tries to write, so that health comes back without a caller to lose."""
        self._group.assert_open()
        failure = self._group.failure
        if isinstance(failure, IntegrityError):
            # No write would tell: to the database the log is sound, and nothing is appended to it all the same.
            raise Unavailable(str(failure), retry_after=_RETRY_AFTER) from failure
        if failure is not None:
            await asyncio.to_thread(self._store.assert_writable)

    async def close(self) -> None:
        """Commit what waits, then stop."""
        await self._group.close()


def assert_ours(connection: Connection, signer: HeadSigner) -> None:
    """Raise ConfigurationError unless this release and this key can go on with the log."""
    schema.assert_current(connection)
    signer.assert_owns(read_head(connection))


def _verify(store: Store, signer: HeadSigner) -> None:
    store.assert_durable()
    with store.writing() as connection:
        schema.assert_current(connection)
        start_log(connection, signer)
        assert_ours(connection, signer)
        _assert_extends_mark(connection, read_head(connection), store.mark, _keys(connection, signer.key))


def _keys(connection: Connection, own: VerifierKey) -> tuple[TrustedKey, ...]:
    """Every key that the log had, for any size.

    What an earlier key signed was acknowledged; a database that was put back and rotated has another term for it.
    """
    try:
        return tuple(TrustedKey(each.key) for each in trusted_keys(read_generations(connection), own))
    except VerificationError as error:
        raise ConfigurationError(f"the log's keys do not hang together: {error}; run `log fsck`") from error


def _assert_extends_mark(connection: Connection, head: Head, path: Path | None, keys: Sequence[TrustedKey]) -> None:
    """To append to an older state of the log would sign a second history. MUST be refused."""
    if path is None or (not head.size and not path.exists()):
        return  # a log that begins has none
    mark = read_mark(path, keys)
    if mark is not None and not extends(connection, head.size, mark.size, mark.root):
        raise ConfigurationError(
            f"the log has {head.size} entries, but it acknowledged {mark.size} that it does not hold any more: it was "
            f"restored from a backup or damaged. Run `log fsck`; to go on without them, take {path} away"
        )
