"""The keys that the log signed with, one generation after the other, and whether they hang together.

Each rotation is a statement that the old key and the new one signed (`countersign.verify.rotation`), and an entry of
kind "key" that the old key signed into the tree. Rows of `log_keys` are believed by nobody: `trusted_keys` checks them
against a key that the caller trusts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey, parse_note
from countersign.verify.rotation import Rotation, open_rotation, verify_chain
from countersign.verify.trust import TrustedKey
from server.audit.sql.tables import log_head, log_keys
from server.audit.store import open_store
from server.audit.tree.keys import Standing


@dataclass(frozen=True, slots=True)
class Generation:
    """A key of the log. number: 0 for the first. vkey: C2SP verifier key. since_size: entries when it took over.

    statement: the rotation note that brought it in, "" for the first.
    """

    number: int
    vkey: str
    since_size: int
    statement: str


def read_generations(connection: Connection) -> tuple[Generation, ...]:
    """Every key of the log, oldest first; none where no server has opened the log yet."""
    rows = connection.execute(select(log_keys).order_by(log_keys.c.generation))
    return tuple(Generation(row.generation, row.vkey, row.since_size, row.statement) for row in rows)


def add_generation(connection: Connection, generation: Generation) -> None:
    """Store a further key. MUST happen in the transaction that signs the head with it."""
    row = {
        "generation": generation.number,
        "vkey": generation.vkey,
        "since_size": generation.since_size,
        "statement": generation.statement,
    }
    connection.execute(insert(log_keys).values(**row))


def read_standing(url: str) -> Standing | None:
    """Whose log the one at `url` is; None while it has no head. Its schema is up to date. Needs no right to write."""
    store = open_store(url, readers=1)
    try:
        with store.reading() as connection:
            checkpoint = connection.execute(select(log_head.c.checkpoint)).scalar_one_or_none()
            if checkpoint is None:
                return None
            found = read_generations(connection)
            return Standing(checkpoint, found[-1].number if found else 0)
    finally:
        store.close()


def read_stored_generations(url: str) -> tuple[Generation, ...]:
    """Every key of the log at `url`, as `read_generations`. Needs no right to write."""
    store = open_store(url, readers=1)
    try:
        with store.reading() as connection:
            return read_generations(connection)
    finally:
        store.close()


def trusted_keys(found: Sequence[Generation], pinned: VerifierKey) -> tuple[TrustedKey, ...]:
    """The log's keys with the sizes that each speaks for, oldest first, on the word of `pinned`, which is one of them.

    VerificationError unless the rows are numbered without a gap, each names the key and size of its statement, and the
    statements lead from `pinned` to every one of them.
    """
    if not found:
        return (TrustedKey(pinned),)
    keys = [VerifierKey.parse(each.vkey) for each in found]
    for place, each in enumerate(found):
        if each.number != place:
            raise VerificationError(f"generation {place} of the log's keys is missing")
        if place == 0:
            if each.since_size or each.statement:
                raise VerificationError("the log's first key has a predecessor")
        elif open_rotation(each.statement) != Rotation(keys[place - 1], keys[place], each.since_size):
            raise VerificationError(f"the statement of generation {place} is about other keys or another size")
    trusted = {each.key: each for each in verify_chain([pinned], [each.statement for each in found[1:]])}
    if set(trusted) != set(keys):
        raise VerificationError(f"{pinned} is none of the log's keys")
    return tuple(trusted[key] for key in keys)


def signing_key(note: str, found: Sequence[Generation]) -> str | None:
    """Which of the log's keys is said to have signed `note`, the newest first; None if none. Nothing is verified."""
    lines = parse_note(note).signatures
    for each in reversed(found):
        key = VerifierKey.parse(each.vkey)
        if any(line.claims(key) for line in lines):
            return each.vkey
    return None
