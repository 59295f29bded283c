"""The command line of all that begins with the figures of `training.generated`: which recipe, pictures and tower.

It knows words and what they name; it takes no figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from detectors.generated.tower import Tower
from training.corpora.photographs import DEFAULT_CACHE
from training.generated.plan import GeneratedPlan
from training.recipe import read_recipe


def parser_of(module: str, description: str | None, run: str = "generated_image") -> argparse.ArgumentParser:
    """The options that they all have. run: the folder below `runs` for figures, unless another is named."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--collection", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--profile", help="of the recipe")
    parser.add_argument("--without-tower", action="store_true", help="figures of pixels alone")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--run", type=Path, default=Path("runs") / run)
    return parser


def asked(arguments: argparse.Namespace) -> tuple[GeneratedPlan, Tower | None]:
    """The recipe as its profile has it, and the tower, where figures are of more than pixels.

    Raises as `read_recipe` and `Tower.load`.
    """
    plan = read_recipe(arguments.recipe, GeneratedPlan, arguments.profile)
    return plan, None if arguments.without_tower else Tower.load(plan.layers)
