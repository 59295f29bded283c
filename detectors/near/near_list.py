"""Listed pictures with the list they stand on, the reason, the source and the tags, and how they are found again.

A `NearList` is immutable, as `HashList` is, and belongs to the model that described its pictures: descriptions by
others mean nothing beside them. Knows no media.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, pi

import numpy as np

from core.errors import LimitExceeded
from detectors.hashes.entry import Said
from detectors.near.columns import Pictures, joined
from detectors.near.description import Describer, Description
from detectors.near.geometry import Agreement, agreement
from detectors.near.index import FaissIndex, Index

MOST = 2**20
"""Pictures of a list: five gigabytes of memory."""
CANDIDATES = 16
"""Listed pictures that are looked at again, those whose codes are most like the picture."""
_ID = 16


@dataclass(frozen=True, eq=False, slots=True)
class Described:
    """A file that is to be listed. media: 64 hexadecimal digits of its SHA-256."""

    media: str
    said: Said
    pictures: Sequence[Description]

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same entry: the file, and the list's name."""
        return self.media, self.said.list


@dataclass(frozen=True, slots=True)
class Listed:
    """One file on a list. media: 64 hexadecimal digits of its SHA-256. pictures: of it that are described."""

    media: str
    said: Said
    pictures: int

    @property
    def id(self) -> str:
        """16 hexadecimal digits that name it in findings."""
        return id_of(self.media, self.said.list)


@dataclass(frozen=True, slots=True)
class NearMatch:
    """A listed picture whose points lie in the one asked about. similarity: cosine of the two
    vectors, as their codes tell it, -1 to 1.

    mirrored: whether they do in its mirror image.
    """

    id: str
    said: Said
    agreement: Agreement
    similarity: float
    mirrored: bool


class NearList:
    """An immutable snapshot. model: version of the describer, "sha256:…". digest: "sha256:…" over the entries, whatever
    order they came in.
    """

    def __init__(self, model: str, pictures: Pictures, saids: Sequence[Said]) -> None:
        """saids: what the numbers of `pictures` stand for. Raises LimitExceeded for more than `MOST` pictures."""
        if len(pictures) > MOST:
            raise LimitExceeded(
                f"a list of near duplicates holds at most {MOST} pictures",
                field="pictures",
                limit=str(MOST),
                found=str(len(pictures)),
            )
        self.model = model
        self.pictures, self.saids = _in_order(pictures, saids)
        self.digest = _digest(self)

    @classmethod
    def empty(cls, describer: Describer) -> NearList:
        """Without pictures, for those that this model describes."""
        return cls(describer.version, Pictures.of((), b"", describer.bits // 8, describer.width), ())

    def __len__(self) -> int:
        return len(self.pictures)

    def __iter__(self) -> Iterator[Listed]:
        """A line a file."""
        counts: dict[tuple[str, int], int] = {}
        for media, number in zip(self.pictures.media, self.pictures.saids.tolist(), strict=True):
            key = (media.tobytes().hex(), number)
            counts[key] = counts.get(key, 0) + 1
        return (Listed(media, self.saids[number], count) for (media, number), count in counts.items())

    @property
    def lists(self) -> frozenset[str]:
        """The names of the lists that files stand on."""
        return frozenset(said.list for said in self.saids)

    def add(self, *files: Described) -> NearList:
        """A list with some files as well; on the same list each replaces what it was listed by before."""
        last = {file.key: file for file in files}
        kept = self.without(last)
        parts, saids = [kept.pictures], list(kept.saids)
        for file in last.values():
            more = Pictures.of(file.pictures, bytes.fromhex(file.media), *self.widths)
            more.saids[:] = len(saids)
            saids.append(file.said)
            parts.append(more)
        return NearList(self.model, joined(parts), saids)

    def without(self, keys: Collection[tuple[str, str]]) -> NearList:
        """A list without some files; keys: SHA-256 and name of the list. What is not there is ignored."""
        gone = {id_of(*key) for key in keys}
        ids = self._ids(range(len(self)))
        rows = np.array([row for row, each in enumerate(ids) if each not in gone], np.intp)
        return self if len(rows) == len(self) else NearList(self.model, self.pictures.take(rows), self.saids)

    @property
    def widths(self) -> tuple[int, int]:
        """Bytes of a code, and numbers of a mark."""
        return self.pictures.codes.shape[1], self.pictures.seen.shape[1]

    def prepare(self) -> None:
        """Makes the index now, so that no lookup has to. Raises ConfigurationError where FAISS is not installed."""
        self._index  # noqa: B018 - made and kept

    def matches(self, ways: Sequence[Description], least: int) -> tuple[NearMatch, ...]:
        """Listed pictures at least `least` of whose points lie in the picture; most first.

        ways: the picture as it is, and mirrored.
        """
        found: dict[int, NearMatch] = {}
        for mirrored, (way, candidates) in enumerate(zip(ways, self._candidates(ways), strict=True)):
            for row, similarity in candidates:
                agree = agreement(way.marks, self.pictures.marks(row))
                if agree.points >= least and (row not in found or agree.points > found[row].agreement.points):
                    said = self.saids[int(self.pictures.saids[row])]
                    (name,) = self._ids([row])
                    found[row] = NearMatch(name, said, agree, similarity, bool(mirrored))
        return tuple(sorted(found.values(), key=lambda match: (-match.agreement.points, match.id)))

    def _candidates(self, ways: Sequence[Description]) -> list[list[tuple[int, float]]]:
        """Of each way: rows, and how alike. Asked together, since what takes time is to read the codes once."""
        if not len(self) or not ways:
            return [[] for _ in ways]
        found = self._index.nearest(np.stack([way.numbers for way in ways]), CANDIDATES)
        bits = 8 * self.widths[0]
        return [
            [(row, round(cos(pi * differing / bits), 4)) for row, differing in zip(*pairs, strict=True) if row >= 0]
            for pairs in zip(found[1].tolist(), found[0].tolist(), strict=True)
        ]

    def _ids(self, rows: Iterable[int]) -> Iterator[str]:
        numbers = self.pictures.saids
        return (id_of(self.pictures.media[row].tobytes().hex(), self.saids[int(numbers[row])].list) for row in rows)

    @cached_property
    def _index(self) -> Index:
        return FaissIndex(self.pictures.codes)


def id_of(media: str, name: str) -> str:
    """What names a file on a list in findings: of the key, and the bytes cannot be told from it."""
    return hashlib.sha256(f"near {media} {name}".encode()).hexdigest()[:_ID]


def _in_order(pictures: Pictures, saids: Sequence[Said]) -> tuple[Pictures, tuple[Said, ...]]:
    """Rows by list and file, those of one file as they were; what is said sorted, each once and only if it is used."""
    used = [saids[number] for number in pictures.saids.tolist()]
    kept = tuple(sorted(set(used)))
    places = {said: at for at, said in enumerate(kept)}
    numbers = np.array([places[said] for said in used], np.uint32)
    order = np.lexsort((*pictures.media.T[::-1], numbers)) if len(used) else np.zeros(0, np.intp)
    taken = pictures.take(order.astype(np.intp))
    taken.saids[:] = numbers[order.astype(np.intp)]
    return taken, kept


def _digest(listed: NearList) -> str:
    """Over the model, what is said, and the columns as they lie in memory."""
    state = hashlib.sha256()
    saids = [[said.list, said.reason, said.source, said.tags] for said in listed.saids]
    state.update(json.dumps([listed.model, saids]).encode() + b"\n")
    for name, array in listed.pictures.arrays().items():
        state.update(f"{name} {array.shape}\n".encode())
        state.update(array.data)
    return "sha256:" + state.hexdigest()
