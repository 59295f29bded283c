"""Measures non-local means on photographs with Gaussian noise added, beside the noisy photograph itself.

    python -m training.evaluation.denoise --hr DIR [--json] [--seed N]

The filter runs as in serving, once with the noise level estimated from the picture and once with the true one. PSNR is
over all three channels of the 8-bit picture, as papers on colour denoising report it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from generators.denoise import denoise
from generators.probing import noise_level
from training.evaluate import read_pictures
from training.metrics import Picture

LEVELS = (15, 25, 50)
"""Standard deviations of the noise in 8-bit steps, as in the papers of the field."""


@dataclass(frozen=True, slots=True)
class Row:
    """Means over the photographs at one noise level: PSNR in dB, and the estimate of the level in 8-bit steps."""

    sigma: int
    pictures: int
    estimated: float
    psnr_noisy: float
    psnr_blind: float
    psnr_told: float


def evaluate(originals: Mapping[str, Picture], seed: int = 0) -> list[Row]:
    """One row for each of `LEVELS`. The noise of a picture depends on the seed and its place in the order only."""
    return [_row(sigma, originals, seed) for sigma in LEVELS]


def clean_levels(originals: Mapping[str, Picture]) -> dict[str, float]:
    """The level found in each photograph as it is: what the estimate takes texture for, in 8-bit steps."""
    return {name: noise_level(original) for name, original in originals.items()}


def with_noise(picture: Picture, sigma: float, rng: np.random.Generator) -> Picture:
    """A copy of an RGB uint8 picture with Gaussian noise, clipped and rounded as a stored picture would be."""
    noisy: Picture = np.rint(np.clip(picture + rng.normal(0.0, sigma, picture.shape), 0, 255)).astype(np.uint8)
    return noisy


def psnr(made: Picture, wanted: Picture) -> float:
    """Peak signal-to-noise ratio in dB over all channels; infinity for equal pictures."""
    error = float(np.mean((made.astype(np.float64) - wanted) ** 2))
    return float(10 * np.log10(255**2 / error)) if error else float("inf")


def _row(sigma: int, originals: Mapping[str, Picture], seed: int) -> Row:
    rng = np.random.default_rng(seed)
    scores = [_score(original, with_noise(original, sigma, rng), sigma) for original in originals.values()]
    estimated, noisy, blind, told = (float(mean) for mean in np.mean(scores, axis=0))
    return Row(sigma, len(scores), estimated, noisy, blind, told)


def _score(original: Picture, noisy: Picture, sigma: int) -> tuple[float, float, float, float]:
    """(estimated level, PSNR of the noisy picture, PSNR with the estimate, PSNR with the true level)."""
    estimated = noise_level(noisy)
    blind, told = (denoise(noisy, level, lambda _: None, lambda: False) for level in (estimated, float(sigma)))
    return estimated, psnr(noisy, original), psnr(blind, original), psnr(told, original)


def _table(rows: list[Row]) -> Table:
    table = Table("σ", "pictures", "σ estimated", "noisy (dB)", "denoised, σ estimated (dB)", "denoised, σ told (dB)")
    for row in rows:
        figures = (row.estimated, row.psnr_noisy, row.psnr_blind, row.psnr_told)
        table.add_row(str(row.sigma), str(row.pictures), *(f"{figure:.2f}" for figure in figures))
    return table


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluation.denoise", description=__doc__)
    parser.add_argument("--hr", type=Path, required=True, help="folder of clean photographs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    originals = read_pictures(arguments.hr)
    clean = clean_levels(originals)
    rows = evaluate(originals, arguments.seed)
    if arguments.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "clean": clean}, indent=2))
    else:
        Console().print(_table(rows))
        found = sorted(clean.values())
        print(f"σ found without added noise: {found[0]:.1f} to {found[-1]:.1f}, median {np.median(found):.1f}")


if __name__ == "__main__":
    main()
