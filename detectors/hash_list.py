"""Lists of known media: PDQ, SHA-256 and vPDQ hashes with the list they stand on, the reason, the source and the tags.

A `HashList` is immutable; adding and removing make a new one, so that a detector built on one never changes under a
running request. Stored as JSON lines (`detectors.hashes.lines`), or, where the file's name ends in ".safetensors", as
columns (`detectors.hashes.packed`). This module knows no media.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from detectors.hashes.columns import Frames, words_of
from detectors.hashes.entry import Entry, HashKind, Match
from detectors.hashes.films import FilmIndex, Shown
from detectors.hashes.gathering import KINDS, Gathered, Table
from detectors.hashes.lines import read_lines, write_lines
from detectors.hashes.packed import SUFFIX, pack, unpack
from detectors.hashes.tables import Near, near_of

__all__ = ["Entry", "HashKind", "HashList", "Match"]


class HashList:
    """An immutable snapshot of known hashes, in the order of their keys, with indexes for lookup.

    digest: "sha256:…" over the entries, whatever order they came in.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        gathered = Gathered()
        for entry in entries:
            gathered.add(entry)
        self._hold(gathered.columns())

    @classmethod
    def of(cls, table: Table) -> HashList:
        """The list of a table."""
        made = cls.__new__(cls)
        made._hold(table)
        return made

    def _hold(self, table: Table) -> None:
        self._table = table
        self.digest = _digest(table)

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._table)

    @property
    def sizes(self) -> dict[str, int]:
        """How many entries each kind has."""
        return {kind.value: len(column) for kind, column in self._table.columns.items()}

    @property
    def lists(self) -> frozenset[str]:
        """The names of the lists that entries stand on."""
        return frozenset(said.list for said in self._table.saids)

    def prepare(self) -> None:
        """Makes the indexes now, so that no lookup has to."""
        self._pictures  # noqa: B018 - made and kept
        self._films  # noqa: B018

    def add(self, *entries: Entry) -> HashList:
        """A list with these as well; an entry with the same kind, hash and list replaces the old one."""
        return self.merged(HashList(entries))

    def merged(self, other: HashList) -> HashList:
        """A list with the entries of both; of those with the same kind, hash and list the other's."""
        return HashList.of(Table.merged((self._table, other._table)))

    def remove(self, *entries: Entry) -> HashList:
        """A list without these; what is not there is ignored."""
        table = self._table
        for kind in KINDS:
            rows = [row for entry in entries if entry.kind is kind for row in self._rows(entry)]
            table = table.without(kind, np.array(rows, np.intp)) if rows else table
        return HashList.of(table)

    def without_lists(self, names: Collection[str]) -> HashList:
        """A list without the entries of some lists."""
        gone = [number for number, said in enumerate(self._table.saids) if said.list in names]
        table = self._table
        for kind in KINDS:
            rows = np.flatnonzero(np.isin(self._table.columns[kind].saids, gone))
            table = table.without(kind, rows) if len(rows) else table
        return HashList.of(table)

    def exact(self, sha256: str) -> tuple[Match, ...]:
        """Matches of a SHA-256 in 64 hexadecimal digits."""
        rows = self._table.columns[HashKind.SHA256].exact(bytes.fromhex(sha256))
        return tuple(Match(self._table.entry(HashKind.SHA256, row), 0) for row in rows.tolist())

    def near(self, words: NDArray[np.uint64], distance: int) -> tuple[Match, ...]:
        """Every PDQ entry at most `distance` bits from `words` (uint64, (4,), most significant first), nearest first.

        Exact up to 31 bits by tables, beyond that by reading every entry.
        """
        rows, far = self._pictures.near(words.astype(">u8").view(np.uint64), distance)
        order = np.argsort(far, kind="stable")
        entry = self._table.entry
        return tuple(Match(entry(HashKind.PDQ, int(rows[at])), int(far[at])) for at in order)

    def films(self, film: Shown) -> tuple[Match, ...]:
        """Every film that shares enough pictures with `film`, of which only usable ones are given; most alike first."""
        found = self._films.matches(film)
        entry = self._table.entry
        return tuple(
            Match(entry(HashKind.VPDQ, each.film), each.distance, each.share, each.listed_share, each.time)
            for each in found
        )

    @classmethod
    def load(cls, path: Path) -> HashList:
        """Reads a file. Raises ConfigurationError naming the line that is wrong, or why the file cannot be read."""
        name = f"the hash list {path.name}"
        if path.suffix == SUFFIX:
            return cls.of(unpack(path, name))
        gathered = Gathered()
        try:
            with path.open("rb") as file:  # a line ends with "\n" and nothing else: JSON leaves U+2028 as it is
                read_lines(file, name, gathered)
        except OSError as error:
            raise ConfigurationError(f"{name} cannot be read: {error}") from error
        return cls.of(gathered.columns())

    def save(self, path: Path) -> None:
        """Writes the file atomically: a reader sees the old list or the new one, never a part."""
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                if path.suffix == SUFFIX:
                    file.write(pack(self._table))
                else:
                    file.writelines(line.encode() for line in write_lines(self))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _rows(self, entry: Entry) -> list[int]:
        column = self._table.columns[entry.kind]
        rows = column.exact(bytes.fromhex(entry.hex)).tolist()
        return [row for row in rows if self._table.saids[int(column.saids[row])].list == entry.list]

    @cached_property
    def _pictures(self) -> Near:
        return near_of(words_of(self._table.columns[HashKind.PDQ].hashes))

    @cached_property
    def _films(self) -> FilmIndex:
        return FilmIndex(self._table.columns[HashKind.VPDQ].frames or Frames.none())


def _digest(table: Table) -> str:
    """Over what is said, and the columns as they lie in memory: a second for ten million entries."""
    state = hashlib.sha256()
    saids = [[said.list, said.reason, said.source, said.tags] for said in table.saids]
    state.update(json.dumps(saids).encode() + b"\n")
    for kind, column in table.columns.items():
        state.update(f"{kind} {len(column)}\n".encode())
        state.update(np.ascontiguousarray(column.hashes).data)
        state.update(column.saids.astype("<u4").tobytes())
    return "sha256:" + state.hexdigest()
