"""Output files: never half-written, never in place of something that was not meant."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from countersign.errors import UnusableFile


def refuse_output(output: Path, *, force: bool, source: Path | None = None) -> None:
    """Raises UnusableFile, before any work is done, for an output that could not or should not be written."""
    if source is not None and output.exists() and source.exists() and output.samefile(source):
        raise UnusableFile(f"{output} is the input itself", field="output")
    if output.is_dir():
        raise UnusableFile(f"{output} is a directory", field="output")
    if output.exists() and not force:
        raise UnusableFile(f"{output} exists; --force replaces it", field="output")
    if not output.parent.is_dir():
        raise UnusableFile(f"{output.parent} is not a directory", field="output")


@contextmanager
def atomically(output: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A stream beside the target that is renamed to it at the end: readers see the old file or the new one, whole.

    Leaves nothing behind when the block raises. Raises UnusableFile.
    """
    part = output.with_name(f".{output.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        # Looked at again: the work since the first look may have taken minutes.
        refuse_output(output, force=force)
        part.replace(output)
    except OSError as error:
        raise UnusableFile(f"cannot write {output}: {error.strerror}", field="output") from error
    finally:
        part.unlink(missing_ok=True)


def write_atomically(output: Path, data: bytes, *, force: bool) -> None:
    """Writes the whole file. Raises UnusableFile."""
    with atomically(output, force=force) as stream:
        stream.write(data)


def beside(file: Path) -> Path:
    """Where the manifest store of a file lies whose format holds none: the same name, ending in .c2pa, which is where
    tools of C2PA look for it.
    """
    store = file.with_suffix(".c2pa")
    return file.with_name(f"{file.name}.c2pa") if store == file else store


def write_json(output: Path, value: Any, *, force: bool) -> None:
    """Writes one JSON value, atomically. Raises UnusableFile."""
    write_atomically(output, json.dumps(value, indent=2).encode() + b"\n", force=force)


def make_folder(folder: Path) -> None:
    """Makes sure that the folder exists. Raises UnusableFile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder {folder}: {error.strerror}"
        raise UnusableFile(message, field="output") from error


def safe_name(name: str) -> str:
    """The name as one component of a path, whatever a server or a file put into it."""
    kept = "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in name)
    return kept.lstrip(".")[:100] or "_"
