"""What an operator says of a brought file. A module of its own, so that settings are read without loading torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generators.base import PHOTO


@dataclass(frozen=True, slots=True)
class OwnWeights:
    """What the operator says of a file.

    name: snake_case, by which orders ask for it. sha256: of the whole file. task: needed where the network does not
    enlarge. perceptual: it was trained to look right (GAN, perceptual loss), not only to be near. profiles: what it may
    be used on; a perceptual one on photographs alone. licence, accept_licence: see `licences.accepted`. device: see
    `core.devices.pick_device`. tile, margin: see `tiling.Plan`.
    """

    name: str
    path: Path
    sha256: str
    task: str = ""
    perceptual: bool = True
    profiles: frozenset[str] = frozenset({PHOTO})
    licence: str = ""
    accept_licence: str = ""
    device: str = "auto"
    tile: int = 256
    margin: int = 32
