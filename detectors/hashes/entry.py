"""One known hash, and what is said of it. Knows no list, no file format and no media."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.errors import ConfigurationError
from detectors.pdq import Pdq

HEX = re.compile(r"[0-9a-f]{64}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TAG = re.compile(r"\S{1,100}")
MAX_FRAMES = 14_400
"""Of one film: one a second of the longest that is read."""
MIN_QUALITY = 50
"""PDQ's own measure; pictures below it are so plain that strangers share their hashes."""
_ID = 16


class HashKind(StrEnum):
    """PDQ finds pictures that look alike, SHA-256 the very same bytes, vPDQ films that share pictures."""

    PDQ = "pdq"
    SHA256 = "sha256"
    VPDQ = "vpdq"


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """What a list says of an entry. list: lower-case name, used in policy codes as "list.<name>". tags: sorted, each
    without white space.
    """

    list: str
    reason: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.list):
            raise ConfigurationError("a list name has 1 to 64 of a–z, 0–9, _ and -, and starts with a letter or digit")
        if any(_SURROGATE.search(text) for text in (self.reason, self.source, *self.tags)):
            raise ConfigurationError("a reason, source or tag is no Unicode text")
        if not all(_TAG.fullmatch(tag) for tag in self.tags):
            raise ConfigurationError("a tag has 1 to 100 characters, and no white space among them")
        if list(self.tags) != sorted(set(self.tags)):
            raise ConfigurationError("tags are sorted, each once")


@dataclass(frozen=True, slots=True)
class FrameHash:
    """The PDQ hash of one picture of a film. quality: 0 to 100. time: milliseconds from the start."""

    hex: str
    quality: int
    time: int

    def __post_init__(self) -> None:
        if not HEX.fullmatch(self.hex):
            raise ConfigurationError("the hash of a film's picture has 64 lower-case hexadecimal digits")
        if not 0 <= self.quality <= 100:
            raise ConfigurationError(f"the quality of a film's picture is 0 to 100, not {self.quality}")
        if not 0 <= self.time < 2**32:
            raise ConfigurationError("the time of a film's picture is negative, or beyond 49 days")

    @classmethod
    def of(cls, found: Pdq, seconds: float) -> FrameHash:
        """A hash and when its picture is shown."""
        return cls(found.hex, found.quality, round(seconds * 1000))

    @classmethod
    def parse(cls, text: str) -> FrameHash:
        """The inverse of `str`, as ThreatExchange's vPDQ writes it. Raises ConfigurationError."""
        parts = text.split(",")
        try:
            digits, quality, seconds = parts
            time = float(seconds)
            return cls(digits.lower(), int(quality), round(time * 1000) if math.isfinite(time) else -1)
        except ValueError as error:
            raise ConfigurationError("a film's picture is written as its hash, quality and seconds") from error

    def __str__(self) -> str:
        return f"{self.hex},{self.quality},{self.time / 1000:.3f}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One known hash. hex: 64 lower-case digits; of a film the SHA-256 of what `signal_of` writes. frames: of a film,
    in the order of their times.
    """

    kind: HashKind
    hex: str
    list: str
    reason: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()
    frames: tuple[FrameHash, ...] = ()

    def __post_init__(self) -> None:
        if not HEX.fullmatch(self.hex):
            raise ConfigurationError(f"a {self.kind} hash has 64 lower-case hexadecimal digits")
        if (self.kind is HashKind.VPDQ) != bool(self.frames):
            raise ConfigurationError("films have frames, and nothing else has")
        if self.kind is HashKind.VPDQ and self.hex != film_hex(self.frames):
            raise ConfigurationError("the hash of a film is not that of its frames")
        Said(self.list, self.reason, self.source, self.tags)

    @classmethod
    def film(cls, frames: Iterable[FrameHash], said: Said) -> Entry:
        """A film by its pictures. Raises ConfigurationError where there are too many, or none that can be compared."""
        kept = checked_film(tuple(frames))
        return cls(HashKind.VPDQ, film_hex(kept), said.list, said.reason, said.source, said.tags, kept)

    @property
    def said(self) -> Said:
        """What its list says of it."""
        return Said(self.list, self.reason, self.source, self.tags)

    @property
    def key(self) -> tuple[HashKind, str, str]:
        """What makes an entry the same entry."""
        return self.kind, self.hex, self.list

    @property
    def id(self) -> str:
        """16 hexadecimal digits that name the entry in findings. They are of the key, and do not tell the hash."""
        return hashlib.sha256(" ".join(self.key).encode()).hexdigest()[:_ID]


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that was found. distance: differing bits of 256; 0 for SHA-256, of a film that of its nearest picture.

    share, listed_share: of a film, 0 to 1: the part of its own pictures, and of the listed ones, that have one within
    the distance on the other side. time: seconds of the picture that was found first, where a film was asked about.
    """

    entry: Entry
    distance: int
    share: float = 1.0
    listed_share: float = 1.0
    time: float | None = None


def checked_film(frames: tuple[FrameHash, ...]) -> tuple[FrameHash, ...]:
    """Frames of a film that may be listed, in the order of their times. Raises ConfigurationError."""
    if len(frames) > MAX_FRAMES:
        raise ConfigurationError(f"a film has at most {MAX_FRAMES} pictures, not {len(frames)}")
    if not any(frame.quality >= MIN_QUALITY for frame in frames):
        raise ConfigurationError(f"no picture of the film has a quality of {MIN_QUALITY} or more to be compared by")
    return tuple(sorted(frames, key=lambda frame: frame.time))


def signal_of(frames: Iterable[FrameHash]) -> str:
    """A film as ThreatExchange's vPDQ writes it: a JSON array of texts "hash,quality,seconds"."""
    return json.dumps([str(frame) for frame in frames])


def film_hex(frames: Iterable[FrameHash]) -> str:
    """SHA-256 of a film's text, which names it where one hash is asked for."""
    return hashlib.sha256(signal_of(frames).encode()).hexdigest()
