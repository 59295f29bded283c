"""The weights that embedder and reader share, and their manifest, which lie beside this file.

They lie in core because generators and detectors do not know each other.
"""

from __future__ import annotations

from pathlib import Path

from core.weights import PinnedWeights, read_manifest

FOLDER = Path(__file__).parent
NAME = "watermark"


def shipped() -> PinnedWeights:
    """The pinned weights of this package. Raises ConfigurationError where their manifest cannot be read."""
    return read_manifest(FOLDER / "weights.toml")[NAME]
