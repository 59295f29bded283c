"""Every detector by name. Add a line to `build` to add a detector."""

from __future__ import annotations

from collections.abc import Mapping

from core.registry import Registry
from detectors import film_hashes
from detectors.base import Detector
from detectors.copy_move import CopyMoveDetector
from detectors.hash_list import HashList
from detectors.jpeg_history import JpegHistoryDetector
from detectors.known_hash import KnownHashDetector
from detectors.metadata import MetadataDetector
from detectors.watermark.detector import WatermarkDetector

PARSERS: Mapping[str, str] = film_hashes.PARSERS
"""Of detectors' own, for `Sandbox.start` beside those of core."""


def build(hashes: HashList) -> Registry[Detector]:
    """All detectors. `hashes` is the snapshot that `known_hash` looks up; build anew when it changes."""
    registry: Registry[Detector] = Registry("detector")
    detectors: tuple[Detector, ...] = (
        MetadataDetector(),
        KnownHashDetector(hashes),
        CopyMoveDetector(),
        JpegHistoryDetector(),
        WatermarkDetector(),
    )
    for detector in detectors:
        registry.add(detector.name, detector)
    return registry
