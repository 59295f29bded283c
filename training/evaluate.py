"""Measures the shipped upscalers beside bicubic on any folder of photographs.

    python -m training.evaluate restoration --hr DIR [--json] [--weights generators/weights/weights.toml]

Weights load as they do in serving, pinned digest included, and run tile by tile as they do there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from core.errors import InvalidInput
from core.weights import PinnedWeights, read_manifest
from generators import restoration, upscale
from training.measure import Enlarger, average, bicubic, measure
from training.metrics import Picture, Score

DEFAULT_WEIGHTS = Path("generators") / "weights" / "weights.toml"
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class Row:
    """The mean score of one model at one scale over `pictures` photographs."""

    model: str
    scale: int
    pictures: int
    psnr_y: float
    ssim_y: float


def evaluate(weights: Iterable[PinnedWeights], originals: Mapping[str, Picture]) -> list[Row]:
    """For every scale among the models: bicubic, then each model of that scale."""
    enlargers = [(pinned.name, restoration.load(pinned, device="cpu")) for pinned in weights]
    rows: list[Row] = []
    for scale in sorted({restorer.scale for _, restorer in enlargers if restorer.scale > 1}):
        candidates: list[tuple[str, Enlarger]] = [("bicubic", bicubic(scale))]
        candidates += [(name, as_served(restorer)) for name, restorer in enlargers if restorer.scale == scale]
        rows += [_row(name, scale, measure(enlarger, scale, originals)) for name, enlarger in candidates]
    return rows


def as_served(restorer: restoration.Restorer) -> Enlarger:
    """What a request for this network gets, before encoding."""
    return lambda small: upscale.enlarge(restorer, small, lambda _: None, lambda: False)


def read_pictures(folder: Path) -> dict[str, Picture]:
    """Every picture directly in a folder, by file name: uint8 RGB. Raises InvalidInput when there is none."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES)
    if not paths:
        raise InvalidInput("no pictures to measure on", field="hr", found=folder.name)
    return {path.name: _read(path) for path in paths}


def _read(path: Path) -> Picture:
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"), dtype=np.uint8)  # a copy: torch warns of read-only arrays


def _row(model: str, scale: int, scores: Mapping[str, Score]) -> Row:
    mean = average(scores)
    return Row(model, scale, len(scores), mean.psnr_y, mean.ssim_y)


def _table(rows: Iterable[Row]) -> Table:
    table = Table("model", "scale", "pictures", "PSNR-Y (dB)", "SSIM-Y")
    for row in rows:
        table.add_row(row.model, f"×{row.scale}", str(row.pictures), f"{row.psnr_y:.2f}", f"{row.ssim_y:.4f}")
    return table


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    families = parser.add_subparsers(dest="family", required=True)
    family = families.add_parser("restoration", help="upscalers, against bicubic")
    family.add_argument("--hr", type=Path, required=True, help="folder of large photographs")
    family.add_argument("--weights", type=Path, default=DEFAULT_WEIGHTS)
    family.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = evaluate(read_manifest(arguments.weights).values(), read_pictures(arguments.hr))
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        Console().print(_table(rows))


if __name__ == "__main__":
    main()
