"""Gathers entries, one after the other, into columns: what every file format is read into. Knows no file format."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from detectors.hashes.columns import BYTES, Column, Frames, in_order, joined
from detectors.hashes.entry import Entry, FrameHash, HashKind, Said
from detectors.hashes.tables import MOST

KINDS = tuple(sorted(HashKind))


@dataclass(slots=True)
class _Rows:
    hashes: bytearray = field(default_factory=bytearray)
    saids: array[int] = field(default_factory=lambda: array("I"))


@dataclass(slots=True)
class _Pictures:
    lengths: array[int] = field(default_factory=lambda: array("q"))
    hashes: bytearray = field(default_factory=bytearray)
    qualities: bytearray = field(default_factory=bytearray)
    times: array[int] = field(default_factory=lambda: array("I"))


class Gathered:
    """Entries so far. most: how many one kind may have, and pictures all films together."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._saids: dict[Said, int] = {}
        self._rows = {kind: _Rows() for kind in KINDS}
        self._pictures = _Pictures()

    def number(self, said: Said) -> int:
        """The number under which this is kept."""
        return self._saids.setdefault(said, len(self._saids))

    def put(self, kind: HashKind, digest: bytes, said: int) -> None:
        """Adds a hash of 32 bytes, no film. said: a number of ours. Raises ConfigurationError where it is one too many.

        Apart from `add` because a list of ten million has no time for an object each.
        """
        rows = self._rows[kind]
        if len(rows.saids) >= self._most:
            raise ConfigurationError(f"more than {self._most} {kind} hashes, which is the most that a list may hold")
        rows.hashes += digest
        rows.saids.append(said)

    def add(self, entry: Entry) -> None:
        """Adds an entry. Raises ConfigurationError as `put` does."""
        self._add_frames(entry.frames)
        self.put(entry.kind, bytes.fromhex(entry.hex), self.number(entry.said))

    def _add_frames(self, frames: Sequence[FrameHash]) -> None:
        pictures = self._pictures
        if not frames:
            return
        if len(pictures.qualities) + len(frames) > self._most:
            raise ConfigurationError(f"films of more than {self._most} pictures, the most that a list may hold")
        pictures.lengths.append(len(frames))
        for frame in frames:
            pictures.hashes += bytes.fromhex(frame.hex)
            pictures.qualities.append(frame.quality)
            pictures.times.append(frame.time)

    def columns(self) -> Table:
        """What was gathered."""
        columns = {kind: self._column(kind) for kind in KINDS}
        return Table.of(list(self._saids), columns)

    def _column(self, kind: HashKind) -> Column:
        rows = self._rows[kind]
        hashes = np.frombuffer(bytes(rows.hashes), np.uint8).reshape(-1, BYTES)
        frames = self._frames() if kind is HashKind.VPDQ else None
        return Column(hashes, np.array(rows.saids, np.uint32), frames)

    def _frames(self) -> Frames:
        kept = self._pictures
        return Frames(
            np.concatenate(([0], np.cumsum(np.array(kept.lengths, np.int64)))),
            np.frombuffer(bytes(kept.hashes), np.uint8).reshape(-1, BYTES),
            np.frombuffer(bytes(kept.qualities), np.uint8),
            np.array(kept.times, np.uint32),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """Columns in their order, one a kind, and what is said in them: sorted, each once, and nothing that no row says."""

    saids: tuple[Said, ...]
    columns: Mapping[HashKind, Column]

    @classmethod
    def of(cls, saids: Sequence[Said], columns: Mapping[HashKind, Column]) -> Table:
        """The table of any columns whose numbers are of `saids`."""
        used = np.unique(np.concatenate([np.zeros(0, np.uint32), *(column.saids for column in columns.values())]))
        kept = sorted({saids[number] for number in used.tolist()})
        places = {said: at for at, said in enumerate(kept)}
        new = np.array([places.get(said, 0) for said in saids], np.uint32)
        lists = sorted({said.list for said in kept})
        owners = np.array([lists.index(said.list) for said in kept], np.uint32)
        renumbered = {
            kind: Column(column.hashes, new[column.saids] if len(column) else column.saids, column.frames)
            for kind, column in columns.items()
        }
        ordered = {kind: in_order(column, owners) for kind, column in renumbered.items()}
        dropped = any(len(ordered[kind]) < len(columns[kind]) for kind in columns)
        # Rows that gave way to later ones may have been the only ones to say something.
        return cls.of(kept, ordered) if dropped else cls(tuple(kept), ordered)

    @classmethod
    def merged(cls, tables: Iterable[Table]) -> Table:
        """All rows of several; of those with one hash on one list, the last."""
        saids: list[Said] = []
        columns: dict[HashKind, list[Column]] = {kind: [] for kind in KINDS}
        for table in tables:
            shift = np.uint32(len(saids))
            saids += table.saids
            for kind, column in table.columns.items():
                columns[kind].append(Column(column.hashes, column.saids + shift, column.frames))
        return cls.of(saids, {kind: joined(parts) for kind, parts in columns.items()})

    def without(self, kind: HashKind, rows: NDArray[np.intp]) -> Table:
        """The table without some rows of one kind."""
        column = self.columns[kind]
        kept = np.setdiff1d(np.arange(len(column)), rows)
        return Table.of(self.saids, {**self.columns, kind: column.take(kept)})

    def entry(self, kind: HashKind, row: int) -> Entry:
        """One row as an entry. Raises ConfigurationError for a film that is not what its hash says."""
        column = self.columns[kind]
        said = self.saids[int(column.saids[row])]
        digits = column.hashes[row].tobytes().hex()
        frames = _film_at(column.frames, row) if column.frames is not None else ()
        return Entry(kind, digits, said.list, said.reason, said.source, said.tags, frames)

    def __len__(self) -> int:
        return sum(len(column) for column in self.columns.values())

    def __iter__(self) -> Iterator[Entry]:
        return (self.entry(kind, row) for kind in KINDS for row in range(len(self.columns[kind])))


def _film_at(frames: Frames, film: int) -> tuple[FrameHash, ...]:
    start, stop = frames.bounds[film : film + 2].tolist()
    hashes = frames.hashes[start:stop].tobytes().hex()
    rows = zip(frames.qualities[start:stop].tolist(), frames.times[start:stop].tolist(), strict=True)
    return tuple(
        FrameHash(hashes[at * 2 * BYTES : (at + 1) * 2 * BYTES], quality, time)
        for at, (quality, time) in enumerate(rows)
    )
