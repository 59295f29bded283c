"""What was gathered, as the files of a case: a receipt for each entry, all of them against one checkpoint.

The checkpoint is the newest that somebody outside vouches for, if it covers every entry of the case: a witness's
signature is worth more than a few minutes. Otherwise it is the newest there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from countersign.verify.canonical import canonical_json
from countersign.verify.case import layout
from countersign.verify.case.archive import MAX_BYTES
from countersign.verify.membership import write_memberships
from server.audit.bundle.gathering import Gathered
from server.audit.bundle.removals import tombstones_of
from server.audit.entries.entry import Recorded
from server.audit.tree.generations import Generation, read_generations
from server.audit.tree.head import read_head
from server.audit.tree.membership import memberships
from server.audit.tree.receipts import ReceiptParts
from server.audit.tree.witnessed import Witnessed, newest_cosigned, newest_stamped, receipt_against

MOST_BYTES = MAX_BYTES * 3 // 8
"""The summary shows pictures again, a third longer."""


def files_of(connection: Connection, gathered: Gathered) -> dict[str, bytes]:
    """The parts of `write_case`."""
    checkpoint = choose_checkpoint(connection, max(entry.index for entry in gathered.entries))
    keys = read_generations(connection)
    files = {name: receipt_file(receipt_against(connection, entry, checkpoint)) for name, entry in _entries(gathered)}
    files |= {
        layout.DISCLOSURES: layout.disclosures_file({each.index: each.private for each in gathered.entries}),
        layout.CHECKPOINT: checkpoint.note.encode(),
        layout.KEYS: layout.keys_file(_key(each) for each in keys),
    }
    files |= dict(_members(connection, gathered))
    if checkpoint.timestamp is not None:
        files[layout.TIMESTAMP] = checkpoint.timestamp
    files |= {layout.evidence_file(each.digest, each.mime): each.data for each in gathered.evidence}
    files |= {layout.document_file(each.digest, each.mime): each.data for each in gathered.documents}
    return files


def choose_checkpoint(connection: Connection, last: int) -> Witnessed:
    """The checkpoint to prove entries up to index `last` against."""
    for found in (newest_cosigned(connection), newest_stamped(connection)):
        if found is not None and found.size > last:
            return found
    head = read_head(connection)
    return Witnessed(head.size, head.checkpoint, None)


def receipt_file(receipt: ReceiptParts) -> bytes:
    """A receipt as `countersign verify` reads it."""
    return canonical_json(
        {
            "decision_id": receipt.decision_id,
            "log_index": receipt.log_index,
            "entry": receipt.leaf.decode(),
            "proof": receipt.proof,
            "log_key": receipt.log_key,
        }
    )


def byte_size(files: Mapping[str, bytes]) -> int:
    """Bytes of all files."""
    return sum(map(len, files.values()))


def _entries(gathered: Gathered) -> Iterator[tuple[str, Recorded]]:
    yield layout.RECEIPT, gathered.decision
    for number, entry in enumerate(gathered.history, 1):
        yield layout.history_file(number), entry
    for number, entry in enumerate(gathered.removals, 1):
        yield layout.removal_file(number), entry
    if gathered.intent is not None:
        yield layout.INTENT, gathered.intent
    if gathered.configuration is not None:
        yield layout.CONFIGURATION, gathered.configuration


def _members(connection: Connection, gathered: Gathered) -> Iterator[tuple[str, bytes]]:
    """What shows that the erasures took from entries of this case, and from none other than they say."""
    for number, removal in enumerate(gathered.removals, 1):
        if removal.kind == "erasure":
            shown = memberships(tombstones_of(connection, removal), (entry.index for entry in gathered.entries))
            yield layout.members_file(layout.removal_file(number)), canonical_json(write_memberships(shown))


def _key(generation: Generation) -> dict[str, object]:
    return {"vkey": generation.vkey, "since_size": generation.since_size, "statement": generation.statement}
