"""Media: bytes whose format was sniffed, and what the sandbox read out of them.

This module knows how parsed media is represented. It does not know how to parse: `core.sandbox` does,
and it alone makes `Media` from bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.uint8]


class Kind(StrEnum):
    """The two kinds of media."""

    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One picture.

    pixels: RGB, uint8, shape (height, width, 3), not rotated by EXIF orientation.
    alpha: uint8, shape (height, width), or None where the picture is opaque.
    time: seconds from the start; 0.0 for a still image.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    time: float = 0.0


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


def digest_of(data: bytes | memoryview) -> str:
    """The digest form used everywhere: "sha256:" and 64 lower-case hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
