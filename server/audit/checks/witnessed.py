"""Checkpoints that somebody outside vouches for: the log signed them, and still starts with their trees.

Lines of witnesses and timestamps are checked for those that the caller names. Of others it can only be said that they
are about this checkpoint. A checkpoint that is missing here is no damage: nothing says how often witnesses answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from countersign.verify.cosignature import verify_cosignature
from countersign.verify.errors import VerificationError
from countersign.verify.note import SignedNote, WitnessKey, parse_note
from countersign.verify.timestamp import open_timestamp
from countersign.verify.trust import TrustedKey
from server.audit.checks.head import opened
from server.audit.checks.raw import in_pieces, index_of, raw
from server.audit.checks.report import Findings
from server.audit.checks.tiles import starts_with
from server.audit.sql.tables import witnessed


@dataclass(frozen=True, slots=True)
class Outside:
    """Who outside is believed. witnesses: their keys. roots: PEM certificates of time-stamping authorities."""

    witnesses: Sequence[WitnessKey] = ()
    roots: bytes | None = None


def check_witnessed(
    connection: Connection, size: int, keys: Sequence[TrustedKey], outside: Outside, findings: Findings
) -> None:
    """Every such checkpoint of a log of `size` entries."""
    for rows in in_pieces(connection, raw(witnessed), [witnessed.c.size]):
        for row in rows:
            for problem in _problems(connection, row, size, keys, outside):
                findings.add("witness", None, f"the witnessed checkpoint of {index_of(row.size)} entries {problem}")


def _problems(
    connection: Connection, row: Row[Any], size: int, keys: Sequence[TrustedKey], outside: Outside
) -> Iterator[str]:
    try:
        checkpoint, _ = opened(row.note, keys)
        note = parse_note(row.note)
    except VerificationError as error:
        yield f"does not hold: {error}"
        return
    if checkpoint.size != row.size:
        yield f"is one of {checkpoint.size}"
    if not starts_with(connection, size, checkpoint):
        yield "is not of this log"
    for witness in outside.witnesses:
        if any(line.claims(witness) for line in note.signatures):
            yield from _cosigned(note, witness)
    if row.timestamp is not None:
        yield from _stamped(row, note, outside.roots)


def _cosigned(note: SignedNote, witness: WitnessKey) -> Iterator[str]:
    try:
        verify_cosignature(note, witness)
    except VerificationError as error:
        yield f"has a false line of {witness.name}: {error}"


def _stamped(row: Row[Any], note: SignedNote, roots: bytes | None) -> Iterator[str]:
    if not isinstance(row.timestamp, bytes) or hashlib.sha256(note.text.encode()).digest() not in row.timestamp:
        yield "has a timestamp of something else"
    elif roots is not None:
        try:
            open_timestamp(row.timestamp, row.note, roots)
        except VerificationError as error:
            yield f"has a false timestamp: {error}"
