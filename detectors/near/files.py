"""A list of near duplicates as one safetensors file.

Tensors as in `detectors.near.columns.Pictures`; metadata: "format", "model", the version of the describer that
described the pictures, and "saids", a JSON array of [list, reason, source, [tag, …]].
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as of_bytes
from safetensors.numpy import save as to_bytes

from core.errors import ConfigurationError, LimitExceeded
from detectors.hashes.entry import Said
from detectors.near.columns import bytes_of, checked
from detectors.near.description import Describer
from detectors.near.near_list import MOST, NearList

SUFFIX = ".safetensors"
_FORMAT = "countersign near duplicates 1"
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What safetensors, numpy and JSON raise: for types that numpy lacks, for shapes, for what is nested too deep."""
_HEADER = 100_000_008  # bytes of the longest that safetensors reads, and its length
_LENGTH = 8  # bytes at the beginning, which say how long the header is


def save(listed: NearList, path: Path) -> None:
    """Writes the file atomically: a reader sees the old list or the new one, never a part."""
    saids = [[said.list, said.reason, said.source, said.tags] for said in listed.saids]
    metadata = {"format": _FORMAT, "model": listed.model, "saids": json.dumps(saids)}
    data = to_bytes(listed.pictures.arrays(), metadata)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path, describer: Describer) -> NearList:
    """The list in a file. Raises ConfigurationError saying what is wrong with it, such as pictures that another model
    described.
    """
    name = f"the list of near duplicates {path.name}"
    try:
        arrays, metadata = _read(path, MOST * bytes_of(describer.bits // 8, describer.width) + _HEADER)
    except (OSError, SafetensorError, *_MALFORMED) as error:
        raise ConfigurationError(f"{name} cannot be read: {error}") from error
    if metadata.get("format") != _FORMAT:
        raise ConfigurationError(f"{name}: its format is {metadata.get('format', 'none')!r}, not {_FORMAT!r}")
    if metadata.get("model") != describer.version:
        raise ConfigurationError(
            f"{name}: its pictures were described by the model {metadata.get('model', 'of no name')}, and not by "
            f"{describer.version}, which runs here: list its files anew"
        )
    try:
        pictures, saids = checked(arrays, describer.bits // 8, describer.width), _saids(metadata.get("saids", ""))
        if len(pictures) and int(pictures.saids.max()) >= len(saids):
            raise ConfigurationError(f"saids names more than the {len(saids)} that are told of")
        return NearList(describer.version, pictures, saids)
    except (ConfigurationError, LimitExceeded) as error:
        raise ConfigurationError(f"{name}: {error}") from error


def _read(path: Path, most: int) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Arrays and metadata of a file of at most `most` bytes.

    It is read, not mapped: one that is cut short meanwhile would end the process.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise ConfigurationError(f"the list of near duplicates {path.name} has {size} bytes, a list at most {most}")
        data = file.read(size)
    arrays = of_bytes(data)  # first: it holds the header against the file's length
    header = json.loads(data[_LENGTH : _LENGTH + int.from_bytes(data[:_LENGTH], "little")])
    return arrays, header.get("__metadata__", {})


def _saids(text: str) -> list[Said]:
    try:
        return [Said(name, reason, source, tuple(tags)) for name, reason, source, tags in json.loads(text)]
    except _MALFORMED as error:
        raise ConfigurationError("what is said of the pictures cannot be read") from error
