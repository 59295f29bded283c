"""Makes the README's picture of enhancement: `python scripts/enhancement_picture.py`.

Photographs of `tests/media`, of which no network here has seen any, spoiled as docs/enhancement.md measures it. A line
for each way of spoiling: what there was, what a method without a network makes of it, what the network makes of it, and
the photograph. The piece in the middle, every pixel twice as large.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.media import Pixels
from core.registry import Registry
from generators import catalog
from generators.base import Generator
from training.evaluation.restoring import bursts, conditions, contest
from training.evaluation.restoring.conditions import Condition

ROOT = Path(__file__).resolve().parent.parent
PIECE, SHOWN, GAP = 256, 128, 6
"""Side of what is worked on, of what is shown of it, and of the white between, pixels."""
LARGER = 2


@dataclass(frozen=True, slots=True)
class Line:
    """photograph: of tests/media. classical, learned: the models that stand beside one another."""

    photograph: str
    condition: Condition
    classical: str
    learned: str


LINES = (
    Line("dogs.jpg", conditions.reduced(2), "lanczos", "compact"),
    Line("jaguars.jpg", conditions.noised(25), "nlm", "nafnet_sigma"),
    Line("crocodile.jpg", conditions.burst(8, 5, bursts.AREA), "lanczos", "burst"),
)


def row(line: Line, generators: Registry[Generator]) -> Pixels:
    """What was spoiled, two outputs and the photograph, beside one another."""
    with Image.open(ROOT / "tests/media" / line.photograph) as picture:
        original = line.condition.cropped(middle(np.asarray(picture.convert("RGB")), PIECE))
    spoiled, *others = line.condition.spoil_all(original, seed=0)
    pair = contest.Pair(line.condition, spoiled, original, tuple(others))
    made = [
        contest.run(model, contest.job_of(model, pair))
        for model in (generators.get(name) for name in (line.classical, line.learned))
    ]
    factor = line.condition.scale
    cells = [np.kron(spoiled, np.ones((factor, factor, 1), np.uint8)), *made, original]
    return beside([np.kron(middle(each, SHOWN), np.ones((LARGER, LARGER, 1), np.uint8)) for each in cells], axis=1)


def middle(picture: Pixels, side: int) -> Pixels:
    """Its middle square."""
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def beside(pictures: list[Pixels], axis: int) -> Pixels:
    """With white between them."""
    shape = [*pictures[0].shape]
    shape[axis] = GAP
    white = np.full(shape, 255, np.uint8)
    return np.concatenate([part for each in pictures for part in (each, white)][:-1], axis=axis)


def main() -> None:
    """Writes `docs/images/restored.jpg`."""
    generators = catalog.build(catalog.WEIGHTS, "cpu")
    together = beside([row(line, generators) for line in LINES], axis=0)
    Image.fromarray(together).save(ROOT / "docs/images/restored.jpg", quality=85)


if __name__ == "__main__":
    main()
