"""Media: bytes whose format was sniffed, and what the sandbox read out of them.

This module knows how parsed media is represented. It does not know how to parse: `core.sandbox` does,
and it alone makes `Media` from bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]
Deep: TypeAlias = NDArray[np.uint16]
_STEP = 257  # of 16 bits to one of 8: 255 becomes 65535
_ROWS = 256  # worked on at a time, so that large pictures need little memory


class Kind(StrEnum):
    """The two kinds of media."""

    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One picture.

    pixels: RGB, uint8, shape (height, width, 3), not rotated by EXIF orientation.
    alpha: uint8, shape (height, width), or None where the picture is opaque.
    time: seconds from the start; 0.0 for a still image. deep: the same picture at 16 bits, uint16, shape (height,
    width, 1 or 3), where more is known than `pixels` holds. deep_alpha: the same of alpha, uint16, (height, width);
    where it differs from `alpha` by more than rounding, `alpha` is right.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    time: float = 0.0
    deep: Deep | None = None
    deep_alpha: Deep | None = None

    def with_pixels(self, pixels: Pixels) -> Frame:
        """The frame with other pixels of the same size; what differs is carried over to `deep`, in steps of 257.

        Whoever changes pixels MUST change them by this, or the files of 16 bits would not show it.
        """
        deep = None if self.deep is None else _carried(self.deep, self.pixels, pixels)
        return replace(self, pixels=pixels, deep=deep)


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """What one sandboxed parser read: JSON-like facts and named arrays, or the reason it read nothing.

    `error` is empty on success. A consumer MUST look at it before it trusts an absence in `facts`. file: what it wrote,
    where it makes files.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    error: str = ""
    file: bytes = b""


@dataclass(frozen=True, eq=False, slots=True)
class Media:
    """Media as received or made. Made by `core.sandbox.Sandbox.open`.

    data: the file, unchanged. mime: sniffed, never declared. digest: "sha256:" and 64 hexadecimal digits of data.
    width, height: pixels of the coded picture. duration: seconds, 0.0 for images.
    views: the sandbox's parser results by parser name ("tags", "jpeg", …).
    """

    data: bytes
    kind: Kind
    mime: str
    digest: str
    width: int
    height: int
    duration: float
    pictures: tuple[Frame, ...]
    views: Mapping[str, View]

    def frames(self) -> tuple[Frame, ...]:
        """The decoded pictures: one of a still, up to `Limits.sampled_frames` evenly spaced ones of a sequence."""
        return self.pictures

    def view(self, name: str) -> View:
        """What the parser `name` read; a view with an error where that parser did not run."""
        return self.views.get(name, View(error=f"parser {name!r} did not run"))


def _carried(deep: Deep, old: Pixels, new: Pixels) -> Deep:
    """`deep` with the differences between two 8-bit pictures added and clipped. Greys that get colour become RGB."""
    height, width, channels = deep.shape
    coloured = channels == 1 and not _same_on_every_channel(old, new)
    made = np.empty((height, width, 3 if coloured else channels), np.uint16)
    for top in range(0, height, _ROWS):
        rows = slice(top, top + _ROWS)
        change = new[rows].astype(np.int32) - old[rows]
        moved = deep[rows] + change[..., : made.shape[2]] * _STEP
        made[rows] = np.clip(moved, 0, 65_535)
    return made


def _same_on_every_channel(old: Pixels, new: Pixels) -> bool:
    """Whether red, green and blue changed alike. Bytes wrap, which differences may without being mistaken."""
    return all(np.array_equal(new[..., 0] - old[..., 0], new[..., channel] - old[..., channel]) for channel in (1, 2))


def digest_of(data: bytes | memoryview) -> str:
    """The digest form used everywhere: "sha256:" and 64 lower-case hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
