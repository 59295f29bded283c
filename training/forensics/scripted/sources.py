"""Where scripted manipulations take their pictures from: photographs, drawings, and an autoencoder's decoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from core.media import Pixels
from core.weight_folder import PinnedFolder, read_folders
from training.corpora import photographs, sprites
from training.corpora.manifest import Split
from training.forensics.scripted.operations import OPERATIONS, Materials
from training.forensics.scripted.samples import Pairs
from training.harness.pictures import as_tensor
from training.harness.pipeline import load_coder

_MANIFEST = Path(__file__).parents[2] / "weights" / "weights.toml"
_DRAWINGS = {"train": 0, "test": 1}  # of every five drawings in the list, the second is for tests, by its code
_EVERY, _KEPT = 5, 600
_STYLES = frozenset({"3d", "cartoon"})  # flat ones have two colours


def open_pairs(
    cache: Path, split: Split, side: int, seed: int, operations: tuple[str, ...] = tuple(OPERATIONS)
) -> Pairs:
    """Pairs of one side of the split: its photographs, hosts and donors alike, and drawings of its own.

    Raises FileNotFoundError or ConfigurationError before the corpora are built.
    """
    pictures = photographs.load_split(cache, split, photographs.MANIFEST)
    hosts = [pictures[name] for name in sorted(pictures)]
    return Pairs(hosts, Materials(hosts, drawings(cache, split), rebuilder()), side, seed, operations)


def drawings(cache: Path, split: Split) -> list[Pixels]:
    """RGBA drawings; none is on both sides of the split, in whatever style."""
    rows = [row for row in sprites.read(cache) if row.style in _STYLES and row.licence in sprites.PERMITTED_LICENCES]
    codes = sorted({row.code for row in rows})
    test = set(codes[_DRAWINGS["test"] :: _EVERY])
    wanted = [row for row in rows if (row.code in test) == (split == "test")]
    picked = np.random.default_rng(0).permutation(len(wanted))[:_KEPT]
    return [sprites.pixels(cache, wanted[index]) for index in picked]


def rebuilder(pinned: PinnedFolder | None = None) -> Callable[[Pixels], Pixels]:
    """What the shipped autoencoder, or a given one, makes of a picture whose sides are multiples of 8."""
    pinned = pinned or read_folders(_MANIFEST)["autoencoder"]
    with pinned.verified() as folder:
        coder: AutoencoderKL = load_coder(folder)

    def rebuild(pixels: Pixels) -> Pixels:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            made = coder.decode(coder.encode(as_tensor(pixels[None])).latent_dist.mode()).sample[0]
        return made.float().add(1).mul(127.5).round().clamp(0, 255).permute(1, 2, 0).numpy().astype(np.uint8)

    return rebuild
