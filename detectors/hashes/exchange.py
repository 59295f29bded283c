"""Lists as the tools of ThreatExchange (Meta's, of the package `threatexchange`) write and read them.

Two of their files: the table that `threatexchange dataset --print-signals --csv` prints, with the columns signal_type,
signal_str, collab, category and tags; and the plain file of its "local_file" exchange, one "signal_type signal" a line.
Of their signal types those are read that we can look up: pdq, video_sha256 and vpdq. Written, and read as well, is
"sha256", which their extensions use for pictures. Their indices are pickles, which can run code when they are loaded:
they are not read.

What a row of the table is about: collab is the list, tags are the tags, and category says what the sharers hold of it.
Only what is held to be what the list is for is taken: POSITIVE_CLASS. Reason and source have no place in their files.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from core.errors import ConfigurationError
from detectors.hashes.entry import Entry, FrameHash, HashKind, Said, signal_of
from detectors.hashes.gathering import Gathered
from detectors.hashes.lines import LONGEST, digest_of_hex

COLUMNS = ("signal_type", "signal_str", "collab", "category", "tags")
KINDS: Mapping[str, HashKind] = {
    "pdq": HashKind.PDQ,
    "sha256": HashKind.SHA256,
    "video_sha256": HashKind.SHA256,
    "vpdq": HashKind.VPDQ,
}
"""Ours, by the name of their signal type."""
POSITIVE = "POSITIVE_CLASS"
_CATEGORIES = frozenset({POSITIVE, "NEGATIVE_CLASS", "INVESTIGATION_SEED", "DISPUTED"})


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file that is read does not say. said: of every entry; its list holds where a row has no collab.

    others: whether rows of other signal types are passed over, rather than refused.
    """

    said: Said
    others: bool = False


@dataclass(slots=True)
class Taken:
    """How many rows became entries, and why how many did not."""

    entries: int = 0
    other_types: int = 0
    not_positive: int = 0


def read_table(lines: Iterable[str], name: str, gathered: Gathered, origin: Origin) -> Taken:
    """Adds the rows of a table. Raises ConfigurationError naming line and column of what is wrong."""
    previous = csv.field_size_limit(LONGEST)
    reader, taken = csv.reader(lines, strict=True), Taken()
    try:
        header = next(reader, [])
        if sorted(header) != sorted(COLUMNS):
            raise ConfigurationError(f"the columns are {', '.join(COLUMNS)}, not {', '.join(header)[:200]!r}")
        for row in reader:
            if len(row) != len(header):
                raise ConfigurationError(f"has {len(row)} columns, the header has {len(header)}")
            _take(dict(zip(header, row, strict=True)), header, gathered, origin, taken)
    except csv.Error as error:
        raise ConfigurationError(f"{name}, line {reader.line_num}: not CSV: {error}") from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}, line {reader.line_num}: {error}") from error
    finally:
        csv.field_size_limit(previous)
    return taken


def _take(row: Mapping[str, str], header: Sequence[str], gathered: Gathered, origin: Origin, taken: Taken) -> None:
    if row["category"] not in _CATEGORIES:
        raise ConfigurationError(f"column {header.index('category') + 1} (category): {row['category'][:50]!r} is none")
    said = replace(origin.said, list=list_name(row["collab"]) or origin.said.list, tags=_tags(row["tags"]))
    try:
        entry = _entry(row["signal_type"], row["signal_str"], said, origin)
    except ConfigurationError as error:
        raise ConfigurationError(f"column {header.index('signal_str') + 1} (signal_str): {error}") from error
    if entry is None:
        taken.other_types += 1
    elif row["category"] != POSITIVE:
        taken.not_positive += 1
    else:
        gathered.add(entry)
        taken.entries += 1


def read_signals(lines: Iterable[str], name: str, gathered: Gathered, origin: Origin, signal_type: str = "") -> Taken:
    """Adds the lines of a plain file. signal_type: of all lines, where they do not begin with theirs.

    Raises ConfigurationError naming line and column of what is wrong.
    """
    taken = Taken()
    for at, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        kind, signal = (signal_type, text) if signal_type else _parted(text)
        try:
            entry = _entry(kind, signal, origin.said, origin)
            if entry is None:
                taken.other_types += 1
                continue
            gathered.add(entry)
        except ConfigurationError as error:
            column = line.find(signal) + 1
            raise ConfigurationError(f"{name}, line {at}, column {column}: {error}") from error
        taken.entries += 1
    return taken


def _parted(text: str) -> tuple[str, str]:
    kind, _, signal = text.partition(" ")
    return kind, signal.strip() or text


def _entry(signal_type: str, signal: str, said: Said, origin: Origin) -> Entry | None:
    kind = KINDS.get(signal_type)
    if kind is None and origin.others:
        return None
    if kind is None:
        read = ", ".join(KINDS)
        raise ConfigurationError(f"signals of type {signal_type[:50]!r} cannot be looked up; {read} can")
    if kind is HashKind.VPDQ:
        return Entry.film(map(FrameHash.parse, _texts(signal)), said)
    digest = digest_of_hex(signal, kind)
    return Entry(kind, digest.hex(), said.list, said.reason, said.source, said.tags)


def _texts(signal: str) -> list[str]:
    try:
        frames = json.loads(signal)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError("the signal of a film is not JSON") from error
    if not isinstance(frames, list) or not all(isinstance(text, str) for text in frames):
        raise ConfigurationError("the signal of a film is an array of texts")
    return frames


def write_table(entries: Iterable[Entry]) -> Iterator[Sequence[str]]:
    """The rows of a table for `csv.writer`, the header first."""
    yield COLUMNS
    for entry in entries:
        yield entry.kind, _signal(entry), entry.list, POSITIVE, " ".join(entry.tags)


def write_signals(entries: Iterable[Entry]) -> Iterator[str]:
    """The lines of a plain file."""
    for entry in entries:
        yield f"{entry.kind} {_signal(entry)}\n"


def _signal(entry: Entry) -> str:
    return signal_of(entry.frames) if entry.frames else entry.hex


def list_name(collab: str) -> str:
    """A collaboration's name as that of a list: lower case, and "-" for what a list's name cannot have."""
    return re.sub(r"[^a-z0-9_-]+", "-", collab.lower()).strip("-_")[:64]


def _tags(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(text.split())))
