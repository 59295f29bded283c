"""Brings a mirror up to date with the log: only what is new is written, the checkpoint last.

    1. The log's head is signed by the log's key, or by one that took over from it.
    2. The log begins with the tree that the mirror holds: a log that contradicts its own mirror is not mirrored.
    3. New tiles, and the entries under them where the mirror has entries, each checked against the tile above.
    4. Everything is on the disk before the checkpoint is replaced.

Without entries a mirror holds hashes only: they let anybody check proofs and checkpoints, and tell nothing about what
was decided, on whom, or for which tenant, but how much. With entries it holds the leaves of every tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from core.errors import ConfigurationError, IntegrityError
from countersign.mirror.hashing import join_entries
from countersign.mirror.layout import ROTATIONS, WIDTH
from countersign.verify.checkpoint import Checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from countersign.verify.rotation import verify_chain
from countersign.verify.trust import open_trusted
from server.audit.head import Head, read_head
from server.audit.mirror.directory import MirrorDirectory, opened
from server.audit.mirror.source import Reading, TreeSource
from server.audit.rows import extends
from server.audit.tables import log_keys


@dataclass(frozen=True, slots=True)
class Mirrored:
    """before, size: entries of the mirror's tree before and after. files: tiles and bundles that were written."""

    before: int
    size: int
    files: int


def mirror(reading: Reading, directory: Path, pinned: Sequence[VerifierKey], *, entries: bool = False) -> Mirrored:
    """Write the log that `reading` shows to `directory`, or what is new of it. Memory does not grow with the log.

    pinned: keys of the log, from where the operator trusts them. entries: write the leaves too, of every tenant; a
    mirror has them from its start or never. IntegrityError if the log contradicts the mirror or itself: then the
    mirror stays as it was. ConfigurationError if the directory cannot be used. Unavailable as `reading` raises it.
    """
    with opened(directory) as target:
        earlier = target.checkpoint()
        _assert_kind(target, earlier, entries)
        with reading() as connection:
            head, statements = read_head(connection), _statements(connection)
            checkpoint = _signed(head, pinned, statements)
            if earlier is not None:
                _assert_extends(checkpoint, earlier, extends(connection, head.size, earlier.size, earlier.root))
        before = earlier.size if earlier else 0
        files = _copy(TreeSource(reading, head), target, before, entries=entries)
        for generation, statement in enumerate(statements, start=1):
            target.put(f"{ROTATIONS}/{generation}", statement.encode())
        target.finish(head.checkpoint)
    return Mirrored(before, head.size, files)


def _copy(source: TreeSource, target: MirrorDirectory, before: int, *, entries: bool) -> int:
    files = 0
    for tile, hashes in source.tiles_since(before):
        target.put(tile.path, hashes)
        files += 1
        if entries and tile.level == 0:
            target.put(tile.entries_path, join_entries(source.entries_of(tile, hashes)))
            files += 1
        if tile.width == WIDTH:
            target.supersede(tile.full_path)
            target.supersede(tile.full_entries_path)
    return files


def _assert_kind(target: MirrorDirectory, earlier: Checkpoint | None, entries: bool) -> None:
    """A mirror that got its entries from the middle on could be audited by nobody."""
    if target.has_entries and not entries:
        raise ConfigurationError("this mirror holds entries; go on with --entries, or begin another one elsewhere")
    if entries and not target.has_entries and earlier is not None and earlier.size:
        raise ConfigurationError("this mirror was begun without entries; begin another one elsewhere")


def _statements(connection: Connection) -> list[str]:
    """By which the log changed its key, in their order."""
    found = connection.execute(select(log_keys.c.statement).order_by(log_keys.c.generation)).scalars()
    return [statement for statement in found if statement]


def _signed(head: Head, pinned: Sequence[VerifierKey], statements: Sequence[str]) -> Checkpoint:
    try:
        checkpoint, _ = open_trusted(head.checkpoint, verify_chain(pinned, statements))
    except VerificationError as error:
        raise IntegrityError(f"the head of the log is not signed by its key: {error}") from error
    if (checkpoint.size, checkpoint.root) != (head.size, head.root):
        raise IntegrityError("the head of the log differs from its signed checkpoint; run `log fsck`")
    return checkpoint


def _assert_extends(now: Checkpoint, earlier: Checkpoint, consistent: bool) -> None:
    if now.origin != earlier.origin:
        raise ConfigurationError(f"the directory mirrors another log, {earlier.origin}")
    if now.size < earlier.size:
        raise IntegrityError(
            f"the log has {now.size} entries, its mirror {earlier.size}: it lost what it signed. The mirror is kept"
        )
    if not consistent:
        raise IntegrityError(
            f"the log does not begin with the {earlier.size} entries of its mirror: it was changed. The mirror is kept"
        )
