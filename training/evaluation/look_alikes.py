"""Pictures in which things look alike and nothing was copied: drawings, pages of text, walls.

Knows how they are drawn. Does not know any detector.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from core.media import Pixels
from training.corpora import sprites

SHAPE = (600, 800)  # rows, columns
_WORDS = "when noise repeats a part was copied and text letters lines menus rows buttons of a page do so by design"
_SPRITES = 8


def drawing(drawings: Sequence[NDArray[np.uint8]], random: Generator) -> Pixels:
    """Different drawings, RGBA uint8, on a plain ground; they may overlap."""
    picture = Image.new("RGB", SHAPE[::-1], tuple(int(level) for level in random.integers(120, 256, 3)))
    for index in random.choice(len(drawings), _SPRITES, replace=False):
        size = int(random.integers(90, 220))
        sprite = Image.fromarray(drawings[index]).resize((size, size), Image.Resampling.LANCZOS)
        picture.paste(sprite, (int(random.integers(SHAPE[1] - size)), int(random.integers(SHAPE[0] - size))), sprite)
    return np.asarray(picture, dtype=np.uint8)


def page(random: Generator) -> Pixels:
    """Lines of words, black on white, as a screenshot shows them: the same letters at many places."""
    picture = Image.new("RGB", SHAPE[::-1], "white")
    size = int(random.integers(12, 20))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size)
    step = int(size * random.uniform(1.3, 1.8))
    for top in range(20, SHAPE[0] - 30, step):
        words = " ".join(random.choice(_WORDS.split(), int(random.integers(4, 16))))
        pen.text((30, top), words, fill="black", font=font)
    return np.asarray(picture, dtype=np.uint8)


def wall(random: Generator) -> Pixels:
    """One soft stone again and again, each under noise of its own."""
    height, width = (int(side) for side in random.integers(30, 90, 2))
    soft = cv2.GaussianBlur(random.normal(0, 1, (height, width)), (0, 0), 4)
    rows, columns = SHAPE[0] // height + 1, SHAPE[1] // width + 1
    stones = np.tile(120 + 20 * soft / soft.std(), (rows, columns))[: SHAPE[0], : SHAPE[1]]
    grain = random.normal(0, random.uniform(3, 12), (*SHAPE, 3))
    return (stones[..., None] + grain).clip(0, 255).astype(np.uint8)


def kinds(cache: Path) -> Mapping[str, Callable[[Generator], Pixels]]:
    """By name: what draws one. Raises ConfigurationError before the sprites are built."""
    drawings = [sprites.pixels(cache, each) for each in sprites.read(cache)[::20]]
    return {"drawing": lambda random: drawing(drawings, random), "page": page, "wall": wall}
