"""Every detector by name. Add a line to `build` to add a detector."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from core.registry import Registry
from core.weights import read_manifest
from detectors import film_hashes
from detectors.base import Detector
from detectors.copy_move import CopyMoveDetector
from detectors.films import parser as film_timeline
from detectors.films.video_edits import VideoEditsDetector
from detectors.generated import detector as generated
from detectors.generated import video
from detectors.generated.detector import GeneratedDetector
from detectors.generated.tower import Tower
from detectors.generated.video import generated_video
from detectors.hash_list import HashList
from detectors.jpeg_history import JpegHistoryDetector
from detectors.known_hash import KnownHashDetector
from detectors.manipulation import detector as manipulation
from detectors.manipulation.detector import ManipulationDetector
from detectors.metadata import MetadataDetector
from detectors.near import description as near
from detectors.resampling import ResamplingDetector
from detectors.thumbnail import ThumbnailDetector
from detectors.verdicts.learned import LearnedDetector
from detectors.verdicts.redelivery import Redelivered
from detectors.watermark.detector import WatermarkDetector

PARSERS: Mapping[str, str] = {**film_hashes.PARSERS, **film_timeline.PARSERS}
"""Of detectors' own, for `Sandbox.start` beside those of core."""


WEIGHTS = Path(__file__).with_name("weights") / "weights.toml"
"""The manifest of what learned detectors learned."""


def build(
    known: HashList | Detector,
    more: Iterable[Detector] = (),
    tower: Tower | None = None,
    *,
    redeliveries: bool = False,
) -> Registry[Detector]:
    """All detectors. known: the lists that `known_hash` looks up, or that detector where they change as it runs.

    more: those that need what is not always there, such as `detectors.nsfw` and `detectors.near`. tower: what
    `generated_image` and `generated_video` see with, where it is installed: see `tower_of`. redeliveries: those that
    were trained read every still again over re-deliveries, see `detectors.verdicts.redelivery`.
    """
    registry: Registry[Detector] = Registry("detector")
    weights = read_manifest(WEIGHTS)
    detectors: tuple[Detector, ...] = (
        MetadataDetector(),
        KnownHashDetector(known) if isinstance(known, HashList) else known,
        CopyMoveDetector(),
        JpegHistoryDetector(),
        ManipulationDetector.load(),
        ResamplingDetector(),
        ThumbnailDetector(),
        WatermarkDetector(),
        VideoEditsDetector(),
        GeneratedDetector.load(weights, tower),
        generated_video(weights, tower),
        *more,
    )
    for detector in detectors:
        if redeliveries and isinstance(detector, LearnedDetector):
            registry.add(detector.name, Redelivered(detector))
        else:
            registry.add(detector.name, detector)
    return registry


def detectors_by_weights() -> Mapping[str, str]:
    """The detector that reads with shipped weights, by their names in the manifests. Other weights measure only."""
    same = (generated.NAME, video.NAME, manipulation.NAME, near.NAME, WatermarkDetector.name)
    return {**{name: name for name in same}, generated.WITH_TOWER: generated.NAME}


def tower_of() -> Tower | None:
    """What `generated_image` sees with, where the extra `clip` is installed. Raises as `Tower.load`."""
    return GeneratedDetector.tower(read_manifest(WEIGHTS))
