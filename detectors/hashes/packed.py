"""A list as one safetensors file: what ten million hashes are kept in, because reading as many lines takes a minute.

Tensors, for each of the kinds pdq, sha256 and vpdq: "<kind>.hashes" uint8 (n, 32) and "<kind>.saids" uint32 (n,); and
"frames.bounds" int64, "frames.hashes" uint8 (m, 32), "frames.qualities" uint8, "frames.times" uint32, as of
`detectors.hashes.columns.Frames`. Metadata: "format", and "saids", a JSON array of [list, reason, source, [tag, …]].
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from core.errors import ConfigurationError
from detectors.hashes.columns import BYTES, Column, Frames
from detectors.hashes.entry import HashKind, Said
from detectors.hashes.gathering import KINDS, Table
from detectors.hashes.tables import MOST

SUFFIX = ".safetensors"
_FORMAT = "countersign known content 1"
_COLUMN: Mapping[str, tuple[str, int]] = {"hashes": ("uint8", 2), "saids": ("uint32", 1)}
_FRAMES: Mapping[str, tuple[str, int]] = {
    "bounds": ("int64", 1),
    "hashes": ("uint8", 2),
    "qualities": ("uint8", 1),
    "times": ("uint32", 1),
}


def pack(table: Table) -> bytes:
    """The file of a table."""
    arrays: dict[str, NDArray[Any]] = {}
    for kind, column in table.columns.items():
        arrays |= {f"{kind}.{name}": np.ascontiguousarray(getattr(column, name)) for name in _COLUMN}
        if column.frames is not None:
            arrays |= {f"frames.{name}": np.ascontiguousarray(getattr(column.frames, name)) for name in _FRAMES}
    saids = [[said.list, said.reason, said.source, said.tags] for said in table.saids]
    return save(arrays, {"format": _FORMAT, "saids": json.dumps(saids)})


def unpack(path: Path, name: str) -> Table:
    """The table in a file. name: what messages call it. Raises ConfigurationError saying what is wrong with it."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise ConfigurationError(f"{name} cannot be read: {error}") from error
    try:
        return _table(metadata, arrays)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}") from error


def _table(metadata: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> Table:
    if metadata.get("format") != _FORMAT:
        raise ConfigurationError(f"its format is {metadata.get('format', 'none')!r}, not {_FORMAT!r}")
    saids = _saids(metadata.get("saids", ""))
    frames = _frames(arrays)
    columns = {kind: _column(arrays, kind, frames if kind is HashKind.VPDQ else None) for kind in KINDS}
    for kind, column in columns.items():
        if len(column) and int(column.saids.max()) >= len(saids):
            raise ConfigurationError(f"{kind}.saids names more than the {len(saids)} that are told of")
    table = Table.of(saids, columns)
    for row in range(len(columns[HashKind.VPDQ])):
        table.entry(HashKind.VPDQ, row)  # made, and with that checked against its frames
    return table


def _saids(text: str) -> list[Said]:
    try:
        return [Said(name, reason, source, tuple(tags)) for name, reason, source, tags in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise ConfigurationError("what is said of the hashes cannot be read") from error


def _column(arrays: Mapping[str, NDArray[Any]], kind: HashKind, frames: Frames | None) -> Column:
    hashes, saids = (_array(arrays, f"{kind}.{name}", *shape) for name, shape in _COLUMN.items())
    films = len(frames.bounds) - 1 if frames is not None else len(saids)
    if not len(hashes) == len(saids) == films:
        raise ConfigurationError(f"{kind} has {len(hashes)} hashes and {len(saids)} that say something of one")
    return Column(hashes, saids, frames)


def _frames(arrays: Mapping[str, NDArray[Any]]) -> Frames:
    bounds, hashes, qualities, times = (_array(arrays, f"frames.{name}", *shape) for name, shape in _FRAMES.items())
    whole = len(bounds) and bounds[0] == 0 and bounds[-1] == len(hashes) and (np.diff(bounds) > 0).all()
    if not whole or not len(hashes) == len(qualities) == len(times):
        raise ConfigurationError("the frames are of no whole films")
    return Frames(bounds, hashes, qualities, times)


def _array(arrays: Mapping[str, NDArray[Any]], name: str, dtype: str, dimensions: int) -> NDArray[Any]:
    array = arrays.get(name)
    if array is None or array.dtype != dtype or array.ndim != dimensions:
        raise ConfigurationError(f"{name} is missing, or not {dtype} of {dimensions} dimensions")
    if dimensions > 1 and array.shape[1] != BYTES:
        raise ConfigurationError(f"{name} has hashes of {array.shape[1]} bytes, not {BYTES}")
    if len(array) > MOST + 1:
        raise ConfigurationError(f"{name} has {len(array)} rows, a list holds at most {MOST}")
    return array
