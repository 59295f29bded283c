"""The head of the log: its size, its root and the checkpoint that signs both, in one row that writers lock."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from core.errors import ConfigurationError
from countersign.verify.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import EMPTY_ROOT
from countersign.verify.note import VerifierKey, is_key_name
from server.audit.sql.statements import insert_for
from server.audit.sql.tables import log_head, log_keys
from server.audit.tree.keys import CheckpointSigner

_READ = select(log_head.c.size, log_head.c.root, log_head.c.checkpoint).where(log_head.c.id == 1)
_LOCKED = _READ.with_for_update()
_WRITE = (
    update(log_head)
    .where(log_head.c.id == 1)
    .values(size=bindparam("to_size"), root=bindparam("to_root"), checkpoint=bindparam("to_checkpoint"))
)


@dataclass(frozen=True, slots=True)
class Head:
    """size: entries. root: 32 bytes. checkpoint: C2SP signed note over both."""

    size: int
    root: bytes
    checkpoint: str


class HeadSigner:
    """Signs heads with the log's key. `key`: what they are verified with.

    ConfigurationError if `origin` cannot name a key.
    """

    def __init__(self, signer: CheckpointSigner, origin: str) -> None:
        if not is_key_name(origin):
            raise ConfigurationError(f"{origin!r} cannot name a log: it may hold no spaces and no plus signs")
        self.key = VerifierKey(origin, signer.public_key)
        self._sign = signer.sign

    def head(self, size: int, root: bytes) -> Head:
        """A signed head. MUST be called within the transaction that stores it, and shown to nobody before its commit.

        A signature over a tree that was rolled back would let the log contradict itself.
        """
        return Head(size, root, sign_checkpoint(Checkpoint(self.key.name, size, root), self.key, self._sign))

    def assert_owns(self, head: Head) -> None:
        """Raise ConfigurationError unless this key signed `head`."""
        try:
            found = open_checkpoint(head.checkpoint, self.key)
        except VerificationError as error:
            raise ConfigurationError(f"the log was not signed by {self.key}: {error}") from error
        if (found.size, found.root) != (head.size, head.root):
            raise ConfigurationError("the head of the log differs from its signed checkpoint; run `log fsck`")


def start_log(connection: Connection, signer: HeadSigner) -> None:
    """Store the head and the first key of the empty log, unless the log has them already."""
    head = signer.head(0, EMPTY_ROOT)
    statement = insert_for(connection, log_head).on_conflict_do_nothing()
    connection.execute(statement, {"id": 1, "size": head.size, "root": head.root, "checkpoint": head.checkpoint})
    first = insert_for(connection, log_keys).on_conflict_do_nothing()
    connection.execute(first, {"generation": 0, "vkey": str(signer.key), "since_size": 0, "statement": ""})


def read_head(connection: Connection, *, lock: bool = False) -> Head:
    """The head that `connection` sees. lock: keep other writers out until the transaction ends.

    SQLite locks the whole database when the transaction begins and ignores FOR UPDATE.
    """
    row = connection.execute(_LOCKED if lock else _READ).one()
    return Head(row.size, row.root, row.checkpoint)


def write_head(connection: Connection, head: Head) -> None:
    """Replace the head."""
    values = {"to_size": head.size, "to_root": head.root, "to_checkpoint": head.checkpoint}
    connection.execute(_WRITE, values)
