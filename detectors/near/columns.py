"""Listed pictures as columns: half a kilobyte of code and some forty bytes a mark. Knows no file and no media."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.media import Pixels
from detectors.near.description import KEPT, Description, Marks

BYTES = 32
_STEPS = 127  # of the numbers of a mark in int8: none is beyond 1


@dataclass(frozen=True, eq=False, slots=True)
class Pictures:
    """codes: uint8 (n, bits / 8). media: uint8 (n, 32), SHA-256 of the file that each is of; a file may have several.

    saids: uint32 (n,), the number of what is said of each. bounds: int64 (n + 1,): the marks of a picture lie between
    two of them. places: float16 (m, 4), as of `Points`. seen: int8 (m, d).
    """

    codes: Pixels
    media: Pixels
    saids: NDArray[np.uint32]
    bounds: NDArray[np.int64]
    places: NDArray[np.float16]
    seen: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.saids)

    @classmethod
    def of(cls, described: Sequence[Description], media: bytes, size: int, width: int) -> Pictures:
        """The pictures of one file, all of which number 0 says something of. size: bytes of a code; width: of marks."""
        empty = Marks(np.zeros((0, 4), np.float32), np.zeros((0, width), np.float32))
        marks = [empty, *(each.marks for each in described)]
        seen = np.concatenate([each.seen for each in marks])
        return cls(
            np.array([each.code for each in described], np.uint8).reshape(-1, size),
            np.frombuffer(media * len(described), np.uint8).reshape(-1, BYTES),
            np.zeros(len(described), np.uint32),
            np.cumsum([len(each) for each in marks], dtype=np.int64),
            np.concatenate([each.places for each in marks]).astype(np.float16),
            np.clip(np.round(seen * _STEPS), -127, 127).astype(np.int8),
        )

    def marks(self, row: int) -> Marks:
        """Those of one picture, as they were before they were made short."""
        part = slice(*self.bounds[row : row + 2].tolist())
        seen = np.asarray(self.seen[part] / _STEPS, np.float32)
        return Marks(self.places[part].astype(np.float32), seen)

    def take(self, rows: NDArray[np.intp]) -> Pictures:
        """Some rows, in that order."""
        lengths = np.diff(self.bounds)[rows]
        bounds = np.concatenate(([0], np.cumsum(lengths)))
        at = np.arange(bounds[-1]) + np.repeat(self.bounds[:-1][rows] - bounds[:-1], lengths)
        return Pictures(self.codes[rows], self.media[rows], self.saids[rows], bounds, self.places[at], self.seen[at])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """By name, as they are written."""
        return {name: np.ascontiguousarray(getattr(self, name)) for name in DTYPES}


DTYPES: Mapping[str, tuple[str, int]] = {
    "codes": ("uint8", 2),
    "media": ("uint8", 2),
    "saids": ("uint32", 1),
    "bounds": ("int64", 1),
    "places": ("float16", 2),
    "seen": ("int8", 2),
}
"""Type and dimensions of each array."""


def bytes_of(size: int, width: int) -> int:
    """What one picture takes of a file at most. size, width: as in `Pictures.of`."""
    places = 4 * np.dtype(np.float16).itemsize
    return size + BYTES + np.dtype(np.uint32).itemsize + np.dtype(np.int64).itemsize + KEPT * (places + width)


def joined(parts: Sequence[Pictures]) -> Pictures:
    """The rows of several, one after the other; at least one."""
    shifts = np.cumsum([0, *(int(part.bounds[-1]) for part in parts[:-1])])
    starts = [part.bounds[1:] + shift for part, shift in zip(parts, shifts, strict=True)]
    return Pictures(
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.media for part in parts]),
        np.concatenate([part.saids for part in parts]),
        np.concatenate([np.zeros(1, np.int64), *starts]),
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.seen for part in parts]),
    )


def checked(arrays: Mapping[str, NDArray[Any]], size: int, width: int) -> Pictures:
    """The pictures of arrays from a file. Raises ConfigurationError saying what is wrong with them."""
    for name, (dtype, dimensions) in DTYPES.items():
        array = arrays.get(name)
        if array is None or array.dtype != dtype or array.ndim != dimensions:
            raise ConfigurationError(f"{name} is missing, or not {dtype} of {dimensions} dimensions")
    widths = {"codes": size, "media": BYTES, "places": 4, "seen": width}
    for name, wanted in widths.items():
        if arrays[name].shape[1] != wanted:
            raise ConfigurationError(f"{name} has {arrays[name].shape[1]} columns, not {wanted}")
    made = Pictures(**{name: arrays[name] for name in DTYPES})
    _check_rows(made)
    return made


def _check_rows(made: Pictures) -> None:
    bounds = made.bounds
    whole = len(bounds) and bounds[0] == 0 and bounds[-1] == len(made.places) and (np.diff(bounds) >= 0).all()
    if not whole or len(made.seen) != len(made.places):
        raise ConfigurationError("the marks are of no whole pictures")
    longest = int(np.diff(bounds).max(initial=0))
    if longest > KEPT:  # every look at such a picture would be a matrix as long
        raise ConfigurationError(f"a picture has {longest} marks, {KEPT} at most")
    if not len(made.codes) == len(made.media) == len(made.saids) == len(bounds) - 1:
        raise ConfigurationError(f"there are {len(made.codes)} codes and {len(bounds) - 1} pictures' marks")
    if not np.isfinite(made.places).all():
        raise ConfigurationError("a mark lies nowhere")
