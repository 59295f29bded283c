"""Builds the cache of photographs that the restoration models learn from and are measured on.

    python -m training.corpora.photographs [--cache DIR]

Each photograph is fetched, checked against its digest, halved or more, and stored as PNG. Halving removes most traces
of the camera's and the packager's compression, so that a network learns detail and not JPEG blocks. The module does
not know what the pictures are used for.
"""

from __future__ import annotations

import argparse
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import IntegrityError
from training.corpora.debian import DebianPackages
from training.corpora.manifest import Photograph, Split, read_manifest

MANIFEST = Path(__file__).with_name("photographs.tsv")
DEFAULT_CACHE = Path(".cache") / "training"
LONGEST_SIDE = 1280
SIZE_MULTIPLE = 12  # divisible by every scale from 2 to 4


def build(cache: Path, photographs: Iterable[Photograph], packages: DebianPackages) -> list[Path]:
    """Stores what is missing and returns one PNG path per photograph, in order.

    Raises IntegrityError when a packaged file is not the one that the manifest describes.
    """
    return [_build_one(cache, photograph, packages) for photograph in photographs]


def load_split(cache: Path, split: Split, manifest: Path = MANIFEST) -> dict[str, npt.NDArray[np.uint8]]:
    """The cached photographs of a split by name: uint8 RGB, (height, width, 3).

    Raises FileNotFoundError before the cache is built.
    """
    wanted = [photograph for photograph in read_manifest(manifest) if photograph.split == split]
    return {photograph.name: _load(_cached_path(cache, photograph)) for photograph in wanted}


def reduce_photograph(picture: Image.Image) -> Image.Image:
    """At most half the size and 1280 pixels on the longest side, cropped to a multiple of 12; RGB."""
    factor = max(2.0, max(picture.size) / LONGEST_SIDE)
    width, height = (int(side / factor) for side in picture.size)
    small = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    return small.crop((0, 0, width - width % SIZE_MULTIPLE, height - height % SIZE_MULTIPLE))


def _build_one(cache: Path, photograph: Photograph, packages: DebianPackages) -> Path:
    path = _cached_path(cache, photograph)
    if not path.is_file():
        data = packages.read(photograph.package, photograph.version, photograph.member)
        digest = hashlib.sha256(data).hexdigest()
        if digest != photograph.sha256:
            raise IntegrityError(f"{photograph.name}: sha256 is {digest}, the manifest says {photograph.sha256}")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with Image.open(io.BytesIO(data)) as picture:
            reduce_photograph(picture).save(partial, format="PNG")
        partial.replace(path)
    return path


def _cached_path(cache: Path, photograph: Photograph) -> Path:
    return cache / "photographs" / photograph.split / f"{photograph.name}.png"


def _load(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"), dtype=np.uint8)  # a copy: torch warns of read-only arrays


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.corpora.photographs", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--manifest", type=Path, default=MANIFEST)
    arguments = parser.parse_args()
    cache: Path = arguments.cache
    paths = build(cache, read_manifest(arguments.manifest), DebianPackages(cache / "packages"))
    print(f"{len(paths)} photographs under {cache / 'photographs'}")


if __name__ == "__main__":
    main()
