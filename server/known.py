"""The list of known content that is looked up now, and following its file: what lies there decides a moment later.

A finding is made by one list from beginning to end: the choice is one look at one immutable value. Before a new list is
looked up, it is on the record as what decisions are made with, beside the one before it, so that a decision on its way
names a configuration that has its list whichever it was.

A file that cannot be read, or has gone, changes nothing: the list before it goes on being looked up, and that is said
loudly, in the log of the server and in a metric, until the file is right again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

import structlog

from core.errors import ConfigurationError
from core.media import Media
from detectors.base import Finding, Source
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from server.looking import keep_looking
from server.metrics import Metrics

PAUSE = 2.0
"""Seconds between two looks at the file."""
Stamp: TypeAlias = tuple[int, int, int]


class KnownContent:
    """The detector `known_hash`, whose list may be replaced between two calls."""

    name = KnownHashDetector.name
    label = KnownHashDetector.label
    kinds = KnownHashDetector.kinds
    views = KnownHashDetector.views
    summary = KnownHashDetector.summary
    limits = KnownHashDetector.limits

    def __init__(self, detector: KnownHashDetector) -> None:
        self.switch(detector)

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """See `KnownHashDetector`."""
        return self._detector.detect(batch)

    def switch(self, detector: KnownHashDetector) -> None:
        """From the next call on. A call that runs ends with the list that it began with, and names that."""
        self._detector = detector
        self.version = detector.version


class Recorded(Protocol):
    """Who puts on the record what decisions are made with."""

    async def renew(self, detector: Source) -> None:
        """Records that this version of a detector takes part from now on. Raises Unavailable."""
        ...


class KnownFollower:
    """Keeps `known` what the file says. path: it need not exist yet. seen: when `known` was read from it."""

    def __init__(
        self, path: Path, known: KnownContent, record: Recorded, metrics: Metrics, seen: Stamp | None = None
    ) -> None:
        self._path = path
        self._known = known
        self._record = record
        self._metrics = metrics
        self._seen = seen
        self._log = structlog.get_logger("countersign.known")

    async def run(self) -> None:
        """Until cancelled."""
        await keep_looking(self.look, PAUSE, "the list of known content")

    async def look(self) -> None:
        """Takes the file's list up if it is another one. Raises Unavailable where the record cannot take it."""
        stamp = stamp_of(self._path)
        if stamp == self._seen:
            return
        try:
            detector = await asyncio.to_thread(detector_of, self._path)
        except ConfigurationError as error:
            # Seen: it is told once, and read again when it has changed.
            self._seen = stamp
            self._metrics.known_stale.set(1)
            words = "THE LIST OF KNOWN CONTENT CANNOT BE READ: the one before it goes on being looked up"
            self._log.error(words, file=str(self._path), why=str(error))
            return
        if stamp_of(self._path) != stamp:
            return  # replaced while it was read: the next look reads it whole
        if detector.version != self._known.version:
            await self._record.renew(detector)
            self._known.switch(detector)
            self._log.info("known content", version=detector.version)
        self._seen = stamp
        self._metrics.known_stale.set(0)


def detector_of(path: Path) -> KnownHashDetector:
    """The detector on the list in a file, ready to be asked. Raises ConfigurationError."""
    return KnownHashDetector(HashList.load(path))


def stamp_of(path: Path) -> Stamp | None:
    """What changes when a file is replaced or written to; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
