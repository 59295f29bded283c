"""Learns the visual words of the detector `near_duplicate`, and pins them.

    python -m training.near training/recipes/detectors/near_duplicate.yaml [--profile smoke] [--cache DIR]
        [--output DIR]

They are learned from the train split of the photographs, in a few minutes. Weights and their entry in `weights.toml` go
to `--output`, which is runs/near_duplicate unless said otherwise; `python -m training.evaluation.near_copies` measures
them and writes their card.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from core.media import Pixels
from detectors.near.description import NAME
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST, load_split
from training.export import LICENCE, pin
from training.near.learning import NearPlan, learn
from training.recipe import file_digest, read_recipe

CARD = f"{NAME}.md"


def make(recipe: Path, plan: NearPlan, photographs: Sequence[Pixels], folder: Path) -> Path:
    """Learns, writes `near_duplicate.safetensors` in half precision and pins it; where it lies."""
    began = time.monotonic()
    arrays = learn(photographs, plan)
    data = save({name: array.astype(np.float16) for name, array in arrays.items()})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.safetensors"
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
    told = {
        "recipe": recipe.name,
        "recipe_digest": file_digest(recipe),
        "corpus": MANIFEST.name,
        "corpus_digest": file_digest(MANIFEST),
        "photographs": len(photographs),
        "seconds": round(time.monotonic() - began),
    }
    pin(folder / "weights.toml", NAME, _entry(path.name, data, plan.bits, told))
    return path


def _entry(file: str, data: bytes, bits: int, training: Mapping[str, object]) -> dict[str, object]:
    return {
        "file": file,
        "sha256": hashlib.sha256(data).hexdigest(),
        "architecture": "VLAD of RootSIFT",
        "card": CARD,
        "licence": LICENCE,
        "parameters": {"bits": bits},
        "training": dict(training),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.near", description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--profile", help="of the recipe")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--output", type=Path, default=Path("runs") / NAME)
    arguments = parser.parse_args()
    plan = read_recipe(arguments.recipe, NearPlan, arguments.profile)
    photographs = list(load_split(arguments.cache, "train").values())
    print(make(arguments.recipe, plan, photographs, arguments.output))


if __name__ == "__main__":
    main()
