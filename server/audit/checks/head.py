"""The signed head, and checkpoints that were seen earlier or elsewhere, against the stored tree."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from countersign.verify.checkpoint import Checkpoint, open_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import EMPTY_ROOT
from countersign.verify.note import VerifierKey
from server.audit.checks.report import Findings
from server.audit.rows import extends
from server.audit.tables import entries, log_head


def check_head(connection: Connection, key: VerifierKey, findings: Findings) -> Checkpoint | None:
    """The signed checkpoint of the log; None if there is none to believe."""
    rows = connection.execute(select(log_head)).all()
    if not rows and connection.execute(select(entries.c.log_index).limit(1)).first() is None:
        return Checkpoint(key.name, 0, EMPTY_ROOT)  # migrated, and never opened by a server
    if len(rows) != 1:
        findings.add("head", None, f"the log has {len(rows)} heads")
        return None
    row = rows[0]
    try:
        checkpoint = open_checkpoint(row.checkpoint, key)
    except VerificationError as error:
        findings.add("head", None, f"the checkpoint does not hold: {error}")
        return None
    if (row.id, row.size, row.root) != (1, checkpoint.size, checkpoint.root):
        findings.add("head", None, "the head is not what its checkpoint says")
    return checkpoint


def check_history(connection: Connection, size: int, seen: Sequence[str], key: VerifierKey, findings: Findings) -> None:
    """That the log still extends every checkpoint in `seen` (signed notes by `key`)."""
    for note in seen:
        try:
            checkpoint = open_checkpoint(note, key)
        except VerificationError as error:
            findings.add("history", None, f"a checkpoint to compare with does not hold: {error}")
            continue
        if checkpoint.size > size:
            detail = f"the log has {size} entries, but it signed a checkpoint over {checkpoint.size}"
            findings.add("history", size, detail)
        elif not extends(connection, size, checkpoint.size, checkpoint.root):
            findings.add("history", None, f"the first {checkpoint.size} entries are not those that were signed once")
