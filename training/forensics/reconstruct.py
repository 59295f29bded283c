"""Photographs through decoders, kept as PNG: `<folder>/<family>/<split>/<name>.png`, the untouched cuts as "original".

Knows how a reconstruction is made from any decoder, and where it lies. Does not know what learns from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from core.errors import PreconditionFailed
from core.media import Pixels
from core.weights import read_manifest
from generators import restoration
from training.corpora.manifest import Split
from training.degrade import reduce_bicubic
from training.forensics.families import Family
from training.harness.pipeline import load_coder
from training.measure import to_picture, to_tensor

ORIGINAL = "original"
GRID = 24
"""Sides of cuts are multiples of it: every decoder's factor divides it."""
Reconstruct = Callable[[Pixels], Pixels]
_KEPT = 4.0  # deviation, pixels: what is coarser than that is the photograph's own where a decoder only knows drawings


def cut(picture: Pixels, largest: int) -> Pixels:
    """The middle of a picture, at most `largest` pixels a side and on the grid."""
    height, width = (min(side, largest) // GRID * GRID for side in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top : top + height, left : left + width])


def by_family(network: Family, seed: int) -> Reconstruct:
    """Through one of our own decoders, in single precision: half of it would leave a trace of its own."""
    network = network.eval().float().cpu()

    def reconstruct(picture: Pixels) -> Pixels:
        torch.manual_seed(seed)
        with torch.inference_mode():
            return to_picture(network.reconstruct(to_tensor(picture)))

    return reconstruct


def by_coder(folder: Path) -> Reconstruct:
    """Through the autoencoder of text to image. It knows drawings only, so what it gets wrong at large is put right."""
    coder = load_coder(folder)

    def reconstruct(picture: Pixels) -> Pixels:
        with torch.inference_mode():
            code = coder.encode(to_tensor(picture) * 2 - 1).latent_dist.mode()
            made = coder.decode(code).sample[0].permute(1, 2, 0).numpy() * 127.5 + 127.5
        wrong = picture.astype(np.float32) - made
        right: Pixels = np.clip(np.rint(made + cv2.GaussianBlur(wrong, (0, 0), _KEPT)), 0, 255).astype(np.uint8)
        return right

    return reconstruct


def by_upscaler(name: str, manifest: Path) -> Reconstruct:
    """Reduced, and enlarged again by a shipped upscaler."""
    restorer = restoration.load(read_manifest(manifest)[name], device="cpu")

    def reconstruct(picture: Pixels) -> Pixels:
        return restorer(to_picture(reduce_bicubic(to_tensor(picture), restorer.scale)))

    return reconstruct


def store(folder: Path, family: str, split: Split, made: Mapping[str, Pixels]) -> None:
    """Writes the pictures of one family."""
    target = folder / family / split
    target.mkdir(parents=True, exist_ok=True)
    for name, picture in made.items():
        Image.fromarray(picture).save(target / f"{name}.png", compress_level=1)


def stored(folder: Path, split: Split) -> dict[str, dict[str, Pixels]]:
    """Family → name → picture, with "original" among the families.

    Raises PreconditionFailed where nothing was stored, or a family lacks a photograph.
    """
    found = {each.name: _read(each / split) for each in sorted(folder.glob("*")) if (each / split).is_dir()}
    originals = found.get(ORIGINAL, {})
    if not originals:
        raise PreconditionFailed(f"no reconstructions in {folder.name}: run python -m training.decoders first")
    for family, pictures in found.items():
        if pictures.keys() != originals.keys():
            raise PreconditionFailed(f"{family} has {len(pictures)} of {len(originals)} {split} reconstructions")
    return found


def _read(folder: Path) -> dict[str, Pixels]:
    made = {}
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            made[path.stem] = np.array(picture.convert("RGB"), dtype=np.uint8)
    return made
