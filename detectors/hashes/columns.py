"""Known hashes of one kind as columns: 36 bytes an entry, whatever is said of it. Knows no file format.

A column is immutable. Its rows are in the order of their hashes, and below that of what is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.media import Pixels
from detectors.hashes.tables import Words

BYTES = 32


@dataclass(frozen=True, eq=False, slots=True)
class Frames:
    """The pictures of many films. bounds: int64 (films + 1,): those of a film lie between two of them.

    hashes: uint8 (n, 32). qualities: uint8 (n,). times: uint32 (n,), milliseconds.
    """

    bounds: NDArray[np.int64]
    hashes: Pixels
    qualities: Pixels
    times: NDArray[np.uint32]

    def take(self, films: NDArray[np.intp]) -> Frames:
        """Those of some films, in that order."""
        lengths = np.diff(self.bounds)[films]
        bounds = np.concatenate(([0], np.cumsum(lengths)))
        at = np.arange(bounds[-1]) + np.repeat(self.bounds[:-1][films] - bounds[:-1], lengths)
        return Frames(bounds, self.hashes[at], self.qualities[at], self.times[at])

    @classmethod
    def none(cls) -> Frames:
        """Of no film."""
        empty = np.zeros(0, np.uint8)
        return cls(np.zeros(1, np.int64), empty.reshape(0, BYTES), empty, np.zeros(0, np.uint32))


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """hashes: uint8 (n, 32). saids: uint32 (n,), the number of what is said of each. frames: where they are films."""

    hashes: Pixels
    saids: NDArray[np.uint32]
    frames: Frames | None = None

    def __len__(self) -> int:
        return len(self.saids)

    @property
    def words(self) -> Words:
        """uint64 (n, 4), the same memory. Their bits are in no order that means anything; distances do not mind."""
        return words_of(self.hashes)

    def take(self, rows: NDArray[np.intp]) -> Column:
        """Some rows, in that order."""
        frames = self.frames.take(rows) if self.frames is not None else None
        return Column(self.hashes[rows], self.saids[rows], frames)

    def exact(self, digest: bytes) -> NDArray[np.intp]:
        """The rows with this hash of 32 bytes."""
        # As texts numpy leaves zeros at the end out, in rows and question alike, so that comparing stays right.
        rows, wanted = self.hashes.reshape(-1).view(f"S{BYTES}"), np.frombuffer(digest, f"S{BYTES}")
        first = np.searchsorted(rows, wanted, "left")[0]
        return np.arange(first, np.searchsorted(rows, wanted, "right")[0])

    @classmethod
    def none(cls, *, films: bool) -> Column:
        """Without rows."""
        return cls(np.zeros((0, BYTES), np.uint8), np.zeros(0, np.uint32), Frames.none() if films else None)


def words_of(hashes: Pixels) -> Words:
    """Hashes, uint8 (n, 32), as uint64 (n, 4): the same memory."""
    return hashes.reshape(-1).view(np.uint64).reshape(-1, BYTES // 8)


def joined(columns: Sequence[Column]) -> Column:
    """One column with the rows of several, not in order."""
    hashes = np.concatenate([column.hashes for column in columns])
    saids = np.concatenate([column.saids for column in columns])
    films = [column.frames for column in columns if column.frames is not None]
    if not films:
        return Column(hashes, saids)
    lengths = np.concatenate([np.diff(frames.bounds) for frames in films])
    frames = Frames(
        np.concatenate(([0], np.cumsum(lengths))),
        np.concatenate([each.hashes for each in films]),
        np.concatenate([each.qualities for each in films]),
        np.concatenate([each.times for each in films]),
    )
    return Column(hashes, saids, frames)


def in_order(column: Column, lists: NDArray[np.uint32]) -> Column:
    """The rows in their order; of those with one hash on one list only the last. lists: of each number of `saids`, that
    of its list.
    """
    owners = lists[column.saids] if len(column) else column.saids
    order = _order(column.words, owners)
    words, owners = column.words[order], owners[order]
    again = (words[1:] == words[:-1]).all(axis=1) & (owners[1:] == owners[:-1])
    kept = order[np.append(~again, True)] if len(order) else order
    return column if np.array_equal(kept, np.arange(len(column))) else column.take(kept)


def _order(words: Words, owners: NDArray[np.uint32]) -> NDArray[np.intp]:
    """Rows by hash, list, and where they stood. Most hashes differ in their first 8 bytes; only the others are looked
    at twice.
    """
    big = words.view(">u8")
    first = big[:, 0].astype(np.uint64)
    order = np.argsort(first, kind="stable")
    ties = first[order][1:] == first[order][:-1]
    tied = np.append(ties, False) | np.append(False, ties)
    some = order[tied[: len(order)]]
    keys = (some, owners[some], *(big[some, at].astype(np.uint64) for at in (3, 2, 1, 0)))
    order[tied[: len(order)]] = some[np.lexsort(keys)]
    return order
