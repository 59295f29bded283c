"""Lists from and to files of every form that is known here, by the ending of their names. Knows paths.

".csv" the table and ".txt" the plain file of ThreatExchange (`exchange`), ".jsonl" our own lines, ".safetensors" our
own columns.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from core.errors import InvalidInput
from detectors.hash_list import HashList
from detectors.hashes.exchange import Origin, Taken, read_signals, read_table, write_signals, write_table
from detectors.hashes.gathering import Gathered
from detectors.hashes.packed import SUFFIX

TABLE, SIGNALS, LINES = ".csv", ".txt", ".jsonl"
FORMS = (TABLE, SIGNALS, LINES, SUFFIX)


def read_list(path: Path, origin: Origin, signal_type: str = "") -> tuple[HashList, Taken]:
    """The list in a file of another, and what became of its rows. signal_type: of a plain file without any.

    Raises ConfigurationError naming line and column of what is wrong, and InvalidInput for a file of no known form.
    """
    form = form_of(path)
    if form in (LINES, SUFFIX):
        known = HashList.load(path)
        return known, Taken(entries=len(known))
    gathered, name = Gathered(), path.name
    with _text(path) as file:
        if form == TABLE:
            taken = read_table(file, name, gathered, origin)
        else:
            taken = read_signals(file, name, gathered, origin, signal_type)
    return HashList.of(gathered.columns()), taken


def write_list(known: HashList, path: Path) -> None:
    """Writes a list in the form that the file's name asks for, atomically. Raises InvalidInput for no known form."""
    form = form_of(path)
    if form in (LINES, SUFFIX):
        known.save(path)
    elif form == TABLE:
        _replace(path, lambda file: csv.writer(file).writerows(write_table(known)))
    else:
        _replace(path, lambda file: file.writelines(write_signals(known)))


def form_of(path: Path) -> str:
    """The ending that tells the form. Raises InvalidInput for another."""
    if path.suffix not in FORMS:
        message = f"{path.name} is in no form of lists that is known here"
        raise InvalidInput(message, field="file", limit=", ".join(FORMS), found=path.suffix)
    return path.suffix


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", field="file", found=str(path)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path.name} is not UTF-8", field="file", found=f"byte {error.start}") from error


def _replace(path: Path, write: Callable[[TextIO], object]) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            write(file)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
