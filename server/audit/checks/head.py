"""The log's keys, its signed head, and checkpoints that were seen earlier or elsewhere, against the stored tree."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from countersign.verify.checkpoint import Checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import EMPTY_ROOT
from countersign.verify.note import VerifierKey
from countersign.verify.trust import TrustedKey, open_trusted
from server.audit.checks.raw import raw
from server.audit.checks.report import Findings
from server.audit.checks.tiles import starts_with
from server.audit.outside.announcements import missing_announcements
from server.audit.sql.tables import entries, log_head, log_keys
from server.audit.tree.generations import Generation, trusted_keys


def check_keys(connection: Connection, pinned: VerifierKey, findings: Findings) -> tuple[TrustedKey, ...]:
    """The keys of the log, oldest first, by the word of `pinned`: that one alone where the others do not hold."""
    rows = connection.execute(raw(log_keys).order_by(log_keys.c.generation)).all()
    if not rows:
        if connection.execute(raw(log_head)).first() is not None:
            findings.add("key", None, "the log has a head, but no key")
        return (TrustedKey(pinned),)
    if any(tuple(map(type, row)) != (int, str, int, str) for row in rows):
        findings.add("key", None, "the log's keys are not what the log writes")
        return (TrustedKey(pinned),)
    generations = [Generation(*row) for row in rows]
    try:
        trusted = trusted_keys(generations, pinned)
    except VerificationError as error:
        findings.add("key", None, f"the log's keys do not hang together: {error}")
        return (TrustedKey(pinned),)
    for problem in missing_announcements(connection, generations):
        findings.add("key", None, problem)
    return trusted


def check_head(connection: Connection, keys: Sequence[TrustedKey], findings: Findings) -> Checkpoint | None:
    """The signed checkpoint of the log; None if there is none to believe. keys: oldest first."""
    rows = connection.execute(raw(log_head)).all()
    newest = keys[-1].key
    if not rows and connection.execute(raw(entries, "log_index").limit(1)).first() is None:
        return Checkpoint(newest.name, 0, EMPTY_ROOT)  # migrated, and never opened by a server
    if len(rows) != 1:
        findings.add("head", None, f"the log has {len(rows)} heads")
        return None
    row = rows[0]
    try:
        checkpoint, signer = opened(row.checkpoint, keys)
    except VerificationError as error:
        findings.add("head", None, f"the checkpoint does not hold: {error}")
        return None
    if signer.key != newest:
        findings.add("head", None, "the checkpoint is signed by a key that was replaced")
    if (row.id, row.size, row.root) != (1, checkpoint.size, checkpoint.root):
        findings.add("head", None, "the head is not what its checkpoint says")
    return checkpoint


def check_history(
    connection: Connection, size: int, seen: Sequence[str], keys: Sequence[TrustedKey], findings: Findings
) -> None:
    """That the log still extends every checkpoint in `seen` (signed notes by one of `keys`)."""
    for note in seen:
        try:
            checkpoint, _ = opened(note, keys)
        except VerificationError as error:
            findings.add("history", None, f"a checkpoint to compare with does not hold: {error}")
            continue
        if checkpoint.size > size:
            detail = f"the log has {size} entries, but it signed a checkpoint over {checkpoint.size}"
            findings.add("history", size, detail)
        elif not starts_with(connection, size, checkpoint):
            findings.add("history", None, f"the first {checkpoint.size} entries are not those that were signed once")


def opened(note: object, keys: Sequence[TrustedKey]) -> tuple[Checkpoint, TrustedKey]:
    """The checkpoint in `note` and who signed it; VerificationError for anything else."""
    if not isinstance(note, str):
        raise VerificationError("it is not text")
    return open_trusted(note, keys)
