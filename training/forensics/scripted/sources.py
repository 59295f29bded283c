"""Where scripted manipulations take their pictures from: photographs, drawings, and an autoencoder's decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from diffusers import AutoencoderKL

from core.media import Pixels
from core.weight_folder import PinnedFolder, read_folders
from training.corpora import photographs, sprites
from training.forensics.scripted.operations import OPERATIONS, Materials
from training.forensics.scripted.samples import Pairs
from training.harness.pictures import as_tensor
from training.harness.pipeline import load_coder

_MANIFEST = Path(__file__).parents[2] / "weights" / "weights.toml"
_EVERY, _KEPT = 5, 600  # every fifth drawing is not trained on
_SEVEN, _KEPT_BACK = 7, (0, 3)  # two of seven photographs, 34 of 119: a calibration at 3% needs 33 of its own
Part = Literal["train", "calibration", "test"]
"""Who may see a photograph. The first two divide the corpus's train split between them."""
_STYLES = frozenset({"3d", "cartoon"})  # flat ones have two colours


def open_pairs(cache: Path, part: Part, side: int, seed: int, operations: tuple[str, ...] = tuple(OPERATIONS)) -> Pairs:
    """Pairs of one part: its photographs, hosts and donors alike, in order of name, and drawings of its own.

    Raises FileNotFoundError or ConfigurationError before the corpora are built.
    """
    hosts = list(pictures_of(cache, part).values())
    return Pairs(hosts, Materials(hosts, drawings(cache, part), rebuilder()), side, seed, operations)


def pictures_of(cache: Path, part: Part) -> Mapping[str, Pixels]:
    """The photographs of a part by name, in order of name: RGB uint8."""
    split = photographs.load_split(cache, "test" if part == "test" else "train", photographs.MANIFEST)
    wanted = [
        name
        for place, name in enumerate(sorted(split))
        if part == "test" or (place % _SEVEN in _KEPT_BACK) == (part == "calibration")
    ]
    return {name: split[name] for name in wanted}


def drawings(cache: Path, part: Part, most: int = _KEPT) -> list[Pixels]:
    """Up to `most` RGBA drawings; of none is there another style on the other side of the division."""
    rows = [row for row in sprites.read(cache) if row.style in _STYLES and row.licence in sprites.PERMITTED_LICENCES]
    unseen = set(sorted({row.code for row in rows})[::_EVERY])
    wanted = [row for row in rows if (row.code in unseen) == (part != "train")]
    picked = np.random.default_rng(0).permutation(len(wanted))[:most]
    return [sprites.pixels(cache, wanted[index]) for index in picked]


def rebuilder(pinned: PinnedFolder | None = None) -> Callable[[Pixels], Pixels]:
    """What the shipped autoencoder, or a given one, makes of a picture whose sides are multiples of 8."""
    pinned = pinned or read_folders(_MANIFEST)["autoencoder"]
    with pinned.verified() as folder:
        coder: AutoencoderKL = load_coder(folder)

    def rebuild(pixels: Pixels) -> Pixels:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            made = coder.decode(coder.encode(as_tensor(pixels[None])).latent_dist.mode()).sample[0]
        shown = made.float().add(1).mul(127.5).round().clamp(0, 255).permute(1, 2, 0)
        return np.asarray(shown.numpy(), dtype=np.uint8)

    return rebuild
