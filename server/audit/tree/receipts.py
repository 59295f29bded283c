"""Receipts and consistency proofs, made from tiles and the signed head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from core.errors import IntegrityError, InvalidInput
from countersign.verify.merkle import HASH_BYTES, leaf_hash
from countersign.verify.tlog_proof import TlogProof
from server.audit.entries.entry import Recorded
from server.audit.tree.head import Head, read_head
from server.audit.tree.merkle import WIDTH, TileKey, TileReader, consistency_proof, inclusion_proof, proof_tiles
from server.audit.tree.tiles import read_tiles


@dataclass(frozen=True, slots=True)
class ReceiptParts:
    """leaf: canonical JSON. proof: C2SP tlog-proof@v1 with the checkpoint. log_key: C2SP verifier key."""

    decision_id: str
    log_index: int
    leaf: bytes
    proof: str
    log_key: str

    def as_json(self) -> dict[str, Any]:
        """The form that `countersign.verify.receipt` checks."""
        return {
            "decision_id": self.decision_id,
            "log_index": self.log_index,
            "entry": self.leaf.decode(),
            "proof": self.proof,
            "log_key": self.log_key,
        }


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """text: C2SP checkpoint as a signed note. log_key: C2SP verifier key. size: entries.

    witnessed: the newest checkpoint that a witness cosigned, as a note with every cosignature; "" where there is none.
    """

    text: str
    log_key: str
    size: int
    witnessed: str = ""


@dataclass(frozen=True, slots=True)
class ConsistencyParts:
    """hashes: PROOF(first, D[second]) of RFC 6962, section 2.1.2."""

    first: int
    second: int
    hashes: tuple[bytes, ...]


def make_receipt(recorded: Recorded, head: Head, read: TileReader, log_key: str) -> ReceiptParts:
    """A receipt against `head`, whose tiles `read` gives. KeyError if it lacks one; recorded.index < head.size.

    IntegrityError if the tree holds another entry in its place: a leaf that was altered in the database.
    """
    number, position = divmod(recorded.index, WIDTH)
    if read((0, number))[position * HASH_BYTES :][:HASH_BYTES] != leaf_hash(recorded.leaf):
        raise IntegrityError(f"entry {recorded.index} is not the one that was recorded; run `log fsck`")
    path = inclusion_proof(read, recorded.index, head.size)
    proof = TlogProof(recorded.index, tuple(path), head.checkpoint)
    return ReceiptParts(recorded.decision_id, recorded.index, recorded.leaf, str(proof), log_key)


def stored_receipt(connection: Connection, recorded: Recorded, log_key: str) -> ReceiptParts:
    """A receipt against the head that `connection` sees. IntegrityError if the stored tree lacks the entry."""
    head = read_head(connection)
    if recorded.index >= head.size:
        raise IntegrityError("the log no longer holds what was acknowledged; run `log fsck`")
    stored = read_tiles(connection, proof_tiles(recorded.index, head.size))
    try:
        return make_receipt(recorded, head, stored.__getitem__, log_key)
    except (KeyError, IndexError) as error:
        raise IntegrityError("tiles of the log are missing; run `log fsck`") from error


def consistency_parts(connection: Connection, first: int, second: int) -> ConsistencyParts:
    """A consistency proof between two sizes of the log. InvalidInput unless 0 <= first <= second <= its size."""
    size = read_head(connection).size
    if not 0 <= first <= second <= size:
        raise InvalidInput(
            "no such pair of sizes", field="first", limit=f"0 <= first <= second <= {size}", found=f"{first}, {second}"
        )

    def read(key: TileKey) -> bytes:
        return read_tiles(connection, [key])[key]

    try:
        return ConsistencyParts(first, second, tuple(consistency_proof(read, first, second)))
    except (KeyError, IndexError) as error:
        raise IntegrityError("tiles of the log are missing; run `log fsck`") from error
