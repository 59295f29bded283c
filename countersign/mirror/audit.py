"""Audits a mirror: its tiles lead to the signed root, and its entries are those that the tiles hash.

    1. The checkpoint says which tree this is, and who signed it.
    2. The partial tiles at the right edge lead to its root: from then on they can be trusted.
    3. Every full tile has the hash that the tile above it holds, from the top down: the first that differs is at fault.
    4. Every entry, where the mirror has entries, has the hash that its tile holds.
    5. Checkpoints seen earlier are roots of beginnings of this tree: nothing was rewritten since.

Nobody is asked: what the operator could hide from this is what no checkpoint outside of their reach speaks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from countersign.mirror.hashing import edge_root, split_hashes, tile_root
from countersign.mirror.layout import CHECKPOINT, WIDTH, Tile, edge, levels, tile_at, tiles_of_level
from countersign.mirror.reading import MirrorFiles
from countersign.mirror.report import EnoughFound, Findings, Report
from countersign.verify.checkpoint import Checkpoint, parse_body
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import HASH_BYTES, leaf_hash
from countersign.verify.note import parse_note
from countersign.verify.trust import TrustedKey, open_trusted


def audit(directory: Path, keys: Sequence[TrustedKey] = (), seen: Sequence[str] = ()) -> Report:
    """Examine the mirror in `directory`. Memory does not grow with it.

    keys: the log's, from a source you trust; without any, nobody's signature is looked at, and the report says so.
    seen: checkpoints (signed notes) of this log from elsewhere or earlier. Never raises for a damaged mirror.
    """
    findings = Findings()
    examination = _Examination(MirrorFiles(directory, findings), findings, keys)
    complete = True
    try:
        examination.run(seen)
    except EnoughFound:
        complete = False
    found = examination.checkpoint
    return Report(
        origin=found.origin if found else "",
        size=found.size if found else 0,
        root=found.root if found else b"",
        note=examination.note,
        signed=found is not None and bool(keys),
        entries=examination.entries,
        damages=tuple(findings.damages),
        complete=complete,
    )


def read_checkpoint(note: str, keys: Sequence[TrustedKey]) -> Checkpoint:
    """The checkpoint in a note, which one of `keys` signed unless there are none; VerificationError otherwise."""
    return open_trusted(note, keys)[0] if keys else parse_body(parse_note(note).text)


class _Examination:
    def __init__(self, files: MirrorFiles, findings: Findings, keys: Sequence[TrustedKey]) -> None:
        self.note = ""
        self.checkpoint: Checkpoint | None = None
        self.entries: int | None = None
        self._files = files
        self._findings = findings
        self._keys = keys
        self._bad: set[Tile] = set()
        # Whether the tiles at the right edge lead to the root: without that, of two that differ either may be wrong.
        self._anchored = False

    def run(self, seen: Sequence[str]) -> None:
        """Every step, in order."""
        note = self._files.checkpoint()
        if note is None:
            return
        self.note = note
        try:
            self.checkpoint = read_checkpoint(note, self._keys)
        except VerificationError as error:
            self._findings.add(CHECKPOINT, str(error))
            return
        size = self.checkpoint.size
        self._check_edge(self.checkpoint)
        for level in reversed(range(levels(size) - 1)):
            self._check_level(level, size)
        self._blame_edge(size)
        if self._files.has_entries:
            self._check_entries(size)
        for other in seen:
            self._check_seen(other, self.checkpoint)

    def _check_edge(self, checkpoint: Checkpoint) -> None:
        read = {tile: self._files.tile(tile) for tile in edge(checkpoint.size)}
        self._bad |= {tile for tile, data in read.items() if data is None}
        partial = [data for data in read.values() if data is not None]
        self._anchored = len(partial) == len(read) and edge_root(partial) == checkpoint.root

    def _check_level(self, level: int, size: int) -> None:
        for above in tiles_of_level(level + 1, size):
            data = None if above in self._bad else self._files.tile(above)
            for position, expected in enumerate(split_hashes(data or b"")):
                self._check_tile(Tile(level, above.number * WIDTH + position), above, expected)

    def _check_tile(self, tile: Tile, above: Tile, expected: bytes) -> None:
        data = self._files.tile(tile)
        if data is not None and tile_root(data) == expected:
            return
        self._bad.add(tile)
        if data is not None and self._anchored:
            self._findings.add(tile.path, f"its hash is not the one in {above.path}, which leads to the signed root")
        elif data is not None:
            self._findings.add(above.path, f"it does not hold the hash of {tile.path}; one of them is wrong")

    def _blame_edge(self, size: int) -> None:
        """Where the root was not reached, and everything else agrees, only the newest leaves can be at fault."""
        if self._anchored or self._findings.damages:
            return
        newest = [tile for tile in edge(size) if tile.level == 0]
        self._bad.update(newest)
        at_fault = newest[0].path if newest else CHECKPOINT
        self._findings.add(at_fault, "the tiles do not lead to the root in the checkpoint")

    def _check_entries(self, size: int) -> None:
        self.entries = 0
        for tile in tiles_of_level(0, size):
            entries = self._files.entries(tile)
            hashes = None if tile in self._bad else self._files.tile(tile)
            for position, entry in enumerate(entries or ()):
                if hashes is None:
                    break
                if leaf_hash(entry) != hashes[position * HASH_BYTES :][:HASH_BYTES]:
                    index = tile.number * WIDTH + position
                    self._findings.add(tile.entries_path, f"entry {index} is not the one that {tile.path} holds")
                    break
                self.entries += 1

    def _check_seen(self, note: str, checkpoint: Checkpoint) -> None:
        try:
            other = read_checkpoint(note, self._keys)
        except VerificationError as error:
            self._findings.add(CHECKPOINT, f"the checkpoint seen earlier cannot be used: {error}")
            return
        if other.origin != checkpoint.origin:
            self._findings.add(CHECKPOINT, f"the checkpoint seen earlier is of another log, {other.origin}")
        elif other.size > checkpoint.size:
            self._findings.add(CHECKPOINT, f"it is older than the one seen earlier, of {other.size} entries")
        elif self._root_at(other.size, checkpoint.size) not in (None, other.root):
            text = f"the tree of {other.size} entries has another root than the checkpoint seen earlier: "
            self._findings.add(CHECKPOINT, text + "the log was rewritten, or shows people different histories")

    def _root_at(self, first: int, size: int) -> bytes | None:
        """The root of the first entries; None where tiles, already named, are missing."""
        partial = []
        for tile in edge(first):
            now = tile_at(tile.level, tile.number, size)
            data = None if now in self._bad else self._files.tile(now)
            if data is None:
                return None
            partial.append(data[: tile.width * HASH_BYTES])
        return edge_root(partial)
