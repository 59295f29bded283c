"""The lists of known content that are looked up now, and following their files: what lies there decides a moment later.

A finding is made by one list from beginning to end: the choice is one look at one immutable value. Before a new list is
looked up, it is on the record as what decisions are made with, beside the one before it, so that a decision on its way
names a configuration that has its list whichever it was.

A file that cannot be read, or has gone, changes nothing: the list before it goes on being looked up, and that is said
loudly, in the log of the server and in a metric, until the file is right again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import structlog
from prometheus_client import Gauge

from core.errors import ConfigurationError, Unavailable
from core.media import Media
from detectors.base import Detector, Finding, Source
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from detectors.near.detector import NearDetector, NearSource
from server.looking import keep_looking
from server.metrics import Metrics

PAUSE = 2.0
"""Seconds between two looks at the file."""
Stamp: TypeAlias = tuple[int, int, int]


class KnownContent:
    """A detector that looks things up, and whose list may be replaced between two calls."""

    def __init__(self, detector: Detector) -> None:
        self.name = detector.name
        self.label = detector.label
        self.kinds = detector.kinds
        self.views = detector.views
        self.summary = detector.summary
        self.limits = detector.limits
        self.switch(detector)

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """As the detector that is looked up now."""
        return self._detector.detect(batch)

    def switch(self, detector: Detector) -> None:
        """From the next call on. A call that runs ends with the list that it began with, and names that."""
        self._detector = detector
        self.version = detector.version


class NearContent(KnownContent):
    """`near_duplicate`, whose findings carry measurements."""

    measures = NearSource.measures


class Recorded(Protocol):
    """Who puts on the record what decisions are made with."""

    async def renew(self, detector: Source) -> None:
        """Records that this version of a detector takes part from now on. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked up. what: for the log. read: the detector on the list in a file; raises ConfigurationError.

    stale: the metric that says the file cannot be read.
    """

    what: str
    read: Callable[[Path], Detector]
    stale: Callable[[Metrics], Gauge]


def detector_of(path: Path) -> KnownHashDetector:
    """The detector on the list in a file, ready to be asked. Raises ConfigurationError."""
    return KnownHashDetector(HashList.load(path))


def near_detector_of(path: Path) -> NearDetector:
    """As `detector_of`, for near duplicates. Raises ConfigurationError, also where FAISS is not installed."""
    return NearDetector.load(path)


HASHES = Looked("the list of known content", detector_of, lambda metrics: metrics.known_stale)
NEAR = Looked("the list of near duplicates", near_detector_of, lambda metrics: metrics.near_stale)


class KnownFollower:
    """Keeps `known` what the file says. path: it need not exist yet. seen: when `known` was read from it."""

    def __init__(
        self,
        path: Path,
        known: KnownContent,
        record: Recorded,
        metrics: Metrics,
        seen: Stamp | None = None,
        looked: Looked = HASHES,
    ) -> None:
        self._path = path
        self._known = known
        self._record = record
        self._stale = looked.stale(metrics)
        self._seen = seen
        self._looked = looked
        self._log = structlog.get_logger("countersign.known")

    async def run(self) -> None:
        """Until cancelled."""
        await keep_looking(self.look, PAUSE, self._looked.what)

    async def look(self) -> None:
        """Takes the file's list up if it is another one. Raises Unavailable where the record cannot take it."""
        stamp = stamp_of(self._path)
        if stamp == self._seen:
            return
        try:
            detector = await asyncio.to_thread(self._looked.read, self._path)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a file that its reader fails at would be read again for ever
            # Seen: it is told once, and read again when it has changed.
            self._seen = stamp
            self._tell(error)
            return
        if stamp_of(self._path) != stamp:
            return  # replaced while it was read: the next look reads it whole
        if detector.version != self._known.version:
            await self._record.renew(detector)
            self._known.switch(detector)
            self._log.info("known content", detector=detector.name, version=detector.version)
        self._seen = stamp
        self._stale.set(0)

    def _tell(self, error: Exception) -> None:
        """That the file cannot be read; where that is a defect of ours, with its trace."""
        self._stale.set(1)
        words = f"{self._looked.what.upper()} CANNOT BE READ: the one before it goes on being looked up"
        trace = None if isinstance(error, ConfigurationError) else error
        self._log.error(words, file=str(self._path), why=str(error), exc_info=trace)


def stamp_of(path: Path) -> Stamp | None:
    """What changes when a file is replaced or written to; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
