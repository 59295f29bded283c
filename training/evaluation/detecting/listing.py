"""The list of pictures that detectors are measured on: a table with tabs between its columns, and a header.

    file    label    generator    mask    photograph

`file` and `label` have to be there. label: real, ai or manipulated. generator: what made an ai picture. mask: a
picture, white where a manipulated one was changed. photograph: names what several files were made from, which then are
not independent. Other columns are not read. Capitals in labels and headings do not count. Paths are relative to the
table. The module opens no picture.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
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
    (_, header), *rest = _lines(path)
    columns = _columns(path, _headings(header))
    rows = tuple(_rows(path, columns, rest))
    if not rows:
        raise _wrong(path, "line 2, column 1: no pictures are listed", "one row or more", "0 rows")
    return rows


def not_read(path: Path) -> tuple[str, ...]:
    """The headings of columns that nobody reads; beside one that looks misspelt what it may be. Raises InvalidInput."""
    names = [name for name in _headings(_lines(path)[0][1]) if name and name not in _KNOWN]
    near = {name: get_close_matches(name, _KNOWN, n=1) for name in names}
    return tuple(f"{name} (is it {near[name][0]}?)" if near[name] else name for name in names)


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """The number and the cells of every line that is not blank: one or more."""
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
        raise _wrong(path, "line 1, column 1: no header", ", ".join(_NEEDED))
    return lines


def _headings(header: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in header]


def _columns(path: Path, header: Sequence[str]) -> Mapping[str, int]:
    """The place of every known column, from 0."""
    for name in _NEEDED:
        if name not in header:
            found = ", ".join(header)[:200]
            why = _untabbed(header) or f"; there are: {found}. The first line names the columns: {', '.join(_KNOWN)}"
            raise _wrong(path, f"line 1, column {len(header)}: there is no column {name!r}{why}", name, found)
    for at, name in enumerate(header):
        if name in _KNOWN and header.index(name) != at:
            raise _wrong(path, f"line 1, column {at + 1}: {name!r} stands there twice", "once", name)
    return {name: header.index(name) for name in _KNOWN if name in header}


def _untabbed(cells: Sequence[str]) -> str:
    """What a reader is told whose line has something else where tabs should be; "" for a line that has tabs."""
    if len(cells) > 1:
        return ""
    others = {",": "commas", ";": "semicolons", " ": "spaces"}
    there = next((word for sign, word in others.items() if sign in cells[0].strip()), None)
    return f": {there} where tabs should part the columns" if there else ": no tab parts this line"


def _rows(path: Path, columns: Mapping[str, int], lines: Sequence[tuple[int, list[str]]]) -> Iterator[Row]:
    for line, cells in lines:
        told = {name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()}
        where = {name: f"line {line}, column {columns[name] + 1}" for name in _NEEDED}
        if not told["file"]:
            raise _wrong(path, f"{where['file']}: no file is named{_untabbed(cells)}", "a path")
        label = told["label"].lower()
        if label not in tuple(Label):
            allowed = ", ".join(Label)
            message = f"the label is one of {allowed}, not {told['label']!r:.80}{_untabbed(cells)}"
            raise _wrong(path, f"{where['label']}: {message}", allowed, told["label"])
        yield Row(
            line=line,
            name=told["file"],
            path=path.parent / told["file"],
            label=Label(label),
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
