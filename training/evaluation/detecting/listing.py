"""The list of pictures that detectors are measured on: a table with tabs between its columns, and a header.

    file    label    generator    mask    photograph

`file` and `label` have to be there. label: real, ai or manipulated. generator: what made an ai picture. mask: a
picture, white where a manipulated one was changed. photograph: names what several files were made from, which then are
not independent. Other columns are ignored. Paths are relative to the table. The module opens no picture.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.errors import InvalidInput

OPTION = "data"
_NEEDED = ("file", "label")
_KNOWN = (*_NEEDED, "generator", "mask", "photograph")


class Label(StrEnum):
    """What is true of a picture."""

    REAL = "real"
    AI = "ai"
    MANIPULATED = "manipulated"


@dataclass(frozen=True, slots=True)
class Row:
    """One picture. line: of the table, from 1. name: the path as it is written there. generator: "" where not told.

    photograph: what it was made from; its own name where not told.
    """

    line: int
    name: str
    path: Path
    label: Label
    generator: str
    mask: Path | None
    photograph: str


def read_listing(path: Path) -> tuple[Row, ...]:
    """Every row, in order. Raises InvalidInput, naming line and column, for a table that cannot be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}", "a table of pictures") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        raise _wrong(path, f"line {line}, column {column}: not UTF-8", "UTF-8") from error
    # Tables with tabs have no quoting: a quotation mark in a note is a character like others.
    lines = [(at, line.split("\t")) for at, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise _wrong(path, "line 1, column 1: no header", "file, label")
    (_, header), *rest = lines
    columns = _columns(path, [name.strip() for name in header])
    rows = tuple(_rows(path, columns, rest))
    if not rows:
        raise _wrong(path, "line 2, column 1: no pictures are listed", "one row or more", "0 rows")
    return rows


def _columns(path: Path, header: Sequence[str]) -> Mapping[str, int]:
    """The place of every known column, from 0."""
    for name in _NEEDED:
        if name not in header:
            found = ", ".join(header)[:200]
            raise _wrong(path, f"line 1, column {len(header)}: there is no column {name!r}", name, found)
    for at, name in enumerate(header):
        if name in _KNOWN and header.index(name) != at:
            raise _wrong(path, f"line 1, column {at + 1}: {name!r} stands there twice", "once", name)
    return {name: header.index(name) for name in _KNOWN if name in header}


def _rows(path: Path, columns: Mapping[str, int], lines: Sequence[tuple[int, list[str]]]) -> Iterator[Row]:
    for line, cells in lines:
        told = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
        where = {name: f"line {line}, column {columns[name] + 1}" for name in _NEEDED}
        if not told["file"]:
            raise _wrong(path, f"{where['file']}: no file is named", "a path")
        if told["label"] not in tuple(Label):
            allowed = ", ".join(Label)
            raise _wrong(path, f"{where['label']}: the label is one of {allowed}, not {told['label']!r:.80}", allowed)
        yield Row(
            line=line,
            name=told["file"],
            path=path.parent / told["file"],
            label=Label(told["label"]),
            generator=told.get("generator", ""),
            mask=path.parent / told["mask"] if told.get("mask") else None,
            photograph=told.get("photograph") or told["file"],
        )


def write_listing(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Writes a table of these cells by column; what is not told is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _KNOWN, delimiter="\t", lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


def _wrong(path: Path, message: str, limit: str, found: str = "") -> InvalidInput:
    return InvalidInput(f"{path.name}, {message}", field=OPTION, limit=limit, found=found)
