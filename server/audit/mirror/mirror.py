"""Brings a mirror up to date with the log: only what is new is written, the checkpoint last.

    1. The log's head is signed by the log's key, or by one that took over from it.
    2. The log begins with the tree that the mirror holds: a log that contradicts its own mirror is not mirrored.
    3. New tiles, and the entries under them where the mirror has entries, each checked against the tile above.
    4. Everything is on the disk before the checkpoint is replaced.

Without entries a mirror holds hashes only: they let anybody check proofs and checkpoints, and tell nothing about what
was decided, on whom, or for which tenant, but how much. With entries it holds the leaves of every tenant.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from core.errors import ConfigurationError, IntegrityError
from countersign.mirror.hashing import join_entries
from countersign.mirror.layout import ROTATIONS, WIDTH
from countersign.verify.checkpoint import Checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from countersign.verify.trust import open_trusted
from server.audit.mirror.directory import MirrorDirectory, opened
from server.audit.mirror.source import Reading, TreeSource
from server.audit.tree.generations import Generation, read_generations, trusted_keys
from server.audit.tree.head import Head, read_head
from server.audit.tree.tiles import extends
from server.audit.tree.witnessed import newest_cosigned


@dataclass(frozen=True, slots=True)
class Mirrored:
    """before, size: entries of the mirror's tree before and after. files: tiles and bundles that were written."""

    before: int
    size: int
    files: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """goal: the tree to mirror, with its signed note. before: entries that the mirror has. keys: the log's."""

    goal: Head
    before: int
    keys: tuple[Generation, ...]


def mirror(
    reading: Reading, directory: Path, pinned: VerifierKey, *, entries: bool = False, witnessed: bool = False
) -> Mirrored:
    """Write the log that `reading` shows to `directory`, or what is new of it. Memory does not grow with the log.

    pinned: a key of the log, from where the operator trusts it. entries: write the leaves too, of every tenant; a
    mirror has them from its start or never. witnessed: only up to the newest checkpoint that a witness cosigned, with
    its cosignatures. IntegrityError if the log contradicts the mirror or itself: then the mirror stays as it was.
    ConfigurationError if the directory cannot be used, or no witness has cosigned yet. Unavailable as `reading`.
    """
    with opened(directory) as target:
        earlier = target.checkpoint()
        _assert_kind(target, earlier, entries)
        with reading() as connection:
            plan = _plan(connection, earlier, pinned, witnessed)
        if plan.goal.size < plan.before:
            return Mirrored(plan.before, plan.before, 0)  # no witness has seen what the mirror has already
        files = _copy(TreeSource(reading, plan.goal), target, plan.before, entries=entries)
        for each in plan.keys[1:]:
            target.put(f"{ROTATIONS}/{each.number}", each.statement.encode())
        target.finish(plan.goal.checkpoint)
    return Mirrored(plan.before, plan.goal.size, files)


def _plan(connection: Connection, earlier: Checkpoint | None, pinned: VerifierKey, witnessed: bool) -> _Plan:
    """What to do, from one snapshot. IntegrityError where the log must not be mirrored."""
    head, keys = read_head(connection), read_generations(connection)
    goal, signed = head, _signed(head.checkpoint, keys, pinned)
    if (signed.size, signed.root) != (head.size, head.root):
        raise IntegrityError("the head of the log differs from its signed checkpoint; run `log fsck`")
    if earlier is not None:
        _assert_extends(connection, signed, earlier)
    if witnessed:
        found = newest_cosigned(connection)
        if found is None:
            raise ConfigurationError("no witness has cosigned a checkpoint of this log yet")
        goal = Head(found.size, _signed(found.note, keys, pinned).root, found.note)
        if not extends(connection, head.size, goal.size, goal.root):
            raise IntegrityError("the log does not begin with what a witness cosigned; run `log fsck`")
    return _Plan(goal, earlier.size if earlier else 0, keys)


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


def _signed(note: str, keys: tuple[Generation, ...], pinned: VerifierKey) -> Checkpoint:
    try:
        return open_trusted(note, trusted_keys(keys, pinned))[0]
    except VerificationError as error:
        raise IntegrityError(f"a checkpoint of the log is not signed by its key: {error}") from error


def _assert_extends(connection: Connection, now: Checkpoint, earlier: Checkpoint) -> None:
    if now.origin != earlier.origin:
        raise ConfigurationError(f"the directory mirrors another log, {earlier.origin}")
    if now.size < earlier.size:
        raise IntegrityError(
            f"the log has {now.size} entries, its mirror {earlier.size}: it lost what it signed. The mirror is kept"
        )
    if not extends(connection, now.size, earlier.size, earlier.root):
        raise IntegrityError(
            f"the log does not begin with the {earlier.size} entries of its mirror: it was changed. The mirror is kept"
        )
