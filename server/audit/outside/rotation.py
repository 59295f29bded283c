"""Rotation of the log's key, so that whoever trusted the old key can go on to trust the new one.

    1. The new key is made and is safe on disk.
    2. An entry that names it is recorded: the old key signs it into the tree.
    3. In one transaction the statement of both keys is stored and the new key signs the head. From here on the old key
       cannot go on with the log, and no server that still holds it can record anything.
    4. The new key's file takes the old one's place; the old one is kept beside it.

A crash before 3 leaves the log with the old key: `rotate_key_file` called again goes on with the key that was made.
A crash after 3 leaves it with the new key, which `keys.load_or_create` finds and puts into its place.
`announce` and `take_over` are all there is to rotate a key that lies in a KMS or HSM.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from core.errors import ConfigurationError, IntegrityError
from countersign.verify.errors import VerificationError
from countersign.verify.rotation import Rotation, sign_rotation
from server.audit.entries.entry import Entry, Recorded
from server.audit.log import AuditLog
from server.audit.outside.announcements import announcement, missing_announcements
from server.audit.store import open_store, parse_url
from server.audit.tree.generations import (
    Generation,
    add_generation,
    read_generations,
    read_standing,
    read_stored_generations,
    trusted_keys,
)
from server.audit.tree.head import HeadSigner, read_head, write_head
from server.audit.tree.keys import (
    KEY_FILE,
    NEXT_FILE,
    CheckpointSigner,
    FileSigner,
    create_key,
    load_current,
    load_key,
    load_or_create,
    promote_next,
    verifier_of,
)
from server.audit.tree.mark import write_mark

STATEMENT_FILE = "log.rotation"
"""With the generation behind a dot: its statement, to be handed on."""


class Log(Protocol):
    """What a rotation needs of `AuditLog`."""

    async def append(self, entry: Entry) -> Recorded:
        """Record an entry with the key that is in use."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """The keys of one rotation, and the name of the log."""

    old: CheckpointSigner
    new: CheckpointSigner
    origin: str


async def announce(log: Log, change: Change) -> Recorded:
    """Step 2. The entry of an earlier attempt is found again."""
    with log.reading() as connection:
        number = read_generations(connection)[-1].number + 1
    old, new = (str(verifier_of(signer, change.origin)) for signer in (change.old, change.new))
    return await log.append(announcement(number, old, new))


def take_over(connection: Connection, change: Change) -> Generation:
    """Step 3, within a transaction that holds the head's lock. What is written shows nothing before its commit.

    ConfigurationError if the old key is not the log's any more; IntegrityError if `announce` did not come before, or
    the earlier rotations do not hold.
    """
    old, new = HeadSigner(change.old, change.origin), HeadSigner(change.new, change.origin)
    # 1. The new key MUST sign nothing that the old one has not signed: it has not seen the tree grow.
    head = read_head(connection, lock=True)
    old.assert_owns(head)
    # 2. Both keys say so, and whoever trusts the old one will be able to follow.
    found = read_generations(connection)
    statement = sign_rotation(Rotation(old.key, new.key, head.size), change.old.sign, change.new.sign)
    generation = Generation(found[-1].number + 1, str(new.key), head.size, statement)
    try:
        trusted_keys([*found, generation], old.key)
    except VerificationError as error:
        raise IntegrityError(f"the log's keys do not hang together: {error}; run `log fsck`") from error
    for missing in missing_announcements(connection, [found[-1], generation]):
        raise IntegrityError(missing)
    # 3. The same tree, signed by the new key.
    add_generation(connection, generation)
    write_head(connection, new.head(head.size, head.root))
    return generation


async def rotate_key_file(url: str, directory: Path, origin: str) -> AsyncIterator[str]:
    """Rotate the key in `directory`/log.key; says each step once it is done, for people. Run it to its end.

    ConfigurationError if the log has no entries and no key yet, if another process writes it (SQLite), or if the key in
    `directory` is not the log's.
    """
    standing = read_standing(url)
    if standing is None:
        raise ConfigurationError("the log has no key yet: it gets one when a server first opens it")
    old = load_current(directory, origin, standing)
    if old is None:
        load_or_create(directory, origin, standing)
        yield f"finished the rotation that was cut short: generation {standing.generation} is in {directory / KEY_FILE}"
        yield _write_statement(url, directory)
        return
    # 1. The new key, or the one that an earlier attempt made.
    change = Change(old, _next(directory), origin)
    vkey = verifier_of(change.new, origin)
    yield f"the new key {vkey} is in {directory / NEXT_FILE}"
    # 2. Under the old key.
    log = await AuditLog.open(url, old, origin, mark_dir=directory, share=False)
    try:
        recorded = await announce(log, change)
    finally:
        await log.close()
    yield f"entry {recorded.index} names it"
    # 3. From here on, under the new one.
    generation = _take_over(url, directory, change)
    yield f"it signs the log from {generation.since_size} entries on, as generation {generation.number}"
    # 4. What is left is to move files.
    promote_next(directory, standing.generation)
    load_or_create(directory, origin, read_standing(url))
    yield f"it is in {directory / KEY_FILE}; the old key is kept in {directory / KEY_FILE}.{standing.generation}"
    yield _write_statement(url, directory)
    if parse_url(url).drivername != "sqlite":
        yield f"servers that still have the old key record nothing now: copy {KEY_FILE} to them and start them again"


def _take_over(url: str, directory: Path, change: Change) -> Generation:
    store = open_store(url, mark_dir=directory)
    try:
        if not store.claim():
            raise ConfigurationError("another process writes this log; stop it, and rotate again")
        with store.writing() as connection:
            generation = take_over(connection, change)
            checkpoint = read_head(connection).checkpoint
        write_mark(store.mark, checkpoint)
        return generation
    finally:
        store.close()


def _write_statement(url: str, directory: Path) -> str:
    """A copy of the newest one for others; the log keeps its own."""
    newest = read_stored_generations(url)[-1]
    path = directory / f"{STATEMENT_FILE}.{newest.number}"
    path.write_text(newest.statement, encoding="utf-8")
    return f"{path} is for witnesses and for everybody who pinned the old key"


def _next(directory: Path) -> FileSigner:
    path = directory / NEXT_FILE
    if not path.exists():
        create_key(path)
    return load_key(path)
