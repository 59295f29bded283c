"""Lists of known media: PDQ and SHA-256 hashes with the list they stand on, the reason and the source.

A `HashList` is immutable; adding and removing make a new one, so that a detector built on one never changes under a
running request. Stored as JSON lines, one object a hash: {"kind": "pdq" | "sha256", "hex": 64 digits, "list": name,
"reason": text, "source": text}. This module knows no media.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from detectors.pdq import WORDS

_HEX = re.compile(r"[0-9a-f]{64}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class HashKind(StrEnum):
    """PDQ finds look-alikes, SHA-256 the very same bytes."""

    PDQ = "pdq"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Entry:
    """One known hash. hex: 64 lower-case digits. list: lower-case name, used in policy codes as "list.<name>"."""

    kind: HashKind
    hex: str
    list: str
    reason: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.hex):
            raise ConfigurationError(f"a {self.kind} hash has 64 lower-case hexadecimal digits")
        if not _NAME.fullmatch(self.list):
            raise ConfigurationError("a list name has 1 to 64 of a–z, 0–9, _ and -, and starts with a letter or digit")
        if _SURROGATE.search(self.reason) or _SURROGATE.search(self.source):
            raise ConfigurationError("a reason or source is no Unicode text")

    @property
    def key(self) -> tuple[HashKind, str, str]:
        """What makes an entry the same entry."""
        return self.kind, self.hex, self.list


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that was found. distance: differing bits, 0 for SHA-256."""

    entry: Entry
    distance: int


class HashList:
    """An immutable snapshot of known hashes, in the order of their keys, with an index for lookup.

    digest: "sha256:…" over the entries, whatever order they came in.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        by_key = {entry.key: entry for entry in entries}
        self._entries = tuple(by_key[key] for key in sorted(by_key))
        self._pdq = tuple(entry for entry in self._entries if entry.kind is HashKind.PDQ)
        self._words = _index(self._pdq)
        self._exact: dict[str, list[Entry]] = {}
        for entry in self._entries:
            if entry.kind is HashKind.SHA256:
                self._exact.setdefault(entry.hex, []).append(entry)
        self.digest = _digest(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def add(self, *entries: Entry) -> HashList:
        """A list with these as well; an entry with the same kind, hash and list replaces the old one."""
        return HashList((*self._entries, *entries))

    def remove(self, *entries: Entry) -> HashList:
        """A list without these; what is not there is ignored."""
        gone = {entry.key for entry in entries}
        return HashList(entry for entry in self._entries if entry.key not in gone)

    def exact(self, sha256: str) -> tuple[Match, ...]:
        """Matches of a SHA-256 in 64 hexadecimal digits."""
        return tuple(Match(entry, 0) for entry in self._exact.get(sha256, ()))

    def near(self, words: NDArray[np.uint64], distance: int) -> tuple[Match, ...]:
        """Every PDQ entry at most `distance` bits from `words` (uint64, (4,)), nearest first.

        A linear scan, one word after the other: after two words few entries are still near enough to look at.
        """
        bits = np.bitwise_count(self._words[0] ^ words[0])
        bits += np.bitwise_count(self._words[1] ^ words[1])
        candidates = np.flatnonzero(bits <= distance)
        rest = np.bitwise_count(self._words[2:, candidates] ^ words[2:, None]).sum(axis=0, dtype=np.int64)
        totals = bits[candidates] + rest
        order = np.argsort(totals, kind="stable")
        return tuple(Match(self._pdq[candidates[i]], int(totals[i])) for i in order if totals[i] <= distance)

    @classmethod
    def load(cls, path: Path) -> HashList:
        """Reads a file. Raises ConfigurationError naming the line that is wrong, or why the file cannot be read."""
        try:
            # Not splitlines(): JSON leaves U+2028 and its like as they are, and a reason may hold them.
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the hash list {path.name} cannot be read: {error}") from error
        name = f"the hash list {path.name}"
        return cls(_parse(line, f"{name}, line {at}") for at, line in enumerate(lines, 1) if line.strip())

    def save(self, path: Path) -> None:
        """Writes the file atomically: a reader sees the old list or the new one, never a part."""
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.writelines(_lines(self._entries))
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def _index(entries: tuple[Entry, ...]) -> NDArray[np.uint64]:
    """uint64, shape (4, n): word by word, so that a scan reads memory in order."""
    raw = bytes.fromhex("".join(entry.hex for entry in entries))
    return np.ascontiguousarray(np.frombuffer(raw, dtype=">u8").astype(np.uint64).reshape(-1, WORDS).T)


def _digest(entries: Iterable[Entry]) -> str:
    """Over length-prefixed fields: many times faster than over JSON, which counts at a million entries."""
    state = hashlib.sha256()
    for entry in entries:
        for text in (entry.kind, entry.hex, entry.list, entry.reason, entry.source):
            raw = text.encode()
            state.update(len(raw).to_bytes(4, "big") + raw)
    return "sha256:" + state.hexdigest()


def _lines(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(asdict(entry), ensure_ascii=False, separators=(",", ":")) + "\n"


def _parse(line: str, where: str) -> Entry:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ConfigurationError(f"{where}: not JSON") from error
    names = {"kind", "hex", "list", "reason", "source"}
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ConfigurationError(f"{where}: not an object of texts")
    if not {"kind", "hex", "list"} <= value.keys() <= names:
        raise ConfigurationError(f"{where}: needs kind, hex and list, and may have reason and source")
    if value["kind"] not in set(HashKind):
        raise ConfigurationError(f"{where}: kind is pdq or sha256, not {value['kind']!r}")
    try:
        return Entry(**{**value, "kind": HashKind(value["kind"]), "hex": value["hex"].lower()})
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error
