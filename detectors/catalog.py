"""Every detector by name. Add a line to `build` to add a detector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.registry import Registry
from detectors import film_hashes
from detectors.base import Detector
from detectors.copy_move import CopyMoveDetector
from detectors.hash_list import HashList
from detectors.jpeg_history import JpegHistoryDetector
from detectors.known_hash import KnownHashDetector
from detectors.manipulation.detector import ManipulationDetector
from detectors.metadata import MetadataDetector
from detectors.resampling import ResamplingDetector
from detectors.thumbnail import ThumbnailDetector
from detectors.watermark.detector import WatermarkDetector

PARSERS: Mapping[str, str] = film_hashes.PARSERS
"""Of detectors' own, for `Sandbox.start` beside those of core."""


def build(known: HashList | Detector, more: Iterable[Detector] = ()) -> Registry[Detector]:
    """All detectors. known: the lists that `known_hash` looks up, or that detector where they change as it runs.

    more: those that need what is not always there, such as `detectors.nsfw`.
    """
    registry: Registry[Detector] = Registry("detector")
    detectors: tuple[Detector, ...] = (
        MetadataDetector(),
        KnownHashDetector(known) if isinstance(known, HashList) else known,
        CopyMoveDetector(),
        JpegHistoryDetector(),
        ManipulationDetector.load(),
        ResamplingDetector(),
        ThumbnailDetector(),
        WatermarkDetector(),
        *more,
    )
    for detector in detectors:
        registry.add(detector.name, detector)
    return registry
