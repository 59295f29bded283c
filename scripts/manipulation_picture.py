"""Makes the README's picture of `manipulation`: `python scripts/manipulation_picture.py`.

Seven manipulations of photographs that the network did not learn from, one an operation and unselected: the first of
the squares that `training.evaluation.manipulation` measures. Above the picture, then what was changed, then the map.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.media import Pixels
from core.weights import read_manifest
from detectors.manipulation.detector import NAME, read
from detectors.manipulation.localiser import Localiser
from detectors.verdicts.heat import heatmap
from training.corpora.photographs import DEFAULT_CACHE
from training.evaluation.manipulation import SEED
from training.forensics.scripted.samples import Pair
from training.forensics.scripted.sources import open_pairs
from training.manipulation import MEASURED_SIDE

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ("splice", "sprite", "removal_telea", "rebuilt", "copy_move", "blurred", "noised")
GAP = 6


def column(localiser: Localiser, pair: Pair) -> Pixels:
    """The manipulated square, its mask and the map that comes back, one above the other."""
    look = localiser.look(pair.manipulated)
    height, width = pair.manipulated.shape[:2]
    drawn = heatmap(look.heat, look.confidence, (width, height))
    mask = np.repeat(np.rint(pair.mask * 255).astype(np.uint8)[..., None], 3, axis=2)
    white = np.full((GAP, width, 3), 255, np.uint8)
    seen = np.asarray(Image.open(io.BytesIO(drawn.data)).convert("RGB"))
    return np.vstack([pair.manipulated, white, mask, white, seen])


def main() -> None:
    """Writes `docs/images/manipulation.jpg`."""
    network, _ = read(read_manifest(ROOT / "detectors/weights/weights.toml")[NAME])
    localiser = Localiser(network, torch.device("cpu"))
    pairs = open_pairs(DEFAULT_CACHE, "test", MEASURED_SIDE, SEED)
    made = [column(localiser, pairs.pair(host * 1000, name, host)) for host, name in enumerate(SHOWN)]
    white = np.full((made[0].shape[0], GAP, 3), 255, np.uint8)
    together = np.hstack([part for each in made for part in (each, white)][:-1])
    Image.fromarray(together).save(ROOT / "docs/images/manipulation.jpg", quality=85)


if __name__ == "__main__":
    main()
