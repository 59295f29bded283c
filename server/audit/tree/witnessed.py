"""Checkpoints that somebody outside vouches for: storing what was gathered, and receipts against them.

A row grows: witnesses' lines and a timestamp come in as they are given. Only what was verified may be handed in here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from core.errors import IntegrityError
from countersign.verify.checkpoint import parse_body
from countersign.verify.errors import VerificationError
from countersign.verify.note import NoteSignature, WitnessKey, add_signatures, parse_note
from server.audit.entries.entry import Recorded
from server.audit.sql.statements import insert_for
from server.audit.sql.tables import witnessed
from server.audit.tree.generations import read_generations, signing_key
from server.audit.tree.head import Head
from server.audit.tree.merkle import proof_tiles
from server.audit.tree.receipts import ReceiptParts, make_receipt
from server.audit.tree.tiles import read_tiles

_NEWEST = select(witnessed).order_by(witnessed.c.size.desc()).limit(1)
# The second signature line is the first witness's: rows that only have a timestamp are passed over.
_COSIGNED = _NEWEST.where(witnessed.c.note.like("%\n\n— %\n— %"))
_STAMPED = _NEWEST.where(witnessed.c.timestamp.is_not(None))


@dataclass(frozen=True, slots=True)
class Witnessed:
    """size: entries. note: the checkpoint with the log's signature first, then witnesses'. timestamp: RFC 3161 token
    (DER) over SHA-256 of the note text, None if there is none.
    """

    size: int
    note: str
    timestamp: bytes | None

    def has(self, key: WitnessKey) -> bool:
        """Whether a line in the name of `key` is there."""
        return any(line.claims(key) for line in parse_note(self.note).signatures)


def newest_cosigned(connection: Connection) -> Witnessed | None:
    """The newest checkpoint that at least one witness cosigned."""
    return _one(connection, _COSIGNED)


def newest_stamped(connection: Connection) -> Witnessed | None:
    """The newest checkpoint that has a timestamp."""
    return _one(connection, _STAMPED)


def add_cosignatures(connection: Connection, head: Head, lines: Sequence[NoteSignature]) -> Witnessed:
    """Keep `lines` (verified, one a witness) with the checkpoint of `head`; a witness that is there already stays.

    Within a transaction that holds the head's lock.
    """
    found = _at(connection, head)
    present = {(line.name, line.key_id) for line in parse_note(found.note).signatures}
    new = [line for line in lines if (line.name, line.key_id) not in present]
    return _keep(connection, Witnessed(found.size, add_signatures(found.note, new), found.timestamp))


def add_timestamp(connection: Connection, head: Head, token: bytes) -> Witnessed:
    """Keep `token` (verified, DER) with the checkpoint of `head`; one that is there already, and so older, stays."""
    found = _at(connection, head)
    return _keep(connection, Witnessed(found.size, found.note, found.timestamp or token))


def witnessed_receipt(connection: Connection, recorded: Recorded) -> ReceiptParts | None:
    """A receipt against the newest checkpoint that a witness cosigned; None while none covers the entry.

    Its proof carries the cosignatures; its log_key is the key that signed that checkpoint, which after a rotation may
    be an earlier one. IntegrityError as `receipts.stored_receipt`.
    """
    found = newest_cosigned(connection)
    return None if found is None or recorded.index >= found.size else receipt_against(connection, recorded, found)


def receipt_against(connection: Connection, recorded: Recorded, checkpoint: Witnessed) -> ReceiptParts:
    """A receipt against a stored checkpoint; recorded.index < checkpoint.size."""
    try:
        log_key = signing_key(checkpoint.note, read_generations(connection))
        head = Head(checkpoint.size, parse_body(parse_note(checkpoint.note).text).root, checkpoint.note)
    except VerificationError as error:
        raise IntegrityError(f"a stored checkpoint or key is damaged: {error}; run `log fsck`") from error
    if log_key is None:
        raise IntegrityError(f"no key of the log signed the checkpoint of {checkpoint.size} entries; run `log fsck`")
    stored = read_tiles(connection, proof_tiles(recorded.index, head.size))
    try:
        return make_receipt(recorded, head, stored.__getitem__, log_key)
    except (KeyError, IndexError) as error:
        raise IntegrityError("tiles of the log are missing; run `log fsck`") from error


def _at(connection: Connection, head: Head) -> Witnessed:
    """What is stored at the size of `head`, or its bare checkpoint."""
    found = _one(connection, select(witnessed).where(witnessed.c.size == head.size))
    if found is None:
        return Witnessed(head.size, head.checkpoint, None)
    if parse_note(found.note).text != parse_note(head.checkpoint).text:
        raise IntegrityError(f"the log signed another tree of {head.size} entries before; run `log fsck`")
    return found


def _one(connection: Connection, statement: Select[Any]) -> Witnessed | None:
    row = connection.execute(statement).one_or_none()
    return None if row is None else Witnessed(row.size, row.note, row.timestamp)


def _keep(connection: Connection, row: Witnessed) -> Witnessed:
    statement = insert_for(connection, witnessed)
    values = {"note": row.note, "timestamp": row.timestamp}
    replacing = statement.on_conflict_do_update(index_elements=[witnessed.c.size], set_=values)
    connection.execute(replacing, {"size": row.size, **values})
    return row
